#!/usr/bin/env python3
"""The answers that other tests got from their servers, held against the OpenAPI document. They come from requests that
nobody wrote with the document in mind.

Usage: recorded_test.py ADIT_BINARY FOLDER_OF_RECORDS; code 77 when no tests have run since the build.
"""

import json
import pathlib
import sys

from server import Answer, Client, Server

# Sent only where --cors-origins is set; no route's own.
CROSS_ORIGIN = ("access-control-", "vary")


def answers(folder, built):
    """(method, target, answer, where) of each record of this build; the last line of a killed process may be cut."""
    for path in sorted(folder.glob("*.jsonl")):
        if path.stat().st_mtime < built:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            headers = {name: value for name, value in record["headers"].items() if not name.startswith(CROSS_ORIGIN)}
            yield record["method"], record["target"], Answer(record["status"], headers, bytes.fromhex(record["body"])), f"{path.stem}:{number}"


def main(binary, folder):
    with Server(binary) as server:
        client = Client(server)
        contract = client.contract
        client.connection.close()
    judged, wrong = set(), {}
    for method, target, answer, where in answers(folder, pathlib.Path(binary).stat().st_mtime):
        # The same answer again tells nothing new, and a validator takes its time.
        kind = (method, contract.template(target), answer.status, len(answer.body))
        if kind in judged:
            continue
        judged.add(kind)
        for finding in contract.findings(method, target, answer):
            wrong.setdefault(f"{method} {kind[1]} -> {answer.status}: {finding}", f"{where} {target[:200]}")
    for finding, where in wrong.items():
        print(f"{finding}\n    {where}")
    print(f"{len(judged)} kinds of answers, {len(wrong)} findings")
    if not judged:
        return 77
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
