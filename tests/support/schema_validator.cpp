#include "schema_validator.h"

#include <rapidjson/document.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include <cassert>
#include <memory>
#include <vector>

namespace jobferry {
namespace {

using CompiledSchema = rapidjson::SchemaDocument;

// Iterative: the depth of the input must not become the depth of the stack.
constexpr unsigned parse_flags = rapidjson::kParseFullPrecisionFlag | rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseIterativeFlag;

std::size_t schema_index(int version, DocumentKind kind) {
  assert(version >= 0 && version < schema_versions);
  return static_cast<std::size_t>(version) * document_kinds + static_cast<std::size_t>(kind);
}

std::unique_ptr<const CompiledSchema> compile(std::string_view text) {
  rapidjson::Document source;
  source.Parse(text.data(), text.size());
  assert(source.IsObject());
  return std::make_unique<const CompiledSchema>(source);
}

std::vector<std::unique_ptr<const CompiledSchema>> compile_all() {
  std::vector<std::unique_ptr<const CompiledSchema>> all;
  for (const auto& version : embedded_schemas)
    for (std::string_view text : version) all.push_back(compile(text));
  return all;
}

// Compiles all schemas at the first call, in about a millisecond.
const CompiledSchema& compiled_schema(int version, DocumentKind kind) {
  static const auto all = compile_all();
  return *all[schema_index(version, kind)];
}

std::string to_text(const rapidjson::SchemaDocument::PointerType& pointer) {
  rapidjson::StringBuffer text;
  pointer.Stringify(text);
  return {text.GetString(), text.GetSize()};
}

SchemaViolation violation_of(const rapidjson::SchemaValidator& validator) {
  const char* keyword = validator.GetInvalidSchemaKeyword();
  return {to_text(validator.GetInvalidDocumentPointer()), keyword ? keyword : "",
          to_text(validator.GetInvalidSchemaPointer())};
}

}  // namespace

std::optional<SchemaViolation> find_violation(int version, DocumentKind kind, std::string_view json) {
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::SchemaValidator validator(compiled_schema(version, kind));
  rapidjson::Reader reader;
  const bool parsed = !reader.Parse<parse_flags>(stream, validator).IsError();
  if (!validator.IsValid()) return violation_of(validator);
  // RapidJSON takes a NUL byte for the end of its input, but a document ends with its last byte.
  if (!parsed || stream.Tell() != json.size()) return SchemaViolation{"", "json", ""};
  return std::nullopt;
}

}  // namespace jobferry
