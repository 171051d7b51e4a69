// What every page carries in it: page.css and page.js, embedded by cmake/EmbedPage.cmake.
#pragma once

#include <string_view>

namespace jobferry {

extern const std::string_view page_style, page_script;
// As a Content-Security-Policy names them: `sha256-...`. A browser takes no other style or script on the
// page.
extern const std::string_view page_style_hash, page_script_hash;

}  // namespace jobferry
