// Plants a defect in the files of its job.
#pragma once

#include <string>

#include "corpus/data_json.h"
#include "corpus/defects.h"
#include "corpus/job.h"
#include "corpus/members.h"

namespace jobferry::corpus {

// The first two also set the pointer of the defect.
void plant_in_data(Defect& defect, const Anchor& anchor, std::string& text);
void plant_in_meta(Defect& defect, const Job& job, Members& members);

// Syntax errors that concern a text as a whole.
void plant_in_text(const Defect& defect, std::string& text);
void plant_in_gzip(const Defect& defect, std::string& gz);

}  // namespace jobferry::corpus
