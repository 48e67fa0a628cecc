#!/usr/bin/env python3
"""The Postman collection of docs/postman, run against a real adit by newman, which tools/setup puts into .deps/newman.

Usage: postman_test.py ADIT_BINARY
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from server import Client, Server

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COLLECTION = ROOT / "docs" / "postman" / "adit.postman_collection.json"
ENVIRONMENT = ROOT / "docs" / "postman" / "adit.postman_environment.json"
NEWMAN = ROOT / ".deps" / "newman" / "node_modules" / "newman" / "bin" / "newman.js"
SECONDS_MAX = 120
BINARY = ""


def requests(items):
    for item in items:
        yield from requests(item["item"]) if "item" in item else [item]


class PostmanCollection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not NEWMAN.exists():
            raise SystemExit("newman is not there: run tools/setup test")
        cls.server = cls.enterClassContext(Server(BINARY))

    def newman(self, collection, key):
        """The exit code and the report of a run."""
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.json"
            command = ["node", NEWMAN, "run", collection, "-e", ENVIRONMENT, "--working-dir", ROOT / "packaging" / "sample",
                       "--env-var", f"baseUrl=http://{self.server.address}", "--env-var", f"key={key}",
                       "--reporters", "json", "--reporter-json-export", report]
            ran = subprocess.run([str(part) for part in command], timeout=SECONDS_MAX, capture_output=True, text=True)
            self.assertTrue(report.exists(), ran.stdout + ran.stderr)
            return ran.returncode, json.loads(report.read_text())["run"]

    def test_every_step_does_what_it_says(self):
        code, run = self.newman(COLLECTION, self.server.key)
        failures = [f"{f['source']['name']}: {f['error']['message']}" for f in run["failures"]]
        self.assertEqual(failures, [])
        self.assertEqual(code, 0)
        names = {request["name"] for request in requests(json.loads(COLLECTION.read_text())["item"])}
        self.assertEqual({execution["item"]["name"] for execution in run["executions"]}, names)
        self.assertGreater(run["stats"]["assertions"]["total"], 40)

    def test_a_step_that_fails_is_seen(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as spoiled:
            spoiled.write(COLLECTION.read_text().replace("eql([[5000]])", "eql([[5001]])"))
            spoiled.flush()
            code, run = self.newman(spoiled.name, self.server.key)
        self.assertNotEqual(code, 0)
        self.assertEqual([failure["source"]["name"] for failure in run["failures"]], ["Count the rows"])

    def test_every_request_is_one_of_the_document_and_has_a_test(self):
        client = Client(self.server)
        self.addCleanup(client.connection.close)
        contract = client.contract
        for request in requests(json.loads(COLLECTION.read_text())["item"]):
            path = request["request"]["url"]["raw"].removeprefix("{{baseUrl}}").replace("{{", "").replace("}}", "")
            item = contract.document["paths"].get(contract.template(path), {})
            self.assertIn(request["request"]["method"].lower(), item, request["name"])
            self.assertIn("pm.test", "\n".join(request["event"][-1]["script"]["exec"]), request["name"])


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
