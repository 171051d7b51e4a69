#!/usr/bin/env bash
# Runs shellcheck over all shell scripts. Exit code 77: shellcheck is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v shellcheck >/dev/null || { echo "skipped: shellcheck is not installed"; exit 77; }

mapfile -t scripts < <(find .ci bench cmake tests tools -name '*.sh'; echo .ci/run)
((${#scripts[@]} > 5)) || { echo "FAILED: no scripts found"; exit 1; }
shellcheck "${scripts[@]}"
echo "${#scripts[@]} scripts"
