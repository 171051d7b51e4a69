#!/usr/bin/env python3
"""The sources respect their layers and the one seam to the disk, and check_layers.py reports sources that do not."""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FAULTS = {
    "upward": ({"src/io/a.h": '#include "engine/b.h"', "src/engine/b.h": ""}, "io/a.h includes engine/b.h"),
    "sideways": ({"src/verify/a.cpp": '#include "validate/b.h"', "src/validate/b.h": ""},
                 "verify/a.cpp includes validate/b.h"),
    "to the program": ({"src/cli/a.cpp": '#include "commands/b.h"', "src/commands/b.h": ""},
                       "cli/a.cpp includes commands/b.h"),
    "to a public header": ({"src/io/a.h": '#include "jobferry/migrate.h"', "include/jobferry/migrate.h": ""},
                           "io/a.h includes jobferry/migrate.h"),
    "in a circle": ({"src/io/a.h": '#include "io/b.h"', "src/io/b.h": "", "src/io/b.cpp": '#include "io/a.h"'},
                    "in a circle: io/a -> io/b -> io/a"),
    "by a short name": ({"src/io/a.cpp": '#include "a.h"', "src/io/a.h": ""}, "io/a.cpp includes a.h"),
    "in no layer": ({"src/other/a.cpp": ""}, "other/a.cpp: its folder is not a layer"),
    "a public header in no layer": ({"include/jobferry/other.h": ""}, "jobferry/other.h: its folder is not a layer"),
    "a system call": ({"src/engine/a.cpp": "int fd = ::openat(at, name, flags);"},
                      "engine/a.cpp:1: ::openat belongs in src/io"),
    "a file system of the library": ({"src/cli/a.cpp": "\nstd::filesystem::remove(path);"},
                                     "cli/a.cpp:2: std::filesystem belongs in src/io"),
    "a stream of the library": ({"src/report/a.cpp": "std::ofstream out(path);"},
                                "report/a.cpp:1: std::ofstream belongs in src/io"),
    "no files": ({}, "no sources found"),
}


def check(root):
    ran = subprocess.run([ROOT / "tools/check_layers.py", root], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def main():
    failures = []
    for name, (files, words) in FAULTS.items():
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                file = pathlib.Path(root) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text + "\n")
            code, said = check(root)
        if code != 1 or words not in said:
            failures.append(f"{name}: exit code {code}: {said}")
    code, said = check(ROOT)
    if code != 0:
        failures.append(said)
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
