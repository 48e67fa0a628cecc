"""A real adit in a folder of its own, and a client that judges each answer by the document."""

import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass

from contract import Contract

WAIT_SECONDS = 60


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class Server:
    """Runs from entry to exit; the exit demands code 0."""

    def __init__(self, binary, *flags):
        self.binary, self.flags = binary, flags

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="adit-openapi-")
        data = pathlib.Path(self.folder.name) / "data"
        self.log = open(pathlib.Path(self.folder.name) / "log", "wb")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--tls-listen", "off", "--execute-limits", "off",
             "--backup-folder", str(pathlib.Path(self.folder.name) / "backups"), *self.flags],
            stdout=self.log, stderr=self.log)
        listen = data / "listen.json"
        wait_until(lambda: listen.exists() or self.process.poll() is not None, "the server to start")
        if self.process.poll() is not None:
            raise SystemExit("adit did not start:\n" + pathlib.Path(self.log.name).read_text())
        self.address = json.loads(listen.read_text())["http"]
        self.key = (data / "admin.key").read_text().strip()
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        code = self.process.wait(WAIT_SECONDS)
        log = pathlib.Path(self.log.name).read_text()
        self.log.close()
        self.folder.cleanup()
        if kind is not None:
            print("\n".join(log.splitlines()[-30:]))
        elif code != 0:
            raise SystemExit(f"adit ended with code {code}:\n{log}")


def wait_until(holds, what):
    end = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"waited {WAIT_SECONDS} s for {what}")
        time.sleep(0.01)


class Client:
    """Sends requests and holds each answer against the document. `seen` has the answers of each operation."""

    def __init__(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection(server.address, timeout=WAIT_SECONDS)
        self.contract = None
        self.seen = defaultdict(set)
        self.wrong = []
        self.answers = 0
        self.contract = Contract(self.call("GET", "/openapi.json").json())

    def call(self, method, target, body=None, headers=None, authorization="", expect=None):
        """`authorization`: None sends none. `expect`: a status or several; None takes what comes."""
        headers = dict(headers or {})
        if authorization is not None:
            headers["Authorization"] = authorization or f"Bearer {self.server.key}"
        if isinstance(body, (dict, list)):
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        self.connection.putrequest(method, target, skip_accept_encoding=True)
        if body is not None and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        answer = Answer(response.status, {}, response.read())
        for name, value in response.getheaders():
            answer.headers[name.lower()] = value
        if response.will_close:
            self.connection.close()
        self.judge(method, target, answer, expect)
        return answer

    def judge(self, method, target, answer, expect):
        if self.contract is None:
            return
        self.answers += 1
        self.seen[(self.contract.template(target), method.lower())].add(answer.status)
        for finding in self.contract.findings(method, target, answer):
            self.wrong.append(f"{method} {target} -> {answer.status}: {finding}")
        expected = (expect,) if isinstance(expect, int) else expect
        if expected and answer.status not in expected:
            self.wrong.append(f"{method} {target} -> {answer.status}, not {expect}: {answer.body[:300]}")


def multipart(parts):
    """Content-Type and body of a form; parts are (name, bytes)."""
    boundary = "b0undary" + os.urandom(8).hex()
    body = b""
    for name, content in parts:
        filename = b'; filename="file"' if name == "file" else b""
        body += b"--" + boundary.encode() + b'\r\nContent-Disposition: form-data; name="' + name.encode() + b'"' + filename
        body += b"\r\n\r\n" + content + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + b"--" + boundary.encode() + b"--\r\n"
