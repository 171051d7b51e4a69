#pragma once

#include "corpus/corpus.h"
#include "corpus/data_json.h"
#include "corpus/job.h"
#include "corpus/members.h"

namespace jobferry::corpus {

// The members of meta.json. Its statistics come from the data file's.
Members meta_json(const Shape& shape, const Job& job, const Summaries& summaries);

}  // namespace jobferry::corpus
