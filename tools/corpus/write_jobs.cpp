#include "corpus/write_jobs.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "corpus/data_json.h"
#include "corpus/defects.h"
#include "corpus/gzip.h"
#include "corpus/job.h"
#include "corpus/job_layout.h"
#include "corpus/members.h"
#include "corpus/meta_json.h"
#include "corpus/plant.h"
#include "corpus/pretty.h"
#include "corpus/quirks.h"
#include "corpus/random.h"
#include "corpus/sizes.h"

namespace jobferry::corpus {

namespace {

// Keeps its buffers from one job to the next.
class JobWriter {
 public:
  JobWriter(const Shape& shape, const std::vector<Cluster>& clusters, Tree& tree)
      : shape_(shape),
        clusters_(clusters),
        tree_(tree),
        shares_(shares_of(shape)),
        scale_(scale_of_sizes(shape)) {}

  void write(std::uint64_t number, const Sink& sink) {
    draw(number);
    const Members members = write_texts();
    meta_ = text_of(members);
    finish_texts();
    write_files();
    tree_.made().jobs += 1;
    if (!defect_.none()) sink({job_.path(), std::string(defect_.kind), file_at_fault(), defect_.pointer});
  }

 private:
  void draw(std::uint64_t number) {
    job_ = Job{};
    job_.number = number;
    identify(shape_, clusters_, job_);
    const double bytes = static_cast<double>(drawn_bytes(shape_, number)) * scale_;
    lay_out(shape_, job_, static_cast<std::uint64_t>(bytes));
    defect_ = draw_defect(shape_, shares_, number);
    quirk_ = draw_quirk(shape_, defect_, number);
    Rng rng(shape_.seed, number, Stream::anchor);
    anchor_ = Anchor{};
    anchor_.metric_index = rng.below(job_.layouts.size());
    anchor_.node = static_cast<unsigned>(rng.below(job_.nodes));
    prepare(defect_, job_, anchor_);
  }

  // Writes both files compactly, with the defects and quirks that are part of their structure.
  Members write_texts() {
    const Summaries summaries = write_data_json(shape_, job_, anchor_, data_);
    Members members = meta_json(shape_, job_, summaries);
    if (defect_.in_data)
      plant_in_data(defect_, anchor_, data_);
    else
      plant_in_meta(defect_, job_, members);
    put_in_data(quirk_, shape_.version, anchor_, data_);
    put_in_meta(quirk_, job_, members);
    return members;
  }

  void finish_texts() {
    if (job_.pretty) meta_ = pretty(meta_);
    if (job_.pretty) data_ = pretty(data_);
    plant_in_text(defect_, defect_.in_data ? data_ : meta_);
    if (defect_.is("empty-file")) (empty_meta() ? meta_ : data_).clear();
  }

  bool empty_meta() const { return defect_.variant % 2 == 0; }

  std::string file_at_fault() const {
    if (defect_.is("no-meta-file")) return "";
    if (defect_.is("not-a-regular-file")) return defect_.variant % 3 == 0 ? "data.json" : "meta.json";
    const bool in_data = defect_.in_data || (defect_.is("empty-file") && !empty_meta());
    return std::string(in_data ? job_.data_name() : "meta.json");
  }

  void write_files() {
    const std::string folder = job_.path() + '/';
    tree_.add_directory(folder);
    write_meta(folder);
    if (defect_.is("not-a-regular-file") && defect_.variant % 3 == 0)
      return write_linked(folder, "data.json", data_);
    if (quirk_ != Quirk::no_data_file) write_data(folder);
    if (quirk_ == Quirk::extra_file)
      tree_.add_file(folder + "notes.txt", "rerun with a smaller grid\n", job_.end());
    if (quirk_ == Quirk::empty_directory) tree_.add_directory(folder + "plots");
  }

  void write_meta(const std::string& folder) {
    if (defect_.is("no-meta-file")) return;
    const std::uint64_t irregular = defect_.is("not-a-regular-file") ? defect_.variant % 3 : 0;
    if (irregular == 1) return tree_.add_directory(folder + "meta.json");
    if (irregular == 2) return write_linked(folder, "meta.json", meta_);
    tree_.add_file(folder + "meta.json", meta_, job_.end());
  }

  // A migration with --follow-symlinks accepts such a job.
  void write_linked(const std::string& folder, const std::string& name, std::string_view bytes) {
    const std::string target = name + ".stored";
    tree_.add_file(folder + target, bytes, job_.end());
    tree_.add_link(folder + name, target.c_str());
  }

  void write_data(const std::string& folder) {
    tree_.made().data_bytes += data_.size();
    const bool two = quirk_ == Quirk::two_data_files;
    if (two || !job_.gzip) tree_.add_file(folder + "data.json", data_, job_.end());
    if (!two && !job_.gzip) return;
    std::string gz = data_.empty() ? std::string() : gzip_.compress(data_);
    if (defect_.is_gzip()) plant_in_gzip(defect_, gz);
    if (two && job_.number % 3 == 0) gz.resize(gz.size() / 2);
    tree_.add_file(folder + "data.json.gz", gz, job_.end());
  }

  const Shape& shape_;
  const std::vector<Cluster>& clusters_;
  Tree& tree_;
  DefectShares shares_;
  double scale_;
  Gzip gzip_;
  Job job_;
  Defect defect_;
  Quirk quirk_ = Quirk::none;
  Anchor anchor_;
  std::string data_, meta_;
};

}  // namespace

void write_jobs(const Shape& shape, const std::vector<Cluster>& clusters, Tree& tree, const Sink& sink) {
  JobWriter writer(shape, clusters, tree);
  for (std::uint64_t number = 0; number < shape.jobs; ++number) writer.write(number, sink);
}

}  // namespace jobferry::corpus
