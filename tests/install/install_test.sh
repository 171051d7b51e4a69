#!/usr/bin/env bash
# What `cmake --install` puts somewhere works there: program, drop-in, manual, completion, library.
#   install_test.sh BUILD SOURCE
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
fail() { echo "FAILED: $*" >&2; exit 1; }

cmake --install "$build" --prefix "$prefix" >"$work/install.log"

# The program, and under the name of the published tools.
"$build/make_archive" --version 0 --jobs 5 --seed 1 "$work/archive" >/dev/null
"$prefix/bin/jobferry" --version | grep -q '^jobferry [0-9]' || fail "--version"
[[ $(readlink "$prefix/bin/archive-migration") == jobferry ]] || fail "archive-migration is no link to jobferry"
"$prefix/bin/archive-migration" -src "$work/archive" -dst "$work/one" -to 1 >"$work/out" || fail "$(cat "$work/out")"
[[ $(cat "$work/one/version.txt") == 1 ]] || fail "the target is not of version 1"

# A page for each command, that a strict formatter takes.
for name in jobferry archive-migration jobferry-{migrate,plan,verify,validate,info,status}; do
  page=$(find "$prefix" -name "$name.1.gz")
  [[ $page ]] || fail "no man page $name"
  if command -v groff >/dev/null; then
    problems=$(zcat "$page" | groff -man -Tutf8 -ww 2>&1 >"$work/page")
    [[ ! $problems ]] || fail "$name: $problems"
    [[ -s $work/page ]] || fail "$name is empty"
  else
    echo "groff is missing: the man pages were not formatted"
  fi
done

# Completion: commands, options, values.
completion=$(find "$prefix" -path '*bash-completion*' -name jobferry)
completes() {  # completes EXPECTED WORD...
  local expected=$1
  shift
  local found
  found=$(bash -c 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); cd /
    _jobferry "$1" 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' "$completion" "$@" | sort | paste -sd' ')
  [[ $found == $expected ]] || fail "completion of '$*': '$found', not '$expected'"
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

# The library, for a program that knows nothing but where it is installed.
cmake -S "$source/tests/install/example" -B "$work/example" -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log" 2>&1 ||
  fail "$(cat "$work/cmake.log")"
cmake --build "$work/example" >"$work/cmake.log" 2>&1 || fail "$(cat "$work/cmake.log")"
[[ $("$work/example/example" "$work/archive" "$work/three") == '5 jobs, version 3' ]] || fail "the example"

# Nothing that is installed names the place it was built in.
if grep -rlF -e "$build" -e "$source" "$prefix" --include='*.cmake' --include='*.gz' --include='*.md'; then
  fail "these name the place of the build"
fi
echo "installed: $(find "$prefix" -type f | wc -l) files"
