#!/usr/bin/env python3
"""Files of src/ stay within 450 lines and functions within 70; tests are not measured.

Functions are found by counting braces: a `{` that follows a `)` (and what may stand between: const, noexcept, a
trailing return type, an initialiser list) and is not inside another function opens one. Lambdas count as
part of the function around them. It is a heuristic; it errs by missing a function, not by making one up.
"""

import pathlib
import re
import sys
import tempfile

import sources

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 70

NOT_FUNCTIONS = re.compile(r"\b(namespace|class|struct|enum|union|extern)\b[^()]*$")
FUNCTION_HEAD = re.compile(r"\)\s*(const|noexcept|override|final|mutable|&&?|->[^;{}]*|:[^;]*|requires[^;{}]*|\s)*$", re.S)
# `: a_(1), b_{` of a constructor: formatted code leaves no space before such a brace, but one before a body.
MEMBER_INITIALISER = re.compile(r"\)\s*(noexcept\s*)?:\s[^;]*[\w>]$", re.S)


def functions(text):
    """(first line, number of lines) of each outermost function body, its head included."""
    text = re.sub(r"^[ \t]*#.*?(?<!\\)$", "", sources.without_comments_and_strings(text), flags=re.M)
    stack = []  # for each open brace: whether it opened a function, None for a member's initialiser
    head_begin = 0
    line = 1
    inside = False
    begin_line = 0
    for i, char in enumerate(text):
        if char == "\n":
            line += 1
        elif char == "{":
            head = text[head_begin:i]
            if not inside and MEMBER_INITIALISER.search(head):
                stack.append(None)
                continue
            opens = not inside and FUNCTION_HEAD.search(head) and not NOT_FUNCTIONS.search(head)
            if opens:
                inside = True
                begin_line = line - head.lstrip().count("\n")
            stack.append(bool(opens))
            if not inside:
                head_begin = i + 1
        elif char == "}":
            opened = stack.pop() if stack else False
            if opened is None:
                continue
            if opened:
                inside = False
                yield begin_line, line - begin_line + 1
            if not inside:
                head_begin = i + 1
        elif char == ";" and not inside:
            head_begin = i + 1


def check_file(path):
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        yield path, 1, f"{lines} lines, at most {FILE_LINES_MAX}: split it by subject"
    for begin, count in functions(text):
        if count > FUNCTION_LINES_MAX:
            yield path, begin, f"a function of {count} lines, at most {FUNCTION_LINES_MAX}: split it"


def check(root):
    paths = [path for path in sources.files(["src"], root) if path.suffix in sources.CPP and not path.stem.endswith("_test")]
    return [finding for path in paths for finding in check_file(path)], len(paths)


def self_test():
    body = "  work();\n"
    heads = ["int f(int a) {\n", "Thing::Thing(int a)\n    : a_(a), b_(make(a)) {\n", "Thing::Thing(int a) noexcept\n    : a_{a}, b_{1, 2} {\n", "auto Thing::f() const noexcept -> Result<int> {\n",
             "namespace x {\nclass C {\n  void f() override {\n", "template <class T>\nvoid f(T t) requires std::integral<T> {\n"]
    for head in heads:
        for count, expected in ((FUNCTION_LINES_MAX - head.count("\n") - 1, 0), (FUNCTION_LINES_MAX + 1, 1)):
            text = head + body * count + "}" * head.count("{") + "\n"
            found = [size for _, size in functions(text) if size > FUNCTION_LINES_MAX]
            if len(found) != expected:
                sys.exit(f"self-test: {head!r} with {count} lines: {found}")
    harmless = ["namespace a {\n" + "int x;\n" * 100 + "}\n", "class C {\n" + "  void f();\n" * 100 + "};\n",
                "void f() {\n  const char* s = \"{{{\";  // {{{\n}\n" + "int y;\n" * 100,
                "constexpr Row kRows[] = {\n" + "  {1, 2},\n" * 100 + "};\n"]
    for text in harmless:
        found = [size for _, size in functions(text) if size > FUNCTION_LINES_MAX]
        if found:
            sys.exit(f"self-test: {text[:40]!r}…: {found}")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "src" / "a.cpp"
        path.parent.mkdir()
        path.write_text("int x;\n" * (FILE_LINES_MAX + 1))
        if len(check(pathlib.Path(folder))[0]) != 1:
            sys.exit("self-test: a file that is too long was not found")
    print(f"self-test: {2 * len(heads) + len(harmless) + 1} cases")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        sources.report("check_sizes", *check(sources.ROOT))
