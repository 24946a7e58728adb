"""A tiny model trained whole and with adapters, exported with `belle export`, served and asked."""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import urllib.request

import numpy
import peft
import pytest
import transformers

TRAIN = pathlib.Path(__file__).resolve().parents[1]
TINY = TRAIN.parent / "ops/src/main/model/belle-tiny"
COLOURS = "红黄蓝绿白黑"
QUESTIONS = [f"说一种颜色：{i}" for i in range(len(COLOURS))]
PROMPTS = [f"Human: \n{question}\n\nAssistant: \n" for question in QUESTIONS]
ANSWER_TOKENS = 8


@pytest.fixture
def train(tmp_path):
    """Trains belle-tiny to answer each question with its colour; settings go into the recipe. Returns the result's folder."""
    data = tmp_path / "items.jsonl"
    rows = [{"input": question, "target": colour + "色"} for question, colour in zip(QUESTIONS, COLOURS)] * 150
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")

    def run(**settings):
        recipe, output = tmp_path / "recipe.yaml", tmp_path / "output"
        base = dict(data=str(data), output=str(output), model=str(TINY), block_tokens=64, batch=8, learning_rate=2e-3,
                    only_cpu=True, log_steps=4, save_steps=1000)
        recipe.write_text(json.dumps({**base, **settings}), "utf-8")  # JSON is YAML
        subprocess.run([sys.executable, "-m", "belle_train", str(recipe)], check=True, cwd=TRAIN)
        return output / "final"

    return run


def export(belle, *arguments):
    subprocess.run([belle, "export", *map(str, arguments)], check=True)


@contextlib.contextmanager
def served(belle, bundle):
    """A server of one bundle; gives a function from a prompt to the greedy answer."""
    server = subprocess.Popen([belle, "up", "--model", str(bundle), "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = next(match.group(0) for line in server.stdout if (match := re.search(r"http://\S+", line)))

        def ask(prompt):
            body = dict(model=bundle.name, prompt=prompt, max_tokens=ANSWER_TOKENS, temperature=0, repetition_penalty=1)
            request = urllib.request.Request(url.rstrip("/") + "/v1/completions", json.dumps(body).encode(),
                                             {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["choices"][0]["text"]

        yield ask
    finally:
        server.terminate()
        server.wait()


def greedy(checkpoint, prompts):
    """transformers' own answers."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint, dtype="float32")
    for prompt in prompts:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        told = model.generate(ids, max_new_tokens=ANSWER_TOKENS, do_sample=False, repetition_penalty=1.0)
        yield tokenizer.decode(told[0, ids.shape[1]:], skip_special_tokens=True)


def test_what_was_trained_is_served(belle, train, tmp_path):
    final = train(max_steps=24)
    losses = [entry["loss"] for entry in json.loads((final / "curve.json").read_text()) if "loss" in entry]
    assert losses[-1] < losses[0] / 2
    export(belle, final, "--out", tmp_path / "trained", "--weights", "f32")
    with served(belle, tmp_path / "trained") as ask:
        assert [ask(prompt) for prompt in PROMPTS] == list(greedy(final, PROMPTS))


def test_an_adapter_is_merged_as_peft_does(belle, train, tmp_path):
    adapter = train(max_steps=8, lora=dict(r=4, alpha=8, dropout=0.0, targets=["query_key_value", "dense"]))
    model = peft.PeftModel.from_pretrained(transformers.AutoModelForCausalLM.from_pretrained(TINY, dtype="float32"), adapter)
    model.merge_and_unload().save_pretrained(tmp_path / "merged")
    transformers.AutoTokenizer.from_pretrained(TINY).save_pretrained(tmp_path / "merged")
    export(belle, TINY, "--lora", adapter, "--out", tmp_path / "ours", "--weights", "f32")
    export(belle, tmp_path / "merged", "--out", tmp_path / "theirs", "--weights", "f32")
    export(belle, TINY, "--out", tmp_path / "before", "--weights", "f32")
    ours, theirs, before = (numpy.fromfile(tmp_path / name / "weights.bin", numpy.float32) for name in ("ours", "theirs", "before"))
    numpy.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    assert numpy.nanmax(numpy.abs(ours - before)) > 1e-4


@pytest.mark.long
def test_the_answers_are_learnt(belle, train, tmp_path):
    export(belle, train(epochs=6.0), "--out", tmp_path / "trained")
    with served(belle, tmp_path / "trained") as ask:
        assert [ask(prompt)[0] for prompt in PROMPTS] == list(COLOURS)
