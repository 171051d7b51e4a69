#!/usr/bin/env python3
"""Checks two rules of the layers, which docs/architecture.md describes:

- Includes point down: from a layer to itself or to a lower one, and never in a circle.
- Only src/io calls the system for a file. All other code goes through it, so that tests can replace the disk.

  check_layers.py [ROOT]    prints the files of every break; the exit code is 1 if there is one
"""
import pathlib
import re
import sys

# From the bottom up. Folders on one line must not include each other.
LAYERS = [
    ["base"],
    ["json"],
    ["io"],
    ["archive"],
    ["steps"],
    ["engine"],
    ["info", "forecast", "validate", "verify"],
    ["report"],
    ["cli"],
    ["commands"],
    ["main"],
]
# A public header belongs to the folder that implements it.
PUBLIC = {
    "error": "base", "types": "base", "versions": "base", "options": "base", "progress": "base",
    "limits": "base",
    "step": "steps", "migrate": "engine",
    "info": "info", "forecast": "forecast", "validate": "validate", "verify": "verify",
}
LEVEL = {folder: level for level, row in enumerate(LAYERS) for folder in row}
DISK_CALLS = """access chdir chmod chown close creat faccessat fchmod fchmodat fchown fchownat fcntl fdatasync fdopendir
    fstat fstatat fsync ftruncate futimens lchown link linkat lstat mkdir mkdirat mkfifo mkstemp open openat opendir
    pread pwrite read readdir readlink readlinkat realpath remove rename renameat rmdir stat statfs statvfs symlink
    symlinkat sync syncfs truncate unlink unlinkat utimensat write""".split()
# Code here writes a system call with `::`. The streams and file systems of the libraries count as well;
# boost::filesystem::path does not, because it only splits names.
DISK = re.compile(r"(?<![\w>:)])::(?:%s)\s*\(|\bfopen\s*\(|std::filesystem|boost::filesystem::(?!path\b)"
                  r"|std::[io]?fstream" % "|".join(DISK_CALLS))
# Files outside src/io that call the system, and why.
DISK_EXCEPTIONS = {
    "cli/signals.cpp": "opens /dev/null in the place of standard streams that are closed, before anything else is opened",
    "commands/migrate.cpp": "reads the answer to a question from the terminal",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def folder_of(path):
    """The layer of a file, by its path below src/ or include/."""
    parts = path.split("/")
    if parts[0] == "jobferry":
        return PUBLIC.get(parts[1].removesuffix(".h"))
    return parts[0].removesuffix(".cpp") if len(parts) == 1 else parts[0]


def module_of(path):
    """The module of a file: a header and the file that implements it are one module."""
    return re.sub(r"\.(h|cpp)$", "", path)


def circles(edges):
    """Modules that include themselves through others, each with one such path."""
    done, found = set(), []

    def visit(module, path):
        if module in path:
            found.append(path[path.index(module):] + [module])
            return
        if module in done:
            return
        for other in sorted(edges.get(module, ())):
            visit(other, path + [module])
        done.add(module)

    for module in sorted(edges):
        visit(module, [])
    return found


def disk_calls(name, text):
    """What a file outside of src/io calls for a file, each with its line."""
    if folder_of(name) == "io" or name in DISK_EXCEPTIONS:
        return
    for number, line in enumerate(text.splitlines(), 1):
        code = re.sub(r'"(?:\\.|[^"\\])*"', '""', line).split("//")[0]
        for call in DISK.findall(code):
            yield f"{name}:{number}: {call.strip(' (')} belongs in src/io"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    files = {}
    for top in ("src", "include"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in (".h", ".cpp"):
                files[str(file.relative_to(root / top))] = file
    wrong, edges = [], {}
    for name, file in files.items():
        if folder_of(name) not in LEVEL:
            wrong.append(f"{name}: its folder is not a layer")
            continue
        text = file.read_text()
        wrong += disk_calls(name, text)
        for other in INCLUDE.findall(text):
            if other not in files:
                wrong.append(f"{name} includes {other}: there is no such file below src/ or include/")
            elif folder_of(other) not in LEVEL:
                continue  # the loop reports that file itself
            elif folder_of(other) != folder_of(name) and LEVEL[folder_of(other)] >= LEVEL[folder_of(name)]:
                wrong.append(f"{name} includes {other}: {folder_of(name)} must not include {folder_of(other)}")
            elif module_of(other) != module_of(name):
                edges.setdefault(module_of(name), set()).add(module_of(other))
    wrong += ["in a circle: " + " -> ".join(path) for path in circles(edges)]
    if not files:
        wrong.append(f"{root}: no sources found")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
