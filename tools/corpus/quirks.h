// Legal oddities that a migration must keep or repair.
#pragma once

#include <cstdint>
#include <string>

#include "corpus/corpus.h"
#include "corpus/data_json.h"
#include "corpus/defects.h"
#include "corpus/job.h"
#include "corpus/members.h"

namespace jobferry::corpus {

enum class Quirk : std::uint8_t {
  two_data_files,
  no_data_file,
  extra_file,
  empty_directory,
  meta_data_values,
  fractional_integers,
  huge_integers,
  unknown_members,
  escapes,
  deepest_nesting,
  two_footprints,
  old_states,
  nulls,
  data_members,
  none,
};

// A job with a defect gets no quirk.
Quirk draw_quirk(const Shape& shape, const Defect& defect, std::uint64_t job);

void put_in_meta(Quirk quirk, const Job& job, Members& members);
void put_in_data(Quirk quirk, int version, const Anchor& anchor, std::string& text);

}  // namespace jobferry::corpus
