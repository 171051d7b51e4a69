#!/usr/bin/env bash
# Runs clang-tidy over src with the checks of .clang-tidy, or over the given files: tools/tidy.sh src/io/files.cpp
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_missing "${packages[@]}" clang-tidy
cd "$root"
cmake --preset release >/dev/null
(($#)) || mapfile -t files < <(find src -name '*.cpp' | sort)
(($#)) && files=("$@")
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/release --quiet
