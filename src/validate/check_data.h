// The check of data files.
#pragma once

#include <string_view>

#include "archive/data_file.h"
#include "base/buffer.h"
#include "json/document.h"

namespace jobferry {

class Findings;
struct ArchiveFacts;
struct JobFacts;

// One for each thread, so that its buffers keep their memory from file to file.
class DataCheck {
 public:
  void check(const ArchiveFacts& archive, const JobFacts& facts, std::string_view text, Findings& findings);
  // Frees memory that a huge file took.
  void trim();

 private:
  DataReader reader_;
  Edits edits_;
  Buffer skeleton_;
  Document document_;
};

}  // namespace jobferry
