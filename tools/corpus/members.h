// A JSON object as a list of members, in order and possibly with duplicates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jobferry::corpus {

struct Member {
  std::string name, json;
};

using Members = std::vector<Member>;

void set(Members& members, std::string_view name, std::string json);
void remove(Members& members, std::string_view name);
std::string text_of(const Members& members);

}  // namespace jobferry::corpus
