#!/usr/bin/env python3
"""Runs schemathesis over the document of a real adit: requests that follow it and requests that break it, each by itself
and in sequences. What counts: no 5xx but the documented 504, no undocumented status, header, media type or body, and
nothing accepted that the document forbids.

Two runs. The second leaves out the headers that a body must agree with (digests, encoding): made-up ones do not, and
no request would get past them.

Not asked is that all which the schema allows is accepted: a schema can't say that a column exists, or that two ids are
the same. Nor that what was created is found, since the ids of paths are set here. How
well the generator does (its health checks) is no matter of the server.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import urllib.request

from server import Server, wait_until

ABOUT_BODY = ("Content-Encoding", "Content-Digest", "Repr-Digest", "Content-MD5")
SECONDS_MAX = 600


def call(server, method, path, body=None, content_type="application/json"):
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": content_type}
    with urllib.request.urlopen(urllib.request.Request(f"http://{server.address}{path}", data, headers, method=method)) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def settings(server):
    """What paths name has to exist, and what is deleted must not be what the rest needs."""
    pool, other = (call(server, "POST", "/integration/api/pools", {"name": name})["id"] for name in ("Made up", "To delete"))
    key = call(server, "POST", "/adit/api/v1/keys", {"name": "to delete"})["id"]
    jobs = f"/data-ingestion/api/v1/data-push/{pool}/jobs"
    job = call(server, "POST", jobs, {"type": "REPLACE", "fileType": "CSV", "targetName": "orders"})["id"]
    call(server, "POST", f"{jobs}/{job}/chunks/upserted", b"order_id,status,amount\n1,open,10.50\n", "text/csv")
    call(server, "POST", f"{jobs}/{job}", b"")
    wait_until(lambda: call(server, "GET", f"{jobs}/{job}")["status"] == "DONE", "the table")
    lines = ["[checks.not_a_server_error]", 'expected-statuses = ["2xx", "3xx", "4xx", "504"]',
             "[parameters]", f'"path.poolId" = "{pool}"', f'"path.keyId" = "{key}"']
    for operation, name, value in (("deletePool", "poolId", other), ("downloadTable", "tableName", "orders"), ("deleteRows", "tableName", "orders")):
        lines += ["[[operations]]", f'include-operation-id = "{operation}"', f'parameters = {{ "path.{name}" = "{value}" }}']
    return "\n".join(lines) + "\n"


def without_headers_about_the_body(document):
    for item in document["paths"].values():
        for operation in item.values():
            operation["parameters"] = [p for p in operation.get("parameters", []) if p.get("$ref", "").split("/")[-1] not in ABOUT_BODY]
    for name in ABOUT_BODY:
        del document["components"]["parameters"][name]
    return document


def run(arguments, change):
    with Server(arguments.binary) as server:
        folder = pathlib.Path(server.folder.name)
        (folder / "schemathesis.toml").write_text(settings(server))
        (folder / "openapi.json").write_text(json.dumps(change(call(server, "GET", "/openapi.json"))))
        command = [arguments.program, "--config-file", folder / "schemathesis.toml", "run", folder / "openapi.json",
                   "--url", f"http://{server.address}", "-H", f"Authorization: Bearer {server.key}",
                   "--generation-with-security-parameters", "false", "--exclude-tag", "Aliases",
                   "--exclude-checks", "positive_data_acceptance,ensure_resource_availability", "--suppress-health-check", "filter_too_much,too_slow", "--warnings", "off", "--continue-on-failure",
                   "--max-failures", "20", "--max-examples", str(arguments.examples), "--seed", str(arguments.seed),
                   "--request-timeout", "60", "--generation-database", "none", "--no-color"]
        return subprocess.run([str(part) for part in command], cwd=folder, timeout=SECONDS_MAX).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--program", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--examples", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    codes = [run(arguments, change) for change in (lambda document: document, without_headers_about_the_body)]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
