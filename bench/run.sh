#!/usr/bin/env bash
# The whole job against `cp -r` of the same archive: migrates a made-up archive of version 0 to 1 and to 3,
# with one and two threads, in turns with cp. Ratios to the cp of the same turn are what holds on another machine.
#
# Every run goes into a fresh target and nothing is deleted before the end: after the removal of a large tree
# ext4 creates files several times slower for minutes.
set -euo pipefail

usage() {
  cat <<'END'
usage: bench/run.sh [--jobs N] [--runs N] [--build DIR] [--total-size SIZE] [--keep] [--absolute]
  --jobs N           jobs in the archive (4000)
  --runs N           turns, at least 5 make sense (5)
  --build DIR        where jobferry and make_archive lie (build/release)
  --total-size SIZE  of all data files (100 kB a job)
  --keep             keep the scratch directory
  --absolute         print seconds and megabytes too, not only ratios
The scratch directory, in TMPDIR, grows to 5 (runs + 1) times the archive: 12 GB by default.
END
}

die() {
  echo "bench/run.sh: $*" >&2
  exit 1
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
jobs=4000
runs=5
total=
keep=
absolute=

while (($#)); do
  case $1 in
    --jobs | --runs | --build | --total-size) (($# > 1)) || die "$1 wants a value" ;;
  esac
  case $1 in
    --jobs) jobs=$2 && shift 2 ;;
    --runs) runs=$2 && shift 2 ;;
    --build) build=$2 && shift 2 ;;
    --total-size) total=$2 && shift 2 ;;
    --keep) keep=1 && shift ;;
    --absolute) absolute=1 && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "--jobs wants a number"
[[ $runs =~ ^[1-9][0-9]*$ ]] || die "--runs wants a number"
for program in "$build/jobferry" "$build/make_archive"; do
  [[ -x $program ]] || die "no program $program (--build names the directory)"
done
python3 -c 'import os; os.wait4, os.pidfd_open' || die "python3 (3.9 or newer) is needed to measure"

scratch=$(mktemp -d)
finish() {
  if [[ $keep ]]; then
    echo "kept: $scratch"
  else
    rm -rf "$scratch"
  fi
}
trap finish EXIT

source=$scratch/source
figures=$scratch/figures
variants=("1 1" "1 2" "3 1" "3 2") # target version, threads

# measure TURN NAME COMMAND...: appends "turn, name, wall, cpu, peak memory in KiB" to the figures. The peak
# that wait4 tells begins with that of the parent, python, which is above cp's: so it is read from /proc while the
# command runs.
measure() {
  sync
  python3 - "$figures" "$@" <<'END'
import os, select, sys, time
figures, turn, name, *command = sys.argv[1:]

def peak_memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return max([int(line.split()[1]) for line in status if line.startswith("VmHWM:")], default=0)

begin = time.monotonic()
child = os.posix_spawnp(command[0], command, os.environ)
ended = select.poll()
ended.register(os.pidfd_open(child), select.POLLIN)
memory = peak_memory(child)
while not ended.poll(5):
    memory = max(memory, peak_memory(child))
_, status, usage = os.wait4(child, 0)
wall = time.monotonic() - begin
if status != 0:
    sys.exit(f"bench/run.sh: exit code {os.waitstatus_to_exitcode(status)} of: {' '.join(command)}")
with open(figures, "a") as out:
    out.write(f"{turn}\t{name}\t{wall}\t{usage.ru_utime + usage.ru_stime}\t{memory}\n")
END
}

migrate() { # turn, target version, threads
  measure "$1" "jobferry 0->$2, $3 thread$([[ $3 == 1 ]] || echo s)" \
    "$build/jobferry" --src "$source" --dst "$scratch/$1-$2-$3" --to "$2" --threads "$3" --quiet
}

job_directories() { find "$1" -mindepth 4 -maxdepth 4 -type d | wc -l; }

check_version() { # target, version
  [[ $(<"$1/version.txt") == "$2" ]] || die "$1/version.txt does not say $2"
  [[ $(job_directories "$1") == "$jobs" ]] || die "$1 has $(job_directories "$1") jobs, not $jobs"
}

# One turn whose figures count for nothing: are the results right, and the same whatever the threads?
check_results() {
  local variant target threads
  for variant in "${variants[@]}"; do
    read -r target threads <<<"$variant"
    migrate check "$target" "$threads"
    check_version "$scratch/check-$target-$threads" "$target"
  done
  for target in 1 3; do
    diff -rq "$scratch/check-$target-1" "$scratch/check-$target-2" ||
      die "to version $target: one thread and two differ"
  done
}

run_turn() {
  local variant target threads
  measure "$1" "cp -r" cp -r "$source" "$scratch/$1-copy"
  for variant in "${variants[@]}"; do
    read -r target threads <<<"$variant"
    migrate "$1" "$target" "$threads"
  done
}

print_table() {
  python3 - "$figures" "$absolute" <<'END'
import collections, statistics, sys
turns = collections.defaultdict(dict)  # turn -> name -> wall, CPU, memory
for line in open(sys.argv[1]):
    turn, name, *figures = line.rstrip("\n").split("\t")
    if turn != "check":
        turns[turn][name] = [float(figure) for figure in figures]
names = list(next(iter(turns.values())))

def spread(values, digits=2):
    return " ".join(f"{f(values):8.{digits}f}" for f in (statistics.median, min, max))

def table(title, digits, figure):
    print(f"\n{title:24}" + "".join(f"{column:^28}" for column in ("wall", "CPU", "peak memory")))
    print(f"{'':24}" + f"{'median':>8} {'min':>8} {'max':>8}  " * 3)
    for name in names:
        columns = (spread([figure(turn, name, i) for turn in turns.values()], digits) for i in range(3))
        print(f"{name:24}" + "  ".join(columns))

table("in units of cp -r", 2, lambda turn, name, i: turn[name][i] / turn["cp -r"][i])
if sys.argv[2]:
    table("seconds, MB", 2, lambda turn, name, i: turn[name][i] / (976.5625 if i == 2 else 1))
END
}

"$build/make_archive" --version 0 --jobs "$jobs" --total-size "${total:-$((jobs * 100))kB}" --gzip-share 0 \
  --pretty-share 0 --no-quirks "$source" >/dev/null
[[ $(job_directories "$source") == "$jobs" ]] || die "the archive has not $jobs jobs"
check_results
for ((turn = 1; turn <= runs; ++turn)); do run_turn "$turn"; done

megabytes=$(find "$source" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum / 1e6 }')
echo "archive: $jobs jobs, $megabytes MB; $runs turns; results checked"
print_table
