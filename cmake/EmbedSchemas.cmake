# cmake -DOUT=schemas_embedded.cpp -DDIR=schemas -P EmbedSchemas.cmake
#
# Writes the schema files below DIR into one C++ file, so that the program needs no files beside it. Defines
# `embedded_schemas` of src/archive/schema.h: by version, then in the order of DocumentKind.

set(kinds cluster job-meta job-data)
set(delimiter "json")

foreach(required OUT DIR)
  if(NOT DEFINED ${required})
    message(FATAL_ERROR "EmbedSchemas.cmake needs -D${required}=...")
  endif()
endforeach()

set(rows "")
# One folder for each version, without a gap: the array in schema.h has as many rows.
file(GLOB folders LIST_DIRECTORIES true ${DIR}/v*)
list(LENGTH folders versions)
math(EXPR newest "${versions} - 1")
foreach(version RANGE 0 ${newest})
  string(APPEND rows "    // Version ${version}\n    {\n")
  foreach(kind IN LISTS kinds)
    set(file "${DIR}/v${version}/${kind}.schema.json")
    file(READ "${file}" text)
    string(FIND "${text}" ")${delimiter}\"" end_of_literal)
    if(NOT end_of_literal EQUAL -1)
      message(FATAL_ERROR "${file} holds the end of the raw string literal it would be embedded in")
    endif()
    string(APPEND rows "        // ${kind}\n        R\"${delimiter}(${text})${delimiter}\",\n")
  endforeach()
  string(APPEND rows "    },\n")
endforeach()

# g++ and clang have no limit on the length of a literal, so each schema stays in one piece.
file(WRITE "${OUT}" "// Written by cmake/EmbedSchemas.cmake from the files in schemas/. Change those.

#include \"archive/schema.h\"

namespace jobferry {

constinit const std::string_view embedded_schemas[schema_versions][document_kinds] = {
${rows}};

}  // namespace jobferry
")
