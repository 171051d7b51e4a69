#include "jobferry/error.h"

#include <iterator>
#include <new>
#include <system_error>

namespace jobferry {

std::string_view name_of(Kind kind) {
  constexpr std::string_view names[] = {"json-syntax",
                                        "utf8-invalid",
                                        "nesting-too-deep",
                                        "data-element",
                                        "duplicate-member",
                                        "missing-member",
                                        "wrong-type",
                                        "number-range",
                                        "identity-mismatch",
                                        "no-meta-file",
                                        "not-a-regular-file",
                                        "gzip-truncated",
                                        "gzip-corrupt",
                                        "gzip-trailing",
                                        "file-too-large",
                                        "exclusive-invalid",
                                        "shared-invalid",
                                        "timestep-unknown",
                                        "read-failed",
                                        "internal",
                                        "empty-file",
                                        "cluster-bad",
                                        "not-an-archive",
                                        "version-unknown",
                                        "target-unusable",
                                        "state-unusable",
                                        "option-invalid",
                                        "write-failed",
                                        "in-use",
                                        "no-state",
                                        "output-failed",
                                        "out-of-resources"};
  static_assert(std::size(names) == kind_count);
  return names[static_cast<std::size_t>(kind)];
}

Error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return {Kind::out_of_resources, "out of memory"};
  } catch (const std::system_error& error) {
    const bool starved = error.code() == std::errc::resource_unavailable_try_again;
    return {starved ? Kind::out_of_resources : Kind::internal,
            std::string(starved ? "cannot start a thread: " : "a defect of jobferry: ") + error.what()};
  } catch (const std::exception& error) {
    return {Kind::internal, std::string("a defect of jobferry: ") + error.what()};
  } catch (...) {
    return {Kind::internal, "a defect of jobferry: an exception of unknown type"};
  }
}

}  // namespace jobferry
