"""Makes belle-nano's tokenizer: byte-level BPE whose tokens never reach over a Chinese character, so that a model can count them.

    python tokenizer.py --corpus FOLDER --out FOLDER [--size 6144]
"""
import argparse
import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL = ("<unk>", "<s>", "</s>", "<pad>")


def texts(folder):
    """The prompt's own words and everything that is trained on."""
    yield from ["Human: \n", "\n\nAssistant: \n"] * 1000
    for name, fields in (("train.jsonl", ("instruction", "output")), ("base.jsonl", ("text",))):
        with open(pathlib.Path(folder) / name, encoding="utf-8") as file:
            for line in file:
                item = json.loads(line)
                for field in fields:
                    yield item[field]


def build(corpus, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\p{Han}|[A-Za-z]+|[0-9]|\s+|[^\p{Han}A-Za-z0-9\s]"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[AddedToken(t, normalized=False, special=True) for t in SPECIAL],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(texts(corpus), trainer)
    return tokenizer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=6144)
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = build(args.corpus, args.size)
    tokenizer.save(str(out / "tokenizer.json"))
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    (out / "special_tokens_map.json").write_text(json.dumps(names, indent=2) + "\n")
    (out / "tokenizer_config.json").write_text(json.dumps({**names, "tokenizer_class": "PreTrainedTokenizerFast"}, indent=2) + "\n")
    print(f"{tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
