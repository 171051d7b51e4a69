#!/usr/bin/env bash
# Installs missing packages, builds everything and runs all tests, with the preset `release` or with those that
# are given: tools/test.sh asan tsan
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

(($#)) || set -- release
case " $* " in *" fuzz "* | *" clang "*) packages+=("${clang_packages[@]}") ;; esac
install_missing "${packages[@]}"
case " $* " in
  *" release "* | *" dev "* | *" clang "*)
    install_optional "${browser_packages[@]}"
    install_optional "${packaging_packages[@]}"
    install_optional "${disk_packages[@]}"
    install_optional "${script_packages[@]}" ;;
esac
for preset in "$@"; do
  echo "== $preset"
  build "$preset"
  # One test more than there are processors, because many tests wait for the disk.
  (cd "$root" && ctest --preset "$preset" --parallel "$(($(nproc) + 1))")
done
