"""What the checks of this folder share: which files there are, and how findings are reported."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CPP = (".h", ".cpp")
# Where files stand that people write. Anything else in a checkout (build/, .deps/, data/) is not looked at.
FOLDERS = ["src", "tests", "tools", "cmake", "docs", "packaging", "third_party", "bench", "fuzz", "web", ".ci"]


def files(folders=FOLDERS, root=ROOT):
    """Every file under the folders, and those at the root where the default is asked for."""
    found = [path for folder in folders if (root / folder).is_dir() for path in (root / folder).rglob("*")]
    if folders is FOLDERS:
        found += root.iterdir()
    hidden = {".git", "node_modules", "__pycache__"}
    return sorted(path for path in found if path.is_file() and not hidden & set(path.relative_to(root).parts))


def is_test(path):
    return path.stem.endswith("_test") or "tests" in path.parts


def report(name, findings, looked_at):
    """Prints the findings as file:line: text; the process ends with 1 where there are any."""
    for path, line, text in findings:
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        print(f"{where}:{line}: {text}")
    if looked_at == 0:
        print(f"{name}: looked at nothing")
        sys.exit(1)
    print(f"{name}: {looked_at} files, {len(findings)} findings")
    sys.exit(1 if findings else 0)


def without_comments_and_strings(text):
    """C++ source of the same length and lines, with comments and literals blanked."""
    out = list(text)
    i = 0

    def blank(begin, end):
        for k in range(begin, min(end, len(out))):
            if out[k] != "\n":
                out[k] = " "

    while i < len(text):
        if text.startswith("//", i):
            end = text.find("\n", i)
            end = len(text) if end < 0 else end
        elif text.startswith("/*", i):
            end = text.find("*/", i + 2)
            end = len(text) if end < 0 else end + 2
        elif text.startswith('R"', i) and not (i and (text[i - 1].isalnum() or text[i - 1] == "_")):
            delimiter = text[i + 2:text.index("(", i)]
            end = text.find(")" + delimiter + '"', i)
            end = len(text) if end < 0 else end + len(delimiter) + 2
        elif text[i] == '"' or (text[i] == "'" and not (i and text[i - 1].isalnum())):
            end = i + 1
            while end < len(text) and text[end] != text[i] and text[end] != "\n":
                end += 2 if text[end] == "\\" else 1
            end += 1
        else:
            i += 1
            continue
        blank(i, end)
        i = end
    return "".join(out)
