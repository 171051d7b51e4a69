#include "space.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "discover.h"
#include "stages.h"
#include "target.h"

namespace jobferry {

namespace {

struct Needs {
  std::uint64_t bytes = 0, inodes = 0;
};

// Adds up what the jobs of an archive need. Data that must be rewritten shrinks where it is pretty-printed:
// how much, a sample tells.
class Estimate {
 public:
  Estimate(Files& files, const Plan& plan, bool links) : files_(files), plan_(plan), links_(links) {}

  void add(const JobPath& path) {
    const std::string directory = join(plan_.archive.root, path.text());
    const auto entries = files_.list(directory);
    if (!entries) return;
    ++needs_.inodes;
    for (const Entry& entry : *entries) add_file(directory, entry);
  }

  Needs needs() const { return needs_; }

 private:
  void add_file(const std::string& directory, const Entry& entry) {
    const auto info = files_.info(join(directory, entry.name));
    if (entry.type != FileType::regular || !info) return;
    const bool data = entry.name == names::data || entry.name == names::data_gz;
    if (data && !plan_.reads_data() && links_) return;
    ++needs_.inodes;
    if (entry.name == names::data && plan_.reads_data())
      needs_.bytes += static_cast<std::uint64_t>(static_cast<double>(info->size) *
                                                 compact_share(join(directory, entry.name)));
    else
      needs_.bytes += info->size;
  }

  // The part of plain data files that is no white space, measured on the first ones.
  double compact_share(const std::string& path) {
    constexpr int sample = 16;
    constexpr std::uint64_t largest = 64U << 20;
    if (sampled_ < sample && files_.read(path, largest, text_)) {
      Buffer compact;
      compact.reserve(text_.size());
      std::size_t written = 0;
      if (simdjson::minify(text_.data(), text_.size(), compact.data(), written) == simdjson::SUCCESS) {
        ++sampled_;
        before_ += static_cast<double>(text_.size());
        after_ += static_cast<double>(written);
      }
    }
    return before_ > 0 ? after_ / before_ : 1;
  }

  Files& files_;
  const Plan& plan_;
  bool links_;
  Needs needs_;
  Buffer text_;
  int sampled_ = 0;
  double before_ = 0, after_ = 0;
};

std::string mebibytes(std::uint64_t bytes) { return fmt::format("{} MiB", (bytes + (1U << 20) - 1) >> 20); }

Error too_small(const Plan& plan, std::string what) {
  Error error{Kind::target_unusable, std::move(what)};
  error.file = plan.options.target;
  return error;
}

}  // namespace

Result<void> check_space(Files& files, const Plan& plan, const std::atomic<bool>* stop) {
  const std::string place = standing_place(plan.options.target);
  const auto there = files.space(place), here = files.space(plan.archive.root);
  if (!there || !here) return {};  // some file systems do not tell
  // Where even all that the source's file system holds would fit, there is nothing to count.
  if (here->used_bytes < there->free_bytes && here->used_inodes < there->free_inodes) return {};

  const auto info = files.info(place + "/.");
  const bool same_device = info && info->device == plan.archive.root_info.device;
  Estimate estimate(files, plan, same_device && plan.options.data != DataMode::copy);
  Walk walk(files, plan.archive, plan.options.follow_symlinks);
  while (auto path = walk.next()) {
    if (stop && *stop) return {};  // the run ends before its first job
    estimate.add(*path);
  }
  const Needs needs = estimate.needs();
  if (needs.bytes > there->free_bytes)
    return too_small(plan, fmt::format("the target needs about {}, {} are free there", mebibytes(needs.bytes),
                                       mebibytes(there->free_bytes)));
  if (needs.inodes > there->free_inodes)
    return too_small(
        plan, fmt::format("the target needs {} inodes, {} are free there", needs.inodes, there->free_inodes));
  return {};
}

}  // namespace jobferry
