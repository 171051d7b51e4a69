#!/usr/bin/env bash
# Runs large forms of tests that the suite runs on a small scale: every call for archives of 30 jobs, hundreds of
# kills and power losses, every failure of every libc call in every mode (140,000 runs, about six hours), and an
# hour of each fuzzer. This takes most of a day. HOURS=0 leaves out the fuzzers.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../tools/setup.sh"

install_missing "${packages[@]}" "${clang_packages[@]}"
build release attack_test memory_test resume_test signal_test sweep_test
for test in attack memory resume signal sweep; do JOBFERRY_LARGE=1 "$root/build/release/${test}_test" --gtest_brief=1; done

build fuzz
for fuzzer in meta data cluster version unit node_list gzip; do
  found=$root/build/fuzz/tests/found/$fuzzer
  mkdir -p "$found"
  seconds=$((${HOURS:-1} * 3600))
  ((seconds == 0)) || "$root/build/fuzz/fuzz_$fuzzer" -max_total_time=$seconds -timeout=10 -rss_limit_mb=4096 \
    -artifact_prefix="$found/../" "$found" "$root/tests/fuzz/corpus/$fuzzer"
done
