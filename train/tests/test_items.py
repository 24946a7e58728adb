"""The recipe's settings, data and blocks."""
import dataclasses
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from belle_train import __main__ as training, blocks, items, recipe  # noqa: E402

CONFIGS = pathlib.Path(__file__).resolve().parents[1] / "configs"


class Letters:
    """A tokenizer of code points."""

    eos_token_id, bos_token_id = 2, None

    def __call__(self, text, add_special_tokens, split_special_tokens):
        assert not add_special_tokens and split_special_tokens
        return {"input_ids": [ord(c) for c in text]}


def ids(text):
    return [ord(c) for c in text]


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_sound(path):
    loaded = recipe.load(path)
    assert loaded.data and loaded.output
    if loaded.deepspeed:
        json.loads(pathlib.Path(loaded.deepspeed).read_text())


@pytest.mark.parametrize("text, problem", [
    ("data: a\noutput: b\nmodel: m\nlearning_rat: 1", "'learning_rat' is no setting"),
    ("data: a\noutput: b\nmodel: m\nbatch: many", "batch must be a whole number, not 'many'"),
    ("data: a\noutput: b\nmodel: m\nbatch: 0", "batch must be at least 1, not 0"),
    ("data: a\noutput: b\nmodel: m\npacking: 1", "packing must be true or false, not 1"),
    ("data: a\noutput: b", "one of model and architecture is needed"),
    ("data: a\nmodel: m", "output missing"),
    ("- a", "a mapping is expected"),
    ("a: [", "not YAML"),
])
def test_a_wrong_setting_is_named(tmp_path, text, problem):
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(recipe.RecipeError, match="r.yaml") as caught:
        recipe.load(path)
    assert problem in str(caught.value)


FORMS = [
    ({"instruction": "a", "input": "b", "output": "c"}, [("a\nb", "c")]),
    ({"instruction": "a", "input": "", "output": "c"}, [("a", "c")]),
    ({"input": "a", "target": "b"}, [("a", "b")]),
    ({"text": "a"}, [("", "a")]),
    ({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "v"},
                   {"role": "user", "content": "w"}, {"role": "assistant", "content": "x"}]}, [("s\nu", "v"), ("w", "x")]),
]


@pytest.mark.parametrize("layout", ["array", "lines"])
def test_every_form_is_read(tmp_path, layout):
    path = tmp_path / "items.json"
    rows = [item for item, _ in FORMS]
    path.write_text(json.dumps(rows) if layout == "array" else "\n\n".join(map(json.dumps, rows)))
    assert list(items.read(path)) == [turns for _, turns in FORMS]
    assert list(items.read(path, 2)) == [turns for _, turns in FORMS[:2]]


@pytest.mark.parametrize("line, problem", [
    ('{"a": 1}', "neither messages"), ('{"input": 1, "target": "b"}', "input must be text, not 1"), ("{", "not JSON"), ("3", "an object is expected"),
    ('{"messages": [{"role": "assistant", "content": "a"}]}', "'assistant' does not belong there"),
    ('{"messages": [{"role": "user", "content": "a"}]}', "the last message must be the assistant's"),
])
def test_a_wrong_item_is_named_by_its_line(tmp_path, line, problem):
    path = tmp_path / "items.json"
    path.write_text('{"input": "a", "target": "b"}\n' + line + "\n")
    with pytest.raises(recipe.RecipeError) as caught:
        list(items.read(path))
    assert "items.json:2" in str(caught.value) and problem in str(caught.value)


def test_loss_is_on_answers_alone():
    got, labels = blocks.Encoder(Letters(), False).encode([("问", "答"), ("再", "好")])
    whole = "Human: \n问\n\nAssistant: \n答\x02\nHuman: \n再\n\nAssistant: \n好\x02"
    assert got == ids(whole)
    assert [i for i, label in enumerate(labels) if label != blocks.IGNORED] == [
        i for i, c in enumerate(whole) if c in "答好\x02"]
    assert all(label in (blocks.IGNORED, token) for token, label in zip(got, labels))


def test_packing_loses_nothing():
    conversations = [([i] * n, [i] * n) for i, n in enumerate((3, 7, 1, 12, 5), 10)]
    packed = list(blocks.packed(conversations, 8))
    assert all(len(ids_) == len(labels) == 8 for ids_, labels in packed)
    counted = [label for _, labels in packed for label in labels if label != blocks.IGNORED]
    assert counted == [i for ids_, _ in conversations for i in ids_]


def test_an_answer_that_is_cut_off_whole_is_left_out():
    conversations = [([1, 2, 3], [-100, -100, 3]), ([1, 2], [-100, 2])]
    assert list(blocks.single(conversations, 2)) == [([1, 2], [-100, 2])]


def test_short_rows_are_padded_behind_and_masked():
    rows = blocks.Blocks([([5, 6, 7], [5, 6, 7]), ([8], [8])])
    batch = blocks.Collator(3)([rows[0], rows[1]])
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 3, 3]]
    assert batch["labels"].tolist() == [[5, 6, 7], [8, -100, -100]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert "attention_mask" not in blocks.Collator(3)([rows[0]])


@pytest.mark.parametrize("supported", [True, False])
def test_bf16_is_for_processors_that_have_it(supported, monkeypatch, capsys):
    monkeypatch.setattr(training.torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: supported)
    nano = recipe.load(CONFIGS / "nano.yaml")
    assert training.on_this_machine(nano).bf16 == supported
    assert ("no instructions" in capsys.readouterr().out) != supported
    assert training.on_this_machine(dataclasses.replace(nano, bf16=False)).bf16 is False
