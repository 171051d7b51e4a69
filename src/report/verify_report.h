// What `jobferry verify` says. The kinds of findings:
//
//   value-changed        another value than the source's or the one that a rule gives
//   rule-not-applied     a rule changes it, and it was not changed
//   member-lost          a member or element of the source is not there
//   member-added         one is there that neither the source has nor a rule makes
//   order-changed        all are there, in another order
//   not-compact          a rewritten file has white space (X2)
//   bytes-changed        a file that no rule changes is not the same byte for byte
//   attributes-changed   mode, mtime or ownership (section 9)
//   json-broken, gzip-broken        a file of the target that cannot be read as such
//   file-missing, file-unexpected   a file of the target, or an entry where none may be
//   job-missing          a sound job of the source that the target has not
//   job-unexpected       a job that the source has not, or that is bad or skipped there
//   job-id-differs, start-time-differs, job-count-differs
//                        the highest, the newest, the number of a cluster
//   cluster-bad          a cluster.json of the source that no step takes
//   cluster-missing      a cluster that is not there
//   version-wrong, marker-left      of the target's root
//   unreadable, not-checked         could not be looked at
#pragma once

#include <string>

#include "jobferry/verify.h"

namespace jobferry {

// `emmy/1403/244/1608923076 data.json /ipc/node/unit: value-changed (U): source "ipc", target {"base":"x"}`
std::string describe(const Difference& finding);

// Without the time it took, so that the same archives give the same text.
std::string verify_text(const VerifyOptions& options, const VerifyResult& result);
std::string verify_json(const VerifyOptions& options, const VerifyResult& result);

}  // namespace jobferry
