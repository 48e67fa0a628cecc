#!/usr/bin/env python3
"""What pages quote from the program is what the program says.

docs/TROUBLESHOOTING.md: each message in a table whose first column is "message" stands in a literal of src/. An ellipsis
stands for what the program puts in; the parts around it are looked for one by one.
docs/*.md: each name of a metric (adit_…) stands in a literal of src/ as well."""

import pathlib
import re
import sys
import tempfile

import sources

PAGE = "TROUBLESHOOTING.md"
ELLIPSIS = "…"
# A part as short as this would be found anywhere, so one part of each message has to be longer.
PART_MIN = 10
LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'', re.S)
METRIC = re.compile(r"\badit_[a-z_]+\b")
HISTOGRAM_PARTS = re.compile(r"_(bucket|count|sum)$")


def literals(text):
    """The string literals of C++ source, unescaped; those that the compiler joins are joined."""
    found, end = [], None
    for match in LITERAL.finditer(text):
        if match.group(2) is not None:
            value = match.group(2)
        elif match.group(3) is not None:
            value = re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape.group(1), escape.group(1)), match.group(3))
        else:  # a comment or a character
            continue
        if end is not None and not text[end:match.start()].strip():
            found[-1] += value
        else:
            found.append(value)
        end = match.end()
    return found


def quoted_messages(text):
    """(line, message) for each row of a table of messages."""
    in_table = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("|"):
            in_table = False
        elif line.startswith("| message |"):
            in_table = True
        elif in_table and not line.startswith("|---"):
            for message in re.findall(r"`([^`]+)`", line.split("|")[1]):
                yield number, message


def check_messages(path, known):
    for number, message in quoted_messages(path.read_text()):
        parts = [part.strip() for part in message.split(ELLIPSIS) if part.strip()]
        if max(map(len, parts), default=0) < PART_MIN:
            yield path, number, f'"{message}" is too short to be looked for: quote more of it'
        for part in parts:
            if not any(part in literal for literal in known):
                yield path, number, f'no message in src/ says "{part}"'


def check_metrics(path, known):
    for number, line in enumerate(path.read_text().split("\n"), 1):
        for name in METRIC.findall(line):
            if HISTOGRAM_PARTS.sub("", name) not in known and name not in known:
                yield path, number, f"there is no metric {name}"


def check(root):
    known = []
    for path in sources.files(["src"], root):
        if path.suffix in sources.CPP and not sources.is_test(path.relative_to(root)):
            known += literals(path.read_text())
    exact = set(known)
    pages = [path for path in sources.files(["docs"], root) if path.suffix == ".md"]
    findings = [finding for path in pages for finding in check_metrics(path, exact)]
    for path in pages:
        if path.name == PAGE:
            findings += check_messages(path, known)
            if not any(quoted_messages(path.read_text())):
                findings.append((path, 1, "quotes no message: its tables need a first column \"message\""))
    return findings, len(pages)


def self_test():
    source = ('// "A comment says so."\nerror("The chunk is larger than " +\n n + " bytes: \\"" "send less" " of it.");\n'
              'gauge("adit_pools_open"); char c = \'"\'; other("adit_land_seconds");\n')
    table = "| message | do |\n|---|---|\n"
    cases = [
        (PAGE, table + "| `The chunk is larger than … bytes` | a |\n", None),
        (PAGE, table + '| `bytes: "send less of it.` | a |\n', None),
        (PAGE, table + "| `The chunk is smaller than … bytes` | a |\n", 'says "The chunk is smaller than"'),
        (PAGE, table + "| `The chunk is larger than … bits` | a |\n", 'says "bits"'),
        (PAGE, table + "| `A comment says so.` | a |\n", "no message"),
        (PAGE, table + "| `… bytes` | a |\n", "too short"),
        (PAGE, "| word | do |\n|---|---|\n| `Nothing of the kind.` | a |\n", "quotes no message"),
        ("OTHER.md", "Watch `adit_pools_open` and `adit_land_seconds_bucket{le=\"1\"}`.\n", None),
        ("OTHER.md", "Watch `adit_pools_closed`.\n", "no metric adit_pools_closed"),
    ]
    for name, page, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in (("src/a.cpp", source), ("docs/" + name, page)):
                (root / path).parent.mkdir(exist_ok=True)
                (root / path).write_text(text)
            texts = [text for _, _, text in check(root)[0]]
            if not (not texts if expected is None else len(texts) == 1 and expected in texts[0]):
                sys.exit(f"self-test: {page!r}: expected {expected}, found {texts}")
    print(f"self-test: {len(cases)} cases")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        sources.report("check_docs", *check(sources.ROOT))
