#include "corpus/pretty.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace jobferry::corpus {

namespace {

class Pretty {
 public:
  explicit Pretty(std::string_view text) : text_(text) { out_.reserve(text.size() * 4); }

  std::string print() {
    while (at_ < text_.size()) token();
    out_ += '\n';
    return std::move(out_);
  }

 private:
  void token() {
    const char c = text_[at_];
    if (c == '"') return string();
    ++at_;
    if (c == '{' || c == '[')
      open(c);
    else if (c == '}' || c == ']')
      --depth_, new_line(), out_ += c;
    else if (c == ',')
      out_ += c, new_line();
    else if (c == ':')
      out_ += ": ";
    else
      out_ += c;
  }

  void string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
    out_ += text_.substr(begin, at_ - begin);
  }

  void open(char bracket) {
    out_ += bracket;
    const bool empty = at_ < text_.size() && text_[at_] == (bracket == '{' ? '}' : ']');
    if (empty) out_ += text_[at_++];
    if (!empty) ++depth_, new_line();
  }

  void new_line() {
    out_ += '\n';
    const int indented = std::clamp(depth_, 0, 16);  // otherwise deep documents would consist of blanks
    out_.append(static_cast<std::size_t>(indented) * 4, ' ');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string out_;
};

}  // namespace

std::string pretty(std::string_view text) { return Pretty(text).print(); }

}  // namespace jobferry::corpus
