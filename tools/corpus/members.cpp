#include "corpus/members.h"

#include <algorithm>
#include <utility>

#include "corpus/json_text.h"

namespace jobferry::corpus {

namespace {

Member* find(Members& members, std::string_view name) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == name; });
  return found == members.end() ? nullptr : &*found;
}

}  // namespace

void set(Members& members, std::string_view name, std::string json) {
  if (Member* member = find(members, name))
    member->json = std::move(json);
  else
    members.push_back({std::string(name), std::move(json)});
}

void remove(Members& members, std::string_view name) {
  if (const Member* member = find(members, name)) members.erase(members.begin() + (member - members.data()));
}

std::string text_of(const Members& members) {
  std::string out;
  Writer writer(out);
  writer.open('{');
  for (const Member& member : members) writer.name(member.name).raw(member.json);
  writer.close('}');
  return out;
}

}  // namespace jobferry::corpus
