"""lm-eval's accuracy in a task of our own, against the accuracy from the server's log-probabilities; `./belle test --long` runs it."""
import json
import os
import pathlib
import subprocess
import sys

import pytest
import requests

ROOT = pathlib.Path(__file__).parents[2]
ITEMS = [json.loads(line) for line in (pathlib.Path(__file__).parent / "poems/poems.jsonl").read_text().splitlines()]
TOKENIZER = ROOT / "ops/src/main/model/belle-nano"


@pytest.fixture(scope="session")
def url(tmp_path_factory):
    """A server of the embedded model on a free port."""
    with open(tmp_path_factory.mktemp("server") / "log", "w") as log:
        server = subprocess.Popen([ROOT / "belle", "up", "--port", "0"], stdout=subprocess.PIPE, stderr=log, text=True)
    line = server.stdout.readline()
    assert line.startswith("http://"), line
    yield line.split()[0]
    server.terminate()
    server.wait(60)


@pytest.fixture(scope="session")
def own(url):
    """The log-probability of each item's choices, from texts alone: the tokens that come to those of the lines are the choice's."""
    return [[log_probability(url, item["lines"], choice) for choice in item["choices"]] for item in ITEMS]


def log_probability(url, before, choice):
    body = {"model": "belle-nano", "prompt": [before, before + choice], "echo": True, "logprobs": 0, "max_tokens": 0}
    answer = requests.post(url + "/v1/completions", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    alone, whole = (choice["logprobs"] for choice in answer.json()["choices"])
    assert whole["tokens"][:len(alone["tokens"])] == alone["tokens"]
    return sum(whole["token_logprobs"][len(alone["tokens"]):])


def accuracy(log_probabilities):
    right = sum(max(range(4), key=values.__getitem__) == item["answer"] for values, item in zip(log_probabilities, ITEMS, strict=True))
    return right / len(ITEMS)


@pytest.mark.parametrize("tokenized", [True, False], ids=["prompts as ids", "prompts as text"])
def test_lm_eval_measures_what_the_log_probabilities_say(url, own, tokenized, tmp_path):
    model = (f"model=belle-nano,base_url={url}/v1/completions,tokenizer_backend=huggingface,tokenizer={TOKENIZER},"
             f"tokenized_requests={tokenized},num_concurrent=2,max_length=512")
    run = subprocess.run(
        [pathlib.Path(sys.executable).parent / "lm_eval", "--model", "local-completions", "--model_args", model,
         "--tasks", "belle_poems", "--include_path", "ops/lm-eval/poems", "--output_path", tmp_path, "--log_samples"],
        cwd=ROOT, env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    results, = tmp_path.glob("*/results_*.json")
    measured = json.loads(results.read_text())["results"]["belle_poems"]["acc,none"]
    samples, = tmp_path.glob("*/samples_*.jsonl")
    by_item = {sample["doc_id"]: sample for sample in map(json.loads, samples.read_text().splitlines())}
    theirs = [[float(response[0][0]) for response in by_item[i]["resps"]] for i in range(len(ITEMS))]
    for their_item, own_item in zip(theirs, own, strict=True):
        assert their_item == pytest.approx(own_item, abs=1e-9)
    print(f"\nlm-eval {measured:.4f}, from the log-probabilities {accuracy(own):.4f}, of {len(ITEMS)} items")
    assert measured == accuracy(own)
    assert measured > 0.25 + 3 * (0.25 * 0.75 / len(ITEMS)) ** 0.5  # better than chance, or the task says nothing
