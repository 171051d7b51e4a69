#include "markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "report.h"

namespace jobferry {

namespace {

struct Range {
  std::uint32_t first, last;
};

// Marks of direction, invisible characters, separators of lines, variation selectors and tags.
constexpr std::array<Range, 12> unseen = {{{0x00AD, 0x00AD},
                                           {0x061C, 0x061C},
                                           {0x115F, 0x1160},
                                           {0x180B, 0x180F},
                                           {0x200B, 0x200F},
                                           {0x2028, 0x202E},
                                           {0x2060, 0x206F},
                                           {0x3164, 0x3164},
                                           {0xFE00, 0xFE0F},
                                           {0xFEFF, 0xFEFF},
                                           {0xFFF0, 0xFFFB},
                                           {0xE0000, 0xE0FFF}}};

// Noncharacters have no place in a document, private ones look as a font likes.
bool is_unseen(std::uint32_t code) {
  if (code >= 0xE000 && code <= 0xF8FF) return true;
  if ((code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE) return true;
  return std::any_of(unseen.begin(), unseen.end(),
                     [&](const Range& range) { return code >= range.first && code <= range.last; });
}

std::size_t length_of(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

// Of a character of sound UTF-8.
std::uint32_t code_of(std::string_view character) {
  auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(character[0]));
  if (character.size() == 1) return code;
  code &= 0xFFU >> (character.size() + 1);
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

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

std::string visible(std::string_view text) {
  const std::string safe = printable(text);
  std::string out;
  for (std::size_t at = 0; at < safe.size();) {
    const std::size_t length = length_of(static_cast<unsigned char>(safe[at]));
    const std::string_view character = std::string_view(safe).substr(at, length);
    const std::uint32_t code = code_of(character);
    if (is_unseen(code))
      out += fmt::format("\\u{{{:x}}}", code);
    else
      out += character;
    at += length;
  }
  return out;
}

void Markup::tag(const char* element, Attributes attributes) {
  out_ += '<';
  out_ += element;
  for (const auto& [name, value] : attributes)
    if (!value.empty()) out_ += fmt::format(" {}=\"{}\"", name, escaped(visible(value)));
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

void Markup::text(std::string_view text) { out_ += escaped(visible(text)); }

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
