// The only place where text becomes HTML: nothing that is handed in can end an element or begin one.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jobferry {

// A document being written. All text is made printable. Names of elements and attributes are those of this
// program, so they are literals; values and text may come from anywhere. What is opened is closed in order,
// so it is well-formed throughout.
class Markup {
 public:
  struct Attribute {
    const char* name;
    std::string value;  // one without is left out
  };
  using Attributes = std::initializer_list<Attribute>;

  void open(const char* element, Attributes attributes = {});
  void close();
  void text(std::string_view text);
  // Without content: <meta>, <rect/>.
  void empty(const char* element, Attributes attributes = {});
  // With text alone.
  void element(const char* element, Attributes attributes, std::string_view content);
  // This program's own style and script, byte for byte: their hashes are in the page. `content` is a literal.
  void verbatim(const char* element, std::string_view content);
  void line_break() { out_ += '\n'; }

  std::string take();

 private:
  void tag(const char* element, Attributes attributes);

  std::string out_ = "<!doctype html>\n";
  std::vector<const char*> opened_;
};

}  // namespace jobferry
