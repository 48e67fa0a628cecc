"""The OpenAPI document as a judge of answers: stricter than a client has to be, so that nothing undocumented passes."""

import copy
import json
import re

from jsonschema import Draft202012Validator, FormatChecker, RefResolver

# Headers of HTTP itself and those that every answer of the server has, which the document does not list.
OF_HTTP = {"cache-control", "content-security-policy", "referrer-policy", "x-content-type-options", "server", "date", "content-type", "content-length", "transfer-encoding", "connection"}
METHODS = ("get", "put", "post", "delete", "patch")
# Errors that are told before a route is looked for; the document describes them once.
OF_PROTOCOL = {400, 408, 414, 417, 431, 501, 505}


def closed(node):
    """A copy in which an object has no other properties than those that are described."""
    if isinstance(node, list):
        return [closed(element) for element in node]
    if not isinstance(node, dict):
        return node
    copied = {name: closed(value) for name, value in node.items()}
    if isinstance(copied.get("properties"), dict) and copied.get("type") == "object":
        copied.setdefault("additionalProperties", False)
    return copied


def essence(media_type):
    return media_type.split(";")[0].strip().lower()


class Contract:
    def __init__(self, document):
        self.document = document
        self.closed = closed(document)
        self.resolver = RefResolver.from_schema(self.closed)
        self.formats = FormatChecker(["uuid"])
        self.patterns = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path) for path in document["paths"]]
        # A literal segment wins over a {name}, as in the router.
        self.patterns.sort(key=lambda pattern: pattern[1].count("{"))

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def template(self, target):
        path = "/" + "/".join(part for part in target.split("?")[0].split("/") if part)
        return next((template for pattern, template in self.patterns if pattern.fullmatch(path)), None)

    def operations(self):
        for path, item in self.closed["paths"].items():
            for method, operation in item.items():
                yield path, method, operation

    def against_schema(self, value, schema, where):
        validator = Draft202012Validator(schema, resolver=self.resolver, format_checker=self.formats)
        for error in validator.iter_errors(value):
            yield f"{where}{error.json_path[1:]}: {error.message}"[:600]

    def findings(self, method, target, answer):
        """What in an answer is not as the document says; in an empty list all is well."""
        template = self.template(target)
        if method == "OPTIONS" and template:
            fine = answer.status == 204 and "allow" in answer.headers and not answer.body
            return [] if fine else ["OPTIONS is 204 with Allow"]
        operation = self.closed["paths"].get(template, {}).get(method.lower().replace("head", "get"))
        status = str(answer.status)
        if operation and status in operation["responses"]:
            response = operation["responses"][status]
        elif template and answer.status == 405 and not operation:
            response = self.closed["components"]["responses"]["MethodNotAllowed"]
        elif answer.status in OF_PROTOCOL:
            response = self.closed["components"]["responses"]["ProtocolError"]
        elif not template and answer.status == 404:
            response = self.closed["components"]["responses"]["NotFound"]
        else:
            return [f"{status} is not documented"]
        response = self.resolve(response)
        return [*self.header_findings(response, answer), *self.body_findings(response, method, answer)]

    def header_findings(self, response, answer):
        described = {name.lower(): self.resolve(header) for name, header in response.get("headers", {}).items()}
        for name, header in described.items():
            if header.get("required") and name not in answer.headers:
                yield f"the header {name} is missing"
        for name, text in answer.headers.items():
            if name in OF_HTTP:
                continue
            if name not in described:
                yield f"the header {name} is not documented"
                continue
            schema = described[name]["schema"]
            value = int(text) if schema.get("type") == "integer" and text.isdigit() else text
            yield from self.against_schema(value, schema, f"header {name}")

    def body_findings(self, response, method, answer):
        content = response.get("content")
        if method == "HEAD":
            return
        if not content:
            if answer.body or "content-type" in answer.headers:
                yield "a body is not documented"
            return
        media_type = essence(answer.headers.get("content-type", ""))
        if media_type not in content:
            yield f"the media type {media_type!r} is not documented"
            return
        schema = content[media_type].get("schema")
        if media_type == "application/json":
            try:
                value = json.loads(answer.body)
            except ValueError as error:
                yield f"the body is no JSON: {error}"
                return
            yield from self.against_schema(value, schema, "body")
        elif schema:
            yield from self.against_schema(answer.body.decode("utf-8"), schema, "body")

    def request_findings(self, operation, media_type, value):
        """What in a request's body is not as the document says."""
        content = self.resolve(operation["requestBody"])["content"][media_type]
        return list(self.against_schema(value, content.get("schema", {}), "request"))

    def examples(self):
        """(where, schema, value) of every example that stands beside a schema in a media type."""
        def of(node, where):
            if isinstance(node, list):
                for number, element in enumerate(node):
                    yield from of(element, f"{where}[{number}]")
            elif isinstance(node, dict):
                if isinstance(node.get("schema"), dict) and isinstance(node.get("examples"), dict):
                    for name, example in node["examples"].items():
                        yield f"{where}.{name}", node["schema"], copy.deepcopy(self.resolve(example)["value"])
                if isinstance(node.get("schema"), dict) and "example" in node:
                    yield where, node["schema"], node["example"]
                for name, element in node.items():
                    yield from of(element, f"{where}.{name}")
        return of({"paths": self.closed["paths"], "components": self.closed["components"]}, "")
