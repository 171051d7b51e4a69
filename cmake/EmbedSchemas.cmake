# cmake -DOUT=schemas_embedded.cpp -DDIR=schemas -DNEWEST=3 -P EmbedSchemas.cmake
#
# Writes the schema files below DIR into one C++ file, so that the program needs no files beside it. Defines
# `embedded_schemas` of src/archive/schema.h: by version up to NEWEST, then in the order of DocumentKind. A
# version whose folder or file is missing has the schema of the version before.

set(kinds cluster job-meta job-data)
set(delimiter "json")

foreach(required OUT DIR NEWEST)
  if(NOT DEFINED ${required})
    message(FATAL_ERROR "EmbedSchemas.cmake needs -D${required}=...")
  endif()
endforeach()

set(rows "")
foreach(version RANGE 0 ${NEWEST})
  string(APPEND rows "    // Version ${version}\n    {\n")
  foreach(kind IN LISTS kinds)
    set(latest ${version})
    while(latest GREATER 0 AND NOT EXISTS "${DIR}/v${latest}/${kind}.schema.json")
      math(EXPR latest "${latest} - 1")
    endwhile()
    set(file "${DIR}/v${latest}/${kind}.schema.json")
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
