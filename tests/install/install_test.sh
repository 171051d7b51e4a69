#!/usr/bin/env bash
# Everything that `cmake --install` installs works in its place: program, drop-in, manual, completion, library.
#   install_test.sh BUILD SOURCE
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
fail() { echo "FAILED: $*" >&2; exit 1; }

cmake --install "$build" --prefix "$prefix" >"$work/install.log"

# The program under its own name, and as the drop-in.
"$build/make_archive" --version 0 --jobs 5 --seed 1 "$work/archive" >/dev/null
"$prefix/bin/jobferry" --version | grep -q '^jobferry [0-9]' || fail "--version"
[[ $(readlink "$prefix/bin/archive-migration") == jobferry ]] || fail "archive-migration is not a link to jobferry"
"$prefix/bin/archive-migration" -src "$work/archive" -dst "$work/one" -to 1 >"$work/out" || fail "$(cat "$work/out")"
[[ $(cat "$work/one/version.txt") == 1 ]] || fail "the target does not have version 1"

# Each command has a man page that groff formats without warnings.
for name in jobferry archive-migration jobferry-{migrate,plan,verify,validate,info,status}; do
  page=$(find "$prefix" -name "$name.1.gz")
  [[ $page ]] || fail "no man page $name"
  if command -v groff >/dev/null; then
    problems=$(zcat "$page" | groff -man -Tutf8 -ww 2>&1 >"$work/page")
    [[ ! $problems ]] || fail "$name: $problems"
    [[ -s $work/page ]] || fail "$name is empty"
  else
    echo "not checked: the man pages, because groff is missing"
  fi
done

# Completion of commands, options and values.
completion=$(find "$prefix" -path '*bash-completion*' -name jobferry)
# completes PATTERN WORD...
completes() {
  local pattern=$1
  shift
  local found
  found=$(bash -c 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); cd /
    _jobferry "$1" 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' "$completion" "$@" | sort | paste -sd' ')
  # shellcheck disable=SC2053  # The right-hand side is a pattern.
  [[ $found == $pattern ]] || fail "completion of '$*': '$found', not '$pattern'"
}
completes 'validate verify' jobferry v
completes '--repair --report --restart' jobferry migrate --re
completes '--follow-symlinks' jobferry validate --fol
completes 'gzip keep none' jobferry --compress ''
completes 'none' jobferry plan --compress = n
completes 'json' jobferry verify --log-format j
completes '--src' archive-migration --sr
completes 'usr' jobferry info us
completes '*usr*' jobferry --src ''

# A program finds the library by its prefix alone.
cmake -S "$source/tests/install/example" -B "$work/example" -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log" 2>&1 ||
  fail "$(cat "$work/cmake.log")"
cmake --build "$work/example" >"$work/cmake.log" 2>&1 || fail "$(cat "$work/cmake.log")"
newest=$(sed -n 's/^ *{\([0-9]*\), .*/\1/p' "$prefix/include/jobferry/versions.h" | tail -1)
result=$("$work/example/example" "$work/archive" "$work/newest")
[[ $result == "5 jobs, version $newest" ]] || fail "the example program printed '$result'"

# No installed file contains the path of the build or the source.
if grep -rlF -e "$build" -e "$source" "$prefix" --include='*.cmake' --include='*.gz' --include='*.md'; then
  fail "these files contain the path of the build or the source"
fi
echo "$(find "$prefix" -type f | wc -l) files were installed"
