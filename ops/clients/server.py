"""A `belle up` process of a test's own, and raw streams from it."""
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.parse

import requests

BELLE = pathlib.Path(__file__).parents[2] / "belle"
TINY = pathlib.Path(__file__).parents[2] / "ops/target/app/belle-tiny"


class Server:
    """A server of the tiny model on a free port, with settings of its own; leaving the context stops it."""

    def __init__(self, log, settings):
        options = " ".join(f"-D{key}={value}" for key, value in settings.items())
        self.process = subprocess.Popen(
            [BELLE, "up", "--port", "0", "--model", TINY],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "BELLE_JAVA_OPTS": options},
        )
        line = self.process.stdout.readline()
        assert line.startswith("http://"), line
        self.url = line.split()[0]  # Whoever reads it may ask at once.
        self.model = requests.get(self.url + "/v1/models").json()["data"][0]["id"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def body(self, prompt, tokens, **more):
        return {"model": self.model, "prompt": prompt, "max_tokens": tokens, "temperature": 0, "ignore_eos": True, **more}

    def complete(self, prompt, tokens, **more):
        return requests.post(self.url + "/v1/completions", json=self.body(prompt, tokens, **more), timeout=120)

    def metric(self, name):
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.eE+-]+)$", requests.get(self.url + "/metrics").text, re.M)
        return sum(map(float, found))

    def anonymous_bytes(self):
        """Resident memory of the process that no file backs."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.M)[1])

    def open_stream(self, prompt, tokens, receive_buffer=None):
        """A raw socket on which a stream has begun."""
        address = urllib.parse.urlsplit(self.url)
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(60)
        connection.connect((address.hostname, address.port))
        body = json.dumps(self.body(prompt, tokens, stream=True)).encode()
        head = f"POST /v1/completions HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        connection.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
        return connection


def read_to_the_end(connection):
    """The rest of a stream, without its last chunk's mark; closes the connection."""
    received = b""
    with connection:
        while not received.endswith(b"\r\n0\r\n\r\n"):  # the last chunk of a chunked answer
            data = connection.recv(65536)
            assert data, received[-400:]
            received += data
    return received.decode().removesuffix("\r\n0\r\n\r\n")


def events(text):
    """The JSON of every event of a raw stream."""
    return [json.loads(data) for data in re.findall(r"^data: ({.*})\r?$", text, re.M)]


def until(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come to pass"
        time.sleep(0.1)
