"""Clients that vanish, stall or come in crowds, and a server that is told to stop: real sockets, a real process."""
import concurrent.futures
import os
import signal
import threading
import time

import pytest

from server import Server, events, read_to_the_end, until

SETTINGS = {
    "belle.node.engine.max-sequences": 16,
    "belle.node.engine.max-waiting": 48,
    "belle.node.session.stalled-reader-timeout": "4s",
    "belle.node.drain-deadline": "3s",
    "belle.gateway.drain-deadline": "3s",
    "belle.gateway.http.metrics-tick": "1s",
}

# How long the reader of the longer proof sleeps; `./belle test --long` has it sleep a whole minute.
STALL_SECONDS = float(os.environ.get("BELLE_STALL_SECONDS", "2"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with open(tmp_path_factory.mktemp("server") / "log", "w") as log, Server(log, SETTINGS) as running:
        yield running


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


@pytest.mark.long
def test_a_reader_that_stalls_and_wakes_gets_all_while_others_are_served(tmp_path):
    """Fifteen others ask again and again for as long as the sixteenth does not read; then it reads the rest."""
    patient = {**SETTINGS, "belle.node.session.stalled-reader-timeout": f"{STALL_SECONDS + 60:.0f}s"}
    prompts = [f"第{i}个问题：天为什么是蓝的？" for i in range(15)]
    with open(tmp_path / "log", "w") as log, Server(log, patient) as server:
        alone = [server.complete(prompt, 64).json()["choices"][0]["text"] for prompt in prompts]
        whole = server.complete("从前有一座山", 1900).json()["choices"][0]["text"]
        stalled = server.open_stream("从前有一座山", 1900, receive_buffer=4096)
        until(lambda: server.metric("belle_sequences_paused") > 0)
        end = time.monotonic() + STALL_SECONDS

        def ask(number):
            answers = []
            while not answers or time.monotonic() < end:
                answers.append(server.complete(prompts[number], 64).json()["choices"][0]["text"])
            return answers

        with concurrent.futures.ThreadPoolExecutor(len(prompts)) as clients:
            beside = list(clients.map(ask, range(len(prompts))))
        assert [set(answers) for answers in beside] == [{text} for text in alone]
        until(lambda: server.metric("belle_sequences_running") == 0)
        assert server.metric("belle_sequences_paused") == 1
        print(f"\n{sum(map(len, beside))} answers while one reader slept {STALL_SECONDS:.0f} s")
        text = read_to_the_end(stalled)
        assert "".join(event["choices"][0]["text"] for event in events(text) if event["choices"]) == whole
        assert text.rstrip().endswith("data: [DONE]")
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
        server = Server(log, SETTINGS)
    streams = [server.open_stream(f"第{i}个故事", 1900) for i in range(4)]
    with concurrent.futures.ThreadPoolExecutor(len(streams)) as readers:
        texts = [readers.submit(read_to_the_end, stream) for stream in streams]
        server.process.send_signal(signal.SIGTERM)
        for text in [each.result() for each in texts]:
            received = events(text)
            errors = [event for event in received if "error" in event]
            ended = text.rstrip().endswith("data: [DONE]")
            assert len(errors) == (0 if ended else 1), text[-400:]
            assert ended or "error" in received[-1]
    assert server.process.wait(60) in (0, 143)
