#include "corpus/quirks.h"

#include "corpus/json_text.h"
#include "corpus/random.h"

namespace jobferry::corpus {

namespace {

void repaired_values(Quirk quirk, const Job& job, Members& members) {
  if (quirk == Quirk::meta_data_values)
    set(members, "metaData",
        R"({"jobName":"x","account":12.50,"flags":[1, true],"note":null,"nested":{"a":"b"}})");
  if (quirk == Quirk::fractional_integers) {
    set(members, "numNodes", std::to_string(job.nodes) + ".0");
    set(members, "duration", std::to_string(job.duration) + "0e-1");
    set(members, "smt", "1e0");
  }
  if (quirk == Quirk::old_states)
    set(members, "jobState", job.number % 2 == 0 ? "\"canceled\"" : "\"out-of-memory\"");
  if (quirk == Quirk::nulls) {
    set(members, "energyFootprint", "null");
    set(members, "concurrentJobs", "{\"identifiers\":null,\"items\":null}");
  }
}

void kept_members(Quirk quirk, Members& members) {
  if (quirk == Quirk::huge_integers) {
    members.push_back({"ticket", "9007199254740993"});
    members.push_back({"fingerprint", "123456789012345678901234567890"});
  }
  if (quirk == Quirk::unknown_members) {
    members.insert(members.begin(), {"$site", R"({"rack":"R7","tags":[],"note":{"kept":[1.0,1e3,-0.0]}})"});
    members.push_back({"", "\"a name without letters\""});
  }
  if (quirk == Quirk::escapes) {
    members.push_back({"comment", R"("caf\u00e9 \ud83d\ude00 \ud800 \/ \b\f\u0000 Größe 😀")"});
    members.push_back({"na\\u006de", "\"an escaped name\""});
  }
  if (quirk == Quirk::deepest_nesting) members.push_back({"nested", nested_arrays(1023)});
  if (quirk == Quirk::two_footprints) {  // footprint-kept, in the step to version 3
    set(members, "footprint", "{\"mem_used_max\":1.25,\"custom_avg\":3}");
    set(members, "mem_used_max", "2.5");
  }
}

}  // namespace

Quirk draw_quirk(const Shape& shape, const Defect& defect, std::uint64_t job) {
  Rng rng(shape.seed, job, Stream::quirk);
  const auto drawn = rng.below(140);
  const bool has_one = shape.quirks && defect.none() && drawn < static_cast<std::uint64_t>(Quirk::none);
  return has_one ? static_cast<Quirk>(drawn) : Quirk::none;
}

void put_in_meta(Quirk quirk, const Job& job, Members& members) {
  repaired_values(quirk, job, members);
  kept_members(quirk, members);
}

// Inserts at later places first, so that the earlier places stay valid.
void put_in_data(Quirk quirk, int version, const Anchor& anchor, std::string& text) {
  if (quirk != Quirk::data_members) return;
  text.insert(anchor.member_at, R"("samples":9007199254740993,"comment":"\u00e9\/é",)");
  if (version == 0) text.insert(anchor.member_at, "\"id\":null,");
  if (version == 0) text.insert(anchor.scopes_at, "\"die\":null,");  // D7 drops it
}

}  // namespace jobferry::corpus
