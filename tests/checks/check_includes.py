#!/usr/bin/env python3
"""Folders of src/ know each other in one direction only, and each library stands behind one folder."""

import pathlib
import re
import sys
import tempfile

import sources

# A folder may include from folders of lower layers and from itself, never from a sibling in its layer.
LAYERS = [
    ["base"],
    ["model"],
    ["formats"],
    ["http", "chunks", "catalog", "warehouse", "client"],
    ["access", "push"],
    ["backup"],
    ["api", "console"],
    ["app"],
]
LAYER_OF = {folder: number for number, layer in enumerate(LAYERS) for folder in layer}

# Header pattern, the places under the root that may include it, and why.
CONFINED = [
    (r"duckdb\.hp*$", ["src/warehouse/duckdb/", "tests/", "bench/", "fuzz/"], "the engine stays in warehouse/duckdb/"),
    (r"soci/|sqlite3\.h$", ["src/catalog/", "tests/", "bench/"], "the catalog's database stays in catalog/"),
    (r"boost/(asio|beast)", ["src/http/", "src/client/", "tests/", "bench/", "fuzz/"],
     "the network library stays in http/ and client/"),
]
# A command waits for signals and wires servers together; it speaks to no socket.
ALLOWED = {("src/app/", "boost/asio/signal_set.hpp"), ("src/app/", "boost/asio/io_context.hpp")}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def check_file(path, root):
    where = path.relative_to(root).as_posix()
    folder = where.split("/")[1] if where.startswith("src/") and where.count("/") >= 2 else None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, header = match.groups()
        for pattern, places, why in CONFINED:
            allowed = any(where.startswith(place) and header == name for place, name in ALLOWED)
            if re.match(pattern, header) and not allowed and not any(where.startswith(place) for place in places):
                yield path, number, f"includes {header}: {why}"
        if folder is None or quote != '"':
            continue
        target = header.split("/")[0]
        if folder not in LAYER_OF:
            yield path, number, f"folder src/{folder} has no place in the layers of tests/checks/check_includes.py"
        elif "/" not in header or target not in LAYER_OF:
            yield path, number, f'includes "{header}": paths are relative to src/'
        elif target != folder and LAYER_OF[target] == LAYER_OF[folder]:
            yield path, number, f"includes {header}: {folder}/ and {target}/ are siblings and do not know each other"
        elif LAYER_OF[target] > LAYER_OF[folder]:
            yield path, number, f"includes {header}: {target}/ stands above {folder}/"


def check(root):
    paths = [path for path in sources.files(["src", "tests", "bench", "fuzz"], root) if path.suffix in sources.CPP]
    return [finding for path in paths for finding in check_file(path, root)], len(paths)


def self_test():
    cases = [
        ("src/base/a.h", '#include "model/job.h"', "stands above"),
        ("src/http/a.cpp", '#include "catalog/catalog.h"', "siblings"),
        ("src/push/a.cpp", '#include "access/keys.h"', "siblings"),
        ("src/push/a.cpp", "#include <duckdb.h>", "engine"),
        ("src/warehouse/a.cpp", '#include "duckdb.h"', "engine"),
        ("src/push/a.cpp", "#include <soci/soci.h>", "catalog's database"),
        ("src/api/a.cpp", "#  include <boost/beast/http.hpp>", "network"),
        ("src/app/a.cpp", "#include <boost/asio/ip/tcp.hpp>", "network"),
        ("src/base/a.cpp", '#include "result.h"', "relative to src"),
        ("src/extra/a.cpp", '#include "base/result.h"', "no place"),
        ("src/api/a.cpp", '#include "push/service.h"', None),
        ("src/app/a.cpp", '#include "http/server.h"', None),
        ("src/app/a.cpp", "#include <boost/asio/signal_set.hpp>", None),
        ("src/warehouse/duckdb/a.cpp", "#include <duckdb.h>", None),
        ("tests/e2e/a.cpp", "#include <boost/beast/http.hpp>", None),
    ]
    for where, line, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / where
            path.parent.mkdir(parents=True)
            path.write_text(f"// first\n{line}\n")
            findings, _ = check(pathlib.Path(folder))
            texts = [(number, text) for _, number, text in findings]
            good = not texts if expected is None else len(texts) >= 1 and all(n == 2 for n, _ in texts) and any(expected in t for _, t in texts)
            if not good:
                sys.exit(f"self-test: {where}: {line}: expected {expected}, found {texts}")
    print(f"self-test: {len(cases)} cases")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        sources.report("check_includes", *check(sources.ROOT))
