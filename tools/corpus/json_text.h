// Writes JSON as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jobferry::corpus {

void append_integer(std::string& out, std::int64_t value);

// Appends `value` * 10^-`decimals`, without trailing zeros, as real archives have it.
void append_decimal(std::string& out, std::int64_t value, int decimals);
std::string decimal(std::int64_t value, int decimals);

// The generator's names and words need no escapes. A text that does need them is written with them.
std::string quoted(std::string_view text);

// `levels` arrays, one inside the other.
std::string nested_arrays(std::size_t levels);

// Writes compact JSON and inserts the commas.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& open(char bracket) {
    comma();
    out_ += bracket;
    return *this;
  }
  Writer& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  Writer& name(std::string_view text) {
    string(text);
    out_ += ':';
    return *this;
  }
  Writer& string(std::string_view text) {
    comma();
    out_ += '"';
    out_ += text;
    out_ += '"';
    return *this;
  }
  Writer& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }
  Writer& number(std::uint64_t value);

 private:
  void comma() {
    constexpr std::string_view openers = "{[:";
    if (!out_.empty() && openers.find(out_.back()) == openers.npos) out_ += ',';
  }

  std::string& out_;
};

}  // namespace jobferry::corpus
