#!/usr/bin/env bash
# Builds the Debian packages, checks them with lintian, installs, uses and removes them.
#   package_test.sh BUILD
# Exit code 77: the test cannot run here.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

((EUID == 0)) || { echo "skipped: installing a package needs root"; exit 77; }
for needed in cpack dpkg-deb dpkg-shlibdeps file; do
  command -v "$needed" >/dev/null || { echo "skipped: $needed is missing"; exit 77; }
done
if dpkg-query -W -f='${Status}' jobferry 2>/dev/null | grep -q 'ok installed'; then
  echo "skipped: jobferry is installed here already"
  exit 77
fi

(cd "$work" && cpack --config "$build/CPackConfig.cmake" -B "$work") >"$work/cpack.log" 2>&1 || fail "$(cat "$work/cpack.log")"
program=$(ls "$work"/jobferry_*.deb) library=$(ls "$work"/libjobferry-dev_*.deb)

if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error "$program" "$library" || fail "lintian"
else
  echo "not checked: the packages by lintian, because it is missing"
fi

depends=$(dpkg-deb -f "$program" Depends)
for needed in libc6 libtbb12 libsqlite3-0 libdeflate0 libboost-filesystem; do
  [[ $depends == *$needed* ]] || fail "the package does not depend on $needed: $depends"
done

trap 'dpkg -r jobferry libjobferry-dev >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
dpkg -i "$program" "$library" >"$work/dpkg.log" 2>&1 || fail "$(cat "$work/dpkg.log")"
"$build/make_archive" --version 0 --jobs 5 --seed 1 "$work/archive" >/dev/null
(cd "$work" && archive-migration -src archive -dst new) >"$work/out" || fail "$(cat "$work/out")"
newest=$(sed -n 's/^ *{\([0-9]*\), .*/\1/p' /usr/include/jobferry/versions.h | tail -1)
[[ $(cat "$work/new/version.txt") == "$newest" ]] || fail "the target does not have version $newest"
dpkg -r jobferry libjobferry-dev >/dev/null
[[ ! -e /usr/bin/jobferry && ! -e /usr/include/jobferry ]] || fail "files remain after the removal"
