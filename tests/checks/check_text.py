#!/usr/bin/env python3
"""No leftovers in any text file: notes to self, tabs, spaces at line ends, addresses of package registries;
and every shell script parses."""

import pathlib
import re
import subprocess
import sys
import tempfile

import sources

# Put together so that this file does not find itself.
NOTES = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
REGISTRIES = re.compile("|".join(["registry" + r"\.npmjs", r"npm" + "mirror", r"deb" + r"\.debian\.org", r"snapshot" + r"\.debian",
                                  "py" + r"pi\.org", r"files\." + "pythonhosted", r"crates" + r"\.io", r"//[^/\s]*artifact" + "ory"]))
BINARY = {".parquet", ".png", ".ico", ".gz", ".zst", ".woff2"}
TABS_ALLOWED = ("Makefile",)


def is_shell(path, text):
    return path.suffix == ".sh" or re.match(r"#!.*\b(ba)?sh\b", text) is not None


def check_file(path):
    data = path.read_bytes()
    # The inputs of fuzz targets are bytes, not texts.
    if path.suffix in BINARY or "corpus" in path.parts:
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield path, data[:error.start].count(b"\n") + 1, "is not UTF-8"
        return
    # Rows that a test pushes may hold whatever they like.
    is_data = path.suffix == ".csv"
    for number, line in enumerate(text.split("\n"), 1):
        if NOTES.search(line) and not is_data:
            yield path, number, f"a note to self ({NOTES.search(line).group()}): do it, or open an issue"
        if REGISTRIES.search(line):
            yield path, number, "the address of a package registry: leave it to the machine's settings"
        if "\t" in line and path.name not in TABS_ALLOWED and not is_data:
            yield path, number, "a tab"
        if line != line.rstrip(" ") and not is_data:
            yield path, number, "spaces at the end of the line"
    if text and not text.endswith("\n") and not is_data:
        yield path, text.count("\n") + 1, "no line end at the end of the file"
    if is_shell(path, text):
        parsed = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
        if parsed.returncode != 0:
            yield path, 1, f"bash cannot parse it: {parsed.stderr.strip()}"


def check(root):
    paths = sources.files(root=root)
    return [finding for path in paths for finding in check_file(path)], len(paths)


def self_test():
    cases = [
        ("a.cpp", "int a;  // TO" + "DO later\n", "note to self"),
        ("a.md", "ask registry" + ".npmjs.org\n", "registry"),
        ("a.cpp", "\tint a;\n", "tab"),
        ("a.cpp", "int a; \n", "spaces"),
        ("a.cpp", "int a;", "no line end"),
        ("a.sh", "if true; then\n", "parse"),
        ("a", "#!/usr/bin/env bash\nfor\n", "parse"),
        ("a.txt", b"a\nGr\xfc\xdfe\n", "UTF-8"),
        ("Makefile", "all:\n\t@true\n", None),
        ("a.csv", "a;b \n1;\t", None),
        ("corpus/a", b"\t\xff \n", None),
        ("a.sh", "echo fine\n", None),
    ]
    for name, content, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            texts = [text for _, _, text in check_file(path)]
            if not (not texts if expected is None else len(texts) == 1 and expected in texts[0]):
                sys.exit(f"self-test: {name} {content!r}: expected {expected}, found {texts}")
    print(f"self-test: {len(cases)} cases")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        sources.report("check_text", *check(sources.ROOT))
