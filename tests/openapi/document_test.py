#!/usr/bin/env python3
"""The OpenAPI document that a real adit serves is valid, whole, and strict enough to be of use.

Usage: document_test.py ADIT_BINARY
"""

import copy
import json
import pathlib
import sys
import unittest

from jsonschema import Draft202012Validator

from contract import METHODS, Contract
from server import Answer, Client, Server

META = pathlib.Path(__file__).resolve().parent.parent / "data" / "openapi-3.1" / "schema.json"
BINARY = ""


def schemas_of(node):
    """The outermost Schema Objects, each once, as JSON text."""
    if isinstance(node, list):
        return set().union(*map(schemas_of, node))
    if not isinstance(node, dict):
        return set()
    own = {json.dumps(node["schema"])} if isinstance(node.get("schema"), dict) else set()
    return own.union(*(schemas_of(value) for name, value in node.items() if name not in ("schema", "schemas", "example", "examples")))


class Document(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(BINARY))
        cls.client = Client(cls.server)
        cls.addClassCleanup(cls.client.connection.close)
        cls.document = cls.client.contract.document

    def test_it_is_open_to_everyone_and_the_base_url_leads_to_it(self):
        answer = self.client.call("GET", "/openapi.json", authorization=None, expect=200)
        self.assertEqual(answer.headers["content-type"], "application/json")
        for base in ("/", "/data-ingestion/api"):
            self.assertEqual(self.client.call("GET", base, authorization=None).json()["links"]["openapi"], "/openapi.json")
        self.assertEqual(self.client.wrong, [])

    def test_it_is_valid_openapi_3_1(self):
        validator = Draft202012Validator(json.loads(META.read_text()))
        self.assertEqual([f"{e.json_path}: {e.message}"[:300] for e in validator.iter_errors(self.document)], [])
        schemas = [*map(json.loads, schemas_of(self.document)), *self.document["components"]["schemas"].values()]
        self.assertGreater(len(schemas), 60)
        for schema in schemas:
            with self.subTest(schema):
                Draft202012Validator.check_schema(schema)

    def test_the_validator_finds_what_is_wrong(self):
        validator = Draft202012Validator(json.loads(META.read_text()))
        breaks = [
            lambda d: d.pop("info"),
            lambda d: d["paths"]["/healthz"]["get"].update(response={}),
            lambda d: d["paths"]["/healthz"]["get"]["responses"].update({"20": {"description": "a"}}),
            lambda d: d["components"]["parameters"]["poolId"].pop("in"),
            lambda d: d["components"]["securitySchemes"]["userKey"].pop("type"),
        ]
        small = copy.deepcopy(self.document)
        small["paths"] = {"/healthz": small["paths"]["/healthz"]}
        small["components"] = {kind: small["components"][kind] for kind in ("parameters", "securitySchemes")}
        self.assertTrue(validator.is_valid(small))
        for number, spoil in enumerate(breaks):
            with self.subTest(number):
                spoiled = copy.deepcopy(small)
                spoil(spoiled)
                self.assertFalse(validator.is_valid(spoiled))

    def test_ids_are_unique_tags_are_declared_and_aliases_lead_to_an_operation(self):
        operations = [operation for _, _, operation in self.client.contract.operations()]
        ids = [operation["operationId"] for operation in operations]
        self.assertEqual(len(ids), len(set(ids)))
        declared = [tag["name"] for tag in self.document["tags"]]
        used = {tag for operation in operations for tag in operation["tags"]}
        self.assertEqual(set(declared), used)
        for operation in operations:
            if "x-adit-alias-of" in operation:
                self.assertIn(operation["x-adit-alias-of"], ids)

    def test_every_component_is_used_and_every_path_parameter_described(self):
        text = json.dumps(self.document)
        told_in_words = {"MethodNotAllowed", "ProtocolError"}
        for kind, entries in self.document["components"].items():
            for name in entries:
                used = f'"#/components/{kind}/{name}"' in text or name in told_in_words or kind == "securitySchemes"
                self.assertTrue(used, f"{kind}/{name} is used nowhere")
        for path, _, operation in self.client.contract.operations():
            named = {p["name"] for p in map(self.client.contract.resolve, operation.get("parameters", [])) if p["in"] == "path"}
            self.assertEqual(named, {part[1:-1] for part in path.split("/") if part.startswith("{")}, path)

    def test_each_path_has_the_methods_that_the_server_tells(self):
        for path, item in self.document["paths"].items():
            some = path.replace("{", "").replace("}", "")
            answer = self.client.call("OPTIONS", some)
            told = {method.strip().lower() for method in answer.headers["allow"].split(",")} & set(METHODS)
            self.assertEqual(told, set(item), path)

    def test_examples_are_what_their_schemas_say(self):
        examples = list(self.client.contract.examples())
        self.assertGreater(len(examples), 15)
        for where, schema, value in examples:
            with self.subTest(where):
                self.assertEqual(list(self.client.contract.against_schema(value, schema, "")), [])

    def test_a_judge_that_is_strict(self):
        created = self.client.call("POST", "/integration/api/pools", {"name": "strict"})
        target = "/integration/api/pools"

        def findings(status=200, headers=None, drop=None, method="POST", **changed):
            body = {**created.json(), **changed}
            body.pop(drop, None)
            answer = Answer(status, {**created.headers, **(headers or {})}, json.dumps(body).encode())
            return self.client.contract.findings(method, target, answer)

        self.assertEqual(findings(), [])
        for spoiled in (findings(status=201), findings(status=500), findings(surplus=1), findings(drop="tags"),
                        findings(id="no uuid"), findings(timeStamp="now"), findings(configurationStatus="OLD"),
                        findings(permissions=["RULE"]), findings(headers={"content-type": "text/plain"}),
                        findings(headers={"x-undocumented": "1"}), findings(headers={"x-request-id": "1"})):
            self.assertTrue(spoiled)
        without_body = Answer(200, dict(created.headers), b"")
        self.assertTrue(self.client.contract.findings("POST", target, without_body))
        nested = Contract(self.document)
        job = copy.deepcopy(self.document["components"]["examples"]["newJob"]["value"])
        schema = {"$ref": "#/components/schemas/DataPushJob"}
        self.assertEqual(list(nested.against_schema(job, schema, "")), [])
        job["adit"]["timings"]["surplusMs"] = 1
        self.assertTrue(list(nested.against_schema(job, schema, "")))


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
