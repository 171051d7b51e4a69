// What commands say of a result, as text and as JSON.
#pragma once

#include <string>

#include "report/document_json.h"
#include "report/documents.h"
#include "report/parts.h"
#include "report/text_writer.h"

namespace jobferry::test {

inline std::string summary_text(const Options& options, const Summary& summary) {
  return to_text(migrate_document(options, summary));
}
inline std::string report_json(const Options& options, const Summary& summary) {
  return to_json(migrate_document(options, summary));
}

inline std::string forecast_text(const ForecastOptions& options, const Forecast& found) {
  return to_text(forecast_document(options, found));
}
inline std::string forecast_json(const ForecastOptions& options, const Forecast& found) {
  return to_json(forecast_document(options, found));
}

inline std::string verify_text(const VerifyOptions& options, const VerifyResult& result) {
  return to_text(verify_document(options, result));
}
inline std::string verify_json(const VerifyOptions& options, const VerifyResult& result) {
  return to_json(verify_document(options, result));
}

inline std::string validate_text(const ValidateOptions& options, const ValidateResult& result) {
  return to_text(validate_document(options, result));
}
inline std::string validate_json(const ValidateOptions& options, const ValidateResult& result) {
  return to_json(validate_document(options, result));
}

inline std::string info_text(const InfoOptions& options, const InfoResult& result) {
  return to_text(info_document(options, result));
}
inline std::string info_json(const InfoOptions& options, const InfoResult& result) {
  return to_json(info_document(options, result));
}

}  // namespace jobferry::test
