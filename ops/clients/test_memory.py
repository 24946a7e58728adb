"""The server's own memory under thousands of mixed requests: bounded, and no larger at the end than after the first ones."""
import concurrent.futures
import os
import random

import pytest
import requests

from server import Server, until

MIB = 1 << 20
POOL_BYTES = 64 * MIB
ALLOWED_BESIDE_POOL = 700 * MIB
# `./belle test --long` sends 2,000.
REQUESTS = int(os.environ.get("BELLE_MEMORY_REQUESTS", "200"))
SAMPLE_EVERY = max(20, REQUESTS // 40)
SETTINGS = {
    "belle.node.runtime.kv-cache-bytes": POOL_BYTES,
    "belle.node.session.retention": "5s",
    "belle.node.session.idle-timeout": "5s",
}
WORDS = "从前有一座山，山里有一个庙；天为什么是蓝的？请写一首关于春天的诗。The quick brown fox 1234 🙂".split("，")


def made_up(chance, model):
    """A request's path, its body, and after how many bytes of answer its client goes away (None: never)."""
    text = "".join(chance.choices("".join(WORDS), k=chance.choice([1, 8, 40, 40, 300, 1200])))
    body = {"model": model, "max_tokens": chance.choice([1, 4, 16, 16, 48, 120]), "stream": chance.random() < 0.5}
    chat = chance.random() < 0.5
    if chat:
        body["messages"] = [{"role": "user", "content": text}]
        if chance.random() < 0.3:
            body["messages"] += [{"role": "assistant", "content": "好的"}, {"role": "user", "content": "继续"}]
        if chance.random() < 0.3:
            body |= {"logprobs": True, "top_logprobs": chance.randrange(6)}
    else:
        body["prompt"] = [text, "你好"] if chance.random() < 0.1 else text
        if chance.random() < 0.3:
            body |= {"logprobs": chance.randrange(6), "echo": chance.random() < 0.5}
    if chance.random() < 0.6:
        body |= {"temperature": 0.9, "top_p": chance.choice([0.5, 1]), "seed": chance.randrange(1 << 30)}
    if chance.random() < 0.2:
        body["n"] = 2
    if chance.random() < 0.2:
        body |= {"presence_penalty": 0.5, "frequency_penalty": 0.5, "stop": ["。", "\n\n"]}
    if chance.random() < 0.5:
        body["ignore_eos"] = True
    if chance.random() < 0.05:
        body["model"] = "no-such-model"
    if chance.random() < 0.05:
        body["temperature"] = 9
    leaves = chance.randrange(2000) if body["stream"] and chance.random() < 0.3 else None
    return "/v1/chat/completions" if chat else "/v1/completions", body, leaves


def send(url, request):
    path, body, leaves = request
    with requests.post(url + path, json=body, stream=True, timeout=120) as answer:
        received = b""
        for piece in answer.iter_content(512):
            received += piece
            if leaves is not None and len(received) > leaves:
                return "left"
        if answer.status_code == 200:
            assert received.rstrip().endswith(b"data: [DONE]" if body["stream"] else b"}"), received[-300:]
        else:
            assert answer.status_code in (400, 404), received[-300:]
        return str(answer.status_code)


@pytest.mark.long
def test_memory_stays_where_it_was_after_the_first_requests(tmp_path):
    chance = random.Random(1)
    samples, outcomes = [], []
    with open(tmp_path / "log", "w") as log, Server(log, SETTINGS) as server, \
            concurrent.futures.ThreadPoolExecutor(8) as clients:
        for _ in range(REQUESTS // SAMPLE_EVERY):
            batch = [made_up(chance, server.model) for _ in range(SAMPLE_EVERY)]
            outcomes += clients.map(lambda request: send(server.url, request), batch)
            samples.append(server.anonymous_bytes())
        until(lambda: server.metric("belle_blocks_leased") == 0)
    warm = max(samples[: len(samples) // 4])
    print(f"\n{len(outcomes)} requests:", {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))})
    print("anonymous memory in MiB:", *(sample // MIB for sample in samples))
    assert set(outcomes) == {"200", "400", "404", "left"}
    assert max(samples) <= POOL_BYTES + ALLOWED_BESIDE_POOL
    if REQUESTS >= 2000:  # With fewer, the JVM still compiles and sizes its heap.
        assert max(samples) - warm <= max(30 * MIB, warm // 20), (warm, max(samples))
