#include "report/page/markup.h"

#include <fmt/format.h>

#include "base/text.h"

namespace jobferry {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

void Markup::tag(const char* element, Attributes attributes) {
  out_ += '<';
  out_ += element;
  for (const auto& [name, value] : attributes)
    if (!value.empty()) out_ += fmt::format(" {}=\"{}\"", name, escaped(printable(value)));
}

void Markup::open(const char* element, Attributes attributes) {
  tag(element, attributes);
  out_ += '>';
  opened_.push_back(element);
}

void Markup::close() {
  out_ += fmt::format("</{}>", opened_.back());
  opened_.pop_back();
}

void Markup::text(std::string_view text) { out_ += escaped(printable(text)); }

void Markup::empty(const char* element, Attributes attributes) {
  tag(element, attributes);
  out_ += "/>";
}

void Markup::element(const char* element, Attributes attributes, std::string_view content) {
  open(element, attributes);
  text(content);
  close();
}

void Markup::verbatim(const char* element, std::string_view content) {
  open(element);
  out_ += content;
  close();
}

std::string Markup::take() {
  while (!opened_.empty()) close();
  return std::move(out_) + '\n';
}

}  // namespace jobferry
