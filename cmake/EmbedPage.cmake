# cmake -DOUT=page_assets.cpp -DDIR=src -P EmbedPage.cmake
#
# Writes page.css and page.js into one C++ file, with the hashes that let a browser trust them and nothing else
# on a page. Defines what src/report/page/page_assets.h declares.

set(delimiter "asset")
set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)

foreach(required OUT DIR)
  if(NOT DEFINED ${required})
    message(FATAL_ERROR "EmbedPage.cmake needs -D${required}=...")
  endif()
endforeach()

# The letter of base64 for the lowest six bits of a number.
function(append_letter text number)
  math(EXPR index "(${number}) & 63")
  string(SUBSTRING ${alphabet} ${index} 1 letter)
  set(${text} "${${text}}${letter}" PARENT_SCOPE)
endfunction()

# Three of the 64 digits of a SHA-256 are two letters; the last is one of its own.
function(base64 result digits)
  set(letters "")
  foreach(at RANGE 0 60 3)
    string(SUBSTRING ${digits} ${at} 3 three)
    append_letter(letters "0x${three} >> 6")
    append_letter(letters "0x${three}")
  endforeach()
  string(SUBSTRING ${digits} 63 1 last)
  append_letter(letters "0x${last} << 2")
  set(${result} "${letters}=" PARENT_SCOPE)
endfunction()

function(embed result name file)
  file(READ "${file}" text)
  if(text MATCHES "\\)${delimiter}\"|</")
    message(FATAL_ERROR "${file} holds the end of the literal or the element it would be embedded in")
  endif()
  file(SHA256 "${file}" digits)
  base64(hash ${digits})
  set(${result} "constinit const std::string_view ${name} = R\"${delimiter}(${text})${delimiter}\";
constinit const std::string_view ${name}_hash = \"sha256-${hash}\";
" PARENT_SCOPE)
endfunction()

embed(style page_style "${DIR}/page.css")
embed(script page_script "${DIR}/page.js")

file(WRITE "${OUT}" "// Written by cmake/EmbedPage.cmake from src/report/page/page.css and src/report/page/page.js. Change those.

#include \"report/page/page_assets.h\"

namespace jobferry {

${style}
${script}
}  // namespace jobferry
")
