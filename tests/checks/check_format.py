#!/usr/bin/env python3
"""Every C++ file is as clang-format-19 leaves it (`make format`). Where that is not installed: exit code 77, skipped."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import sources

TOOL = shutil.which("clang-format-19")
SKIPPED = 77


def finding(path):
    """A finding for the first line that clang-format would change."""
    formatted = subprocess.run([TOOL, f"--style=file:{sources.ROOT / '.clang-format'}", str(path)], capture_output=True, text=True, check=True).stdout
    text = path.read_text(encoding="utf-8")
    if text == formatted:
        return []
    old, new = text.split("\n"), formatted.split("\n")
    first = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    return [(path, first + 1, "is not formatted: make format")]


def check(paths):
    # One process for all files is quick; only where it finds something is each file asked for its line.
    command = [TOOL, "--dry-run", "-Werror", f"--style=file:{sources.ROOT / '.clang-format'}"]
    if subprocess.run(command + [str(path) for path in paths], capture_output=True).returncode == 0:
        return []
    return [found for path in paths for found in finding(path)]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "a.cpp"
        for text, expected in (("int a;\n", []), ("int a;\nint   b;\n", [2])):
            path.write_text(text)
            lines = [line for _, line, _ in check([path])]
            if lines != expected:
                sys.exit(f"self-test: {text!r}: {lines}")
    print("self-test: 2 cases")


if __name__ == "__main__":
    if TOOL is None:
        print("clang-format-19 is not installed (tools/setup dev): skipped")
        sys.exit(SKIPPED)
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        files = [path for path in sources.files(["src", "tests", "tools", "bench", "fuzz"]) if path.suffix in sources.CPP]
        sources.report("check_format", check(files), len(files))
