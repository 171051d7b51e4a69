"""Scenarios S1 to S10 measure jobferry beside its peers, in turns. Each run starts after a sync and has a new target.

Compare the ratios: seconds depend on the machine. jobferry waits for the disk at its end and cp does not, so the table
shows that time separately and the wall time excludes it. Each scenario checks the results before it prints figures.
"""

import argparse
import json
import os
import pathlib
import random
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def fail(text):
    sys.exit(f"bench/run.sh: {text}")


class Bench:
    """The programs, the scratch space, and the measurement of a command."""

    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build)
        for name in ("jobferry", "make_archive", "bench/codec_alone"):
            if not self.program(name).exists():
                fail(f"there is no program {self.program(name)}; pass the directory of the build with --build")
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="jobferry-bench-", dir=options.scratch))
        self.made = 0
        self.sources = {}

    def program(self, name):
        found = self.build / name
        return found if found.exists() else self.build / pathlib.Path(name).name

    def fresh(self, name):
        self.made += 1
        return self.scratch / f"{self.made}-{name}"

    def source(self, name, *how):
        """Makes an archive. Scenarios that need the same one share it."""
        if how not in self.sources:
            path = self.fresh(name)
            subprocess.run([self.program("make_archive"), "--seed", "1", *how, path], check=True, stdout=subprocess.DEVNULL)
            self.sources[how] = path
        return self.sources[how]

    def measure(self, command, cold=False):
        """Measures wall and CPU seconds and the peak of memory in MB. The peak of wait4 includes the memory of Python
        before exec, so this reads the peak from /proc while the command runs."""
        os.sync()
        if cold:
            pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
        output = self.scratch / "stdout"
        begin = time.monotonic()
        with open(output, "w") as out:
            child = subprocess.Popen([str(word) for word in command], stdout=out)
        pidfd = os.pidfd_open(child.pid)
        ended = select.poll()
        ended.register(pidfd, select.POLLIN)
        peak = 0
        while True:
            done = ended.poll(5)
            try:
                status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
                peak = max([peak] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")])
            except OSError:
                pass
            if done:
                break
        wall = time.monotonic() - begin
        os.close(pidfd)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            fail(f"exit code {child.returncode} of: {' '.join(str(word) for word in command)}")
        return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak / 976.5625, "sync": 0.0, "output": output.read_text()}

    def migrate(self, source, to, *options, cold=False, quiet=True):
        target, report = self.fresh("target"), self.scratch / "report.json"
        command = [self.program("jobferry"), "--src", source, "--dst", target, "--to", to, "--report", report, *options]
        figures = self.measure(command + (["--quiet"] if quiet else []), cold)
        figures["sync"] = json.loads(report.read_text())["syncSeconds"]
        figures["wall"] -= figures["sync"]
        figures["target"] = target
        return figures

    def copy(self, source, *how, cold=False):
        target = self.fresh("copy")
        return self.measure(["cp", *how, source, target], cold) | {"target": target}


def jobs_of(archive):
    return sum(1 for _ in archive.glob("*/*/*/*/meta.json"))


def bytes_of(archive):
    return sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())


def check(target, version, jobs):
    if (target / "version.txt").read_text().strip() != str(version):
        fail(f"{target} does not have version {version}")
    if jobs_of(target) != jobs:
        fail(f"{target} has {jobs_of(target)} jobs, not {jobs}")


def same_trees(a, b):
    if subprocess.run(["diff", "-rq", a, b], stdout=subprocess.DEVNULL).returncode != 0:
        fail(f"{a} and {b} differ")


class Table:
    """A row for each comparison: the median (and range) of the ratios of all turns."""

    def __init__(self):
        self.rows = []
        print(f"{'scenario':68} {'jobs':>8} {'MB in':>6} {'wall':>18} {'CPU':>18} {'peak':>18} {'bar':>22}  {'peak MB':>7} {'sync/wall':>9}")

    def add(self, scenario, jobs, megabytes, turns, bar, holds):
        """`turns` has a pair of figures for each turn: of jobferry and of its peer."""
        ratios = {}
        for figure in ("wall", "cpu", "peak"):
            values = [ours[figure] / peer[figure] for ours, peer in turns if peer.get(figure)]
            if values:
                ratios[figure] = {"median": statistics.median(values), "min": min(values), "max": max(values)}
        peak = statistics.median(ours["peak"] for ours, _ in turns)
        sync = statistics.median(ours["sync"] / ours["wall"] for ours, _ in turns)
        kept = holds({name: ratio["median"] for name, ratio in ratios.items()})
        self.rows.append({"scenario": scenario, "jobs": jobs, "megabytes": megabytes, "ratios": ratios, "peakMB": peak,
                          "sync": sync, "bar": bar, "holds": kept, "turns": len(turns)})
        cells = [f"{r['median']:.2f} ({r['min']:.2f}-{r['max']:.2f})" if (r := ratios.get(name)) else "" for name in ("wall", "cpu", "peak")]
        print(f"{scenario:68} {jobs:8} {megabytes:6.0f} {cells[0]:>18} {cells[1]:>18} {cells[2]:>18} "
              f"{bar + (' ok' if kept else ' NOT HELD'):>22}  {peak:7.0f} {sync:9.2f}", flush=True)


def of_plain_files(bench, table, wanted):
    """Measures all scenarios that migrate the same archive in one series of turns."""
    size = bench.options.scale
    jobs = int(4000 * size)
    source = bench.source("plain", "--version", "0", "--jobs", str(jobs), "--total-size", f"{jobs * 100}kB",
                          "--gzip-share", "0", "--pretty-share", "0", "--no-quirks")
    runs = {"S1": (1, "--threads", "2"), "S2": (3, "--threads", "2"), "S8": (1, "--threads", "1"), "S9": (1, "--debug"),
            "S10": (1, "--threads", "2", "--no-state")}
    runs = {name: how for name, how in runs.items() if name in wanted or name == "S1" or (name == "S8" and "S9" in wanted)}
    checked = {name: bench.migrate(source, *how, quiet=name != "S9")["target"] for name, how in runs.items()}
    for name, target in checked.items():
        check(target, runs[name][0], jobs)
        if runs[name][0] == 1:
            same_trees(checked["S1"], target)
    turns = []
    for _ in range(bench.options.runs):
        turns.append({"cp": bench.copy(source, "-r")} | {
            name: bench.migrate(source, *how, quiet=name != "S9") for name, how in runs.items()})
    megabytes = bytes_of(source) / 1e6

    def row(name, ours, peer, bar, holds):
        table.add(name, jobs, megabytes, [(turn[ours], turn[peer]) for turn in turns], bar, holds)

    if "S1" in wanted:
        row("S1 0->1, 2 threads / cp -r", "S1", "cp", "0.75, CPU 1.4", lambda r: r["wall"] <= 0.75 and r["cpu"] <= 1.4)
    if "S2" in wanted:
        row("S2 0->3 / 0->1, 2 threads", "S2", "S1", "1.05", lambda r: r["wall"] <= 1.05)
    if "S8" in wanted:
        row("S8 0->1, 1 thread / 2 threads", "S8", "S1", "no bar", lambda r: True)
    if "S10" in wanted:
        row("S10 0->1, with its state / --no-state", "S1", "S10", "1.05", lambda r: r["wall"] <= 1.05)
    if "S9" in wanted:
        row("S9 0->1, --debug / 1 thread", "S9", "S8", "1.15", lambda r: r["wall"] <= 1.15)


def s3(bench, table, wanted):
    jobs = int(20000 * bench.options.scale)
    source = bench.source("packed-1", "--version", "1", "--jobs", str(jobs), "--median-size", "8000", "--gzip-share", "1",
                          "--pretty-share", "0", "--no-quirks")
    how = (3, "--threads", "2", "--data", "link")
    check(bench.migrate(source, *how)["target"], 3, jobs)
    turns = [(bench.migrate(source, *how), bench.copy(source, "-al")) for _ in range(bench.options.runs)]
    table.add("S3 1->3, data linked, 2 threads / cp -al", jobs, bytes_of(source) / 1e6, turns, "1.3", lambda r: r["wall"] <= 1.3)


def s4(bench, table, wanted):
    """Jobs whose data have the size of those of S1, and jobs whose .gz files have it."""
    jobs = int(1000 * bench.options.scale)
    for size in (100, 350):
        source = bench.source(f"packed-{size}", "--version", "0", "--jobs", str(jobs), "--total-size", f"{jobs * size}kB",
                              "--gzip-share", "1", "--pretty-share", "0", "--no-quirks")
        check(bench.migrate(source, 1, "--threads", "2")["target"], 1, jobs)

        def codec(threads):
            seconds = float(bench.measure([bench.program("bench/codec_alone"), source, threads])["output"])
            return {"wall": seconds, "peak": 0, "sync": 0}

        turns = [{"two": bench.migrate(source, 1, "--threads", "2"), "codec two": codec("2"), "cp": bench.copy(source, "-r")} |
                 ({"one": bench.migrate(source, 1, "--threads", "1"), "codec one": codec("1")} if "S8" in wanted else {})
                 for _ in range(bench.options.runs)]
        for turn in turns:  # the least possible time: the codec, and as much CPU as cp uses, spread over both cores
            turn["floor"] = turn["codec two"] | {"wall": turn["codec two"]["wall"] + turn["cp"]["cpu"] / 2}
        megabytes = bytes_of(source) / 1e6

        def row(name, ours, peer, bar, holds):
            table.add(f"{name} ({size} kB)", jobs, megabytes, [(turn[ours], turn[peer]) for turn in turns], bar, holds)

        if "S4" in wanted:
            row("S4 0->1 of .gz, 2 threads / the codec alone", "two", "codec two", "1.2", lambda r: r["wall"] <= 1.2)
            row("S4 the codec alone and half the CPU of cp -r / the codec", "floor", "codec two", "the limit", lambda r: True)
        if "S8" in wanted:
            row("S8 0->1 of .gz, 1 thread / 2 threads", "one", "two", "1.85 or more", lambda r: r["wall"] >= 1.85)
            row("S8 the codec alone, 1 thread / 2 threads", "codec one", "codec two", "the limit", lambda r: True)


def make_large_job(bench, size):
    """Makes an archive of one job whose data.json has `size` bytes."""
    archive = bench.fresh("large")
    small = bench.source("one", "--version", "0", "--jobs", "1", "--gzip-share", "0", "--no-quirks", "--clusters", "1")
    shutil.copytree(small, archive)
    path = next(archive.glob("*/*/*/*/data.json"))
    metric = json.loads(next(archive.glob("*/cluster.json")).read_text())["metricConfig"][0]["name"]
    random.seed(1)
    numbers = ",".join(f"{random.random() * 100:.{random.choice((0, 1, 2, 3, 6))}f}" for _ in range(20000))
    with open(path, "w") as out:
        out.write('{"%s":{"core":{"unit":"load","timestep":60,"series":[' % metric)
        written = series = 0
        while written < size:
            written += out.write('%s{"hostname":"n1","id":%d,"statistics":{"min":0,"avg":1,"max":2},"data":[%s]}' % ("," if series else "", series, numbers))
            series += 1
        out.write("]}}}")
    return archive, path


def s5(bench, table, wanted):
    archive, path = make_large_job(bench, int(1e9 * bench.options.scale))
    size = path.stat().st_size
    first = bench.migrate(archive, 1)["target"]
    check(first, 1, 1)
    written = first / path.relative_to(archive)
    if written.stat().st_size < size or written.read_bytes()[-30:-6] != path.read_bytes()[-30:-6]:
        fail("the large file was not copied completely")
    shutil.rmtree(first)
    turns = []
    for _ in range(bench.options.runs):
        ours, peer = bench.migrate(archive, 1), bench.copy(path)
        shutil.rmtree(ours["target"])  # Removing two files does not slow down the next turn.
        peer["target"].unlink()
        turns.append((ours, peer | {"peak": size / 1e6}))
    table.add("S5 one job / cp of its data.json, its size", 1, size / 1e6, turns, "1.5, peak 2.2",
              lambda r: r["wall"] <= 1.5 and r["peak"] <= 2.2)


def s6(bench, table, wanted):
    if os.geteuid() != 0:
        print("S6 is left out: only root can drop the page cache")
        return
    jobs = int(20000 * bench.options.scale)
    source = bench.source("small-0", "--version", "0", "--jobs", str(jobs), "--total-size", f"{jobs * 15}kB", "--gzip-share", "0",
                          "--pretty-share", "0", "--no-quirks")
    check(bench.migrate(source, 1, "--threads", "2")["target"], 1, jobs)
    turns = [(bench.migrate(source, 1, "--threads", "2", cold=True), bench.copy(source, "-r", cold=True)) for _ in range(bench.options.runs)]
    table.add("S6 0->1, nothing cached, 2 threads / cp -r", jobs, bytes_of(source) / 1e6, turns, "0.6", lambda r: r["wall"] <= 0.6)


def s7(bench, table, wanted):
    few, many = int(10_000 * bench.options.scale), int(1_000_000 * bench.options.scale)

    def archive(jobs):
        return bench.source(f"many-{jobs}", "--version", "1", "--jobs", str(jobs), "--median-size", "500", "--gzip-share", "0",
                            "--pretty-share", "0", "--no-quirks")

    small, large = archive(few), archive(many)
    turns = []
    for turn in range(min(2, bench.options.runs)):  # each takes minutes and much space
        peer = bench.migrate(small, 3, "--threads", "2", "--data", "link")
        ours = bench.migrate(large, 3, "--threads", "2", "--data", "link")
        check(peer["target"], 3, few)
        if turn == 0:
            check(ours["target"], 3, many)
        # Scaled to the number of jobs, so the ratio compares the time per job.
        ours["wall"], ours["cpu"] = ours["wall"] * few / many, ours["cpu"] * few / many
        turns.append((ours, peer))
    table.add(f"S7 1->3, {many} jobs / {few}, per job", many, 0, turns, "1.25, peak 1.3",
              lambda r: r["wall"] <= 1.25 and r["peak"] <= 1.3)


SCENARIOS = {("S1", "S2", "S8", "S9", "S10"): of_plain_files, ("S3",): s3, ("S4", "S8"): s4, ("S5",): s5, ("S6",): s6, ("S7",): s7}


def main():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="S1,S2,S3,S4,S5,S6,S8,S9,S10",
                        help="which of S1 to S10 to run (default: all but S7, which needs a million jobs, 20 GB and half an hour)")
    parser.add_argument("--runs", type=int, default=7, help="number of turns; use at least 7 (default: 7)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor for the size of all archives (default: 1)")
    parser.add_argument("--build", default=HERE.parent / "build" / "release", help="directory of the programs (default: build/release)")
    parser.add_argument("--scratch", help="directory for archives, which need 30 GB at scale 1 (default: TMPDIR)")
    parser.add_argument("--json", help="write the results to this file")
    options = parser.parse_args()
    wanted = set(options.scenarios.split(","))
    bench = Bench(options)
    table = Table()
    try:
        for names, scenario in SCENARIOS.items():
            if wanted & set(names):
                scenario(bench, table, wanted)
    finally:
        # Not earlier: after the removal of a large tree, ext4 creates files several times more slowly for minutes.
        shutil.rmtree(bench.scratch, ignore_errors=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"format": "jobferry-bench", "formatVersion": 1, "rows": table.rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
