"""Clients that vanish, stall or come in crowds, and a server that is told to stop: real sockets, a real process."""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest
import requests

BELLE = pathlib.Path(__file__).parents[2] / "belle"
SETTINGS = {
    "belle.node.engine.max-sequences": 16,
    "belle.node.engine.max-waiting": 48,
    "belle.node.session.stalled-reader-timeout": "4s",
    "belle.node.drain-deadline": "3s",
    "belle.gateway.drain-deadline": "3s",
    "belle.gateway.http.metrics-tick": "1s",
}


class Server:
    """A `belle up` process of its own, with a short queue and short deadlines."""

    def __init__(self, log):
        options = " ".join(f"-D{key}={value}" for key, value in SETTINGS.items())
        self.process = subprocess.Popen(
            [BELLE, "up", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "BELLE_JAVA_OPTS": options},
        )
        line = self.process.stdout.readline()
        assert line.startswith("http://"), line
        self.url = line.split()[0]  # Whoever reads it may ask at once.
        self.model = requests.get(self.url + "/v1/models").json()["data"][0]["id"]

    def body(self, prompt, tokens, **more):
        return {"model": self.model, "prompt": prompt, "max_tokens": tokens, "temperature": 0, "ignore_eos": True, **more}

    def complete(self, prompt, tokens, **more):
        return requests.post(self.url + "/v1/completions", json=self.body(prompt, tokens, **more), timeout=120)

    def metric(self, name):
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.eE+-]+)$", requests.get(self.url + "/metrics").text, re.M)
        return sum(map(float, found))

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


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with open(tmp_path_factory.mktemp("server") / "log", "w") as log:
        running = Server(log)
        yield running
        running.process.terminate()
        running.process.wait(60)


def until(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come to pass"
        time.sleep(0.1)


def test_a_client_that_vanishes_frees_its_blocks(server):
    with server.open_stream("从前有一座山", 1900):
        until(lambda: server.metric("belle_blocks_leased") > 0)
    until(lambda: server.metric("belle_blocks_leased") == 0)
    assert server.metric("belle_sequences_running") == 0


def test_a_reader_that_stalls_holds_up_nobody_else(server):
    prompts = [f"第{i}个问题：天为什么是蓝的？" for i in range(15)]
    alone = [server.complete(prompt, 64).json()["choices"][0]["text"] for prompt in prompts]
    with server.open_stream("从前有一座山", 1900, receive_buffer=4096):
        until(lambda: server.metric("belle_sequences_paused") > 0)
        with concurrent.futures.ThreadPoolExecutor(15) as clients:
            beside = list(clients.map(lambda prompt: server.complete(prompt, 64), prompts))
        assert [answer.json()["choices"][0]["text"] for answer in beside] == alone
        # The stalled stream is ended after its own deadline, although its client still holds the connection.
        until(lambda: server.metric("belle_blocks_leased") == 0)


def test_a_crowd_is_served_or_refused_but_never_left_hanging(server):
    crowd, start = 500, threading.Barrier(500)

    def ask(number):
        start.wait()
        return server.complete(f"问题{number}", 200)

    with concurrent.futures.ThreadPoolExecutor(crowd) as clients:
        answers = list(clients.map(ask, range(crowd)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    assert all(answer.json()["error"]["type"] for answer in refused)
    assert all(answer.json()["usage"]["completion_tokens"] == 200 for answer in answers if answer.status_code == 200)
    until(lambda: server.metric("belle_blocks_leased") == 0)


def test_the_order_to_stop_ends_every_stream_cleanly(tmp_path):
    with open(tmp_path / "log", "w") as log:
        server = Server(log)
    streams = [server.open_stream(f"第{i}个故事", 1900) for i in range(4)]
    with concurrent.futures.ThreadPoolExecutor(len(streams)) as readers:
        received = [readers.submit(read_to_the_end, stream) for stream in streams]
        server.process.send_signal(signal.SIGTERM)
        for text in [each.result() for each in received]:
            text = text.removesuffix("\r\n0\r\n\r\n")
            events = [json.loads(data) for data in re.findall(r"^data: ({.*})$", text, re.M)]
            errors = [event for event in events if "error" in event]
            ended = text.rstrip().endswith("data: [DONE]")
            assert len(errors) == (0 if ended else 1), text[-400:]
            assert ended or "error" in events[-1]
    assert server.process.wait(60) in (0, 143)


def read_to_the_end(connection):
    received = b""
    with connection:
        while not received.endswith(b"\r\n0\r\n\r\n"):  # the last chunk of a chunked answer
            data = connection.recv(65536)
            assert data, received[-400:]
            received += data
    return received.decode()
