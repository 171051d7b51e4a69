#include "steps/identity.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "json/decimal.h"

namespace jobferry {

using json::Type;

namespace {

// A member that is needed to identify the job.
Node* required(Job& job, std::string_view name) {
  Node* member = job.meta.present(job.root(), name);
  if (!member) job.meta.fail_missing(job.root(), name);
  return member;
}

// jobId and startTime: plain unsigned decimals below 2^63 (X5).
std::string_view required_integer(Job& job, std::string_view name) {
  const Node* member = required(job, name);
  if (!member) return {};
  const bool plain = member->is(Type::number) && is_plain_integer(member->text) && member->text[0] != '-';
  if (!plain)
    job.meta.wrong_type(*member, "a plain unsigned integer");
  else if (!plain_uint63(member->text))
    job.meta.fail(*member, Kind::number_range,
                  fmt::format("{} is too large: it must be below 2^63", json::excerpt(member->text)));
  return member->text;
}

void mismatch(Job& job, std::string_view name, std::string_view says, std::string_view directory) {
  job.meta.fail(*job.meta.find(job.root(), name), Kind::identity_mismatch,
                fmt::format("{} is {}, but the directory says {}", name, json::excerpt(says), directory));
}

}  // namespace

void check_identity(Job& job, const JobPath& path) {
  if (!job.root().is(Type::object)) return job.meta.wrong_type(job.root(), "an object");
  const std::string_view id = required_integer(job, "jobId");
  const Node* cluster = required(job, "cluster");
  if (cluster && !cluster->is(Type::string)) job.meta.wrong_type(*cluster, "a string");
  const std::string_view start = required_integer(job, "startTime");
  if (job.meta.failure()) return;

  const std::int64_t number = *plain_uint63(id);
  if (content(*cluster) != path.cluster) mismatch(job, "cluster", cluster->text, path.cluster);
  if (std::to_string(number / 1000) != path.first || fmt::format("{:03}", number % 1000) != path.second)
    mismatch(job, "jobId", id, path.first + '/' + path.second);
  if (start != path.start) mismatch(job, "startTime", start, path.start);
}

}  // namespace jobferry
