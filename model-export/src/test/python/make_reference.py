"""Small random checkpoints of many shapes, and the logits that transformers computes for them in float32.

    python -m venv V && V/bin/pip install torch transformers
    V/bin/python make_reference.py OUT [CASE ...]

Every case becomes OUT/CASE: an ordinary checkpoint folder with `expected/ids.json` and `expected/logits.safetensors`
(float32 logits [ids, vocabulary] of the weights as stored). The tests run the committed ones, and with
-Dbelle.references=OUT all of OUT. The committed ones are those of COMMITTED.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import BloomConfig, BloomForCausalLM, LlamaConfig, LlamaForCausalLM

LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)


def bloom(dtype="float16", **fields):
    return "bloom", dtype, dict(vocab_size=131, n_layer=2, layer_norm_epsilon=1e-5) | fields


def llama(dtype="float16", scaling=None, theta=10000.0, **fields):
    rope = dict(scaling or dict(rope_type="default"), rope_theta=theta)
    shape = dict(vocab_size=131, num_hidden_layers=2, rms_norm_eps=1e-6, max_position_embeddings=256)
    return "llama", dtype, shape | fields | dict(rope_parameters=rope)


CASES = {
    "bloom-3-heads": bloom("float32", hidden_size=48, n_head=3),
    "bloom-6-heads-residual-after-norm": bloom(hidden_size=48, n_head=6, apply_residual_connection_post_layernorm=True),
    "bloom-12-heads": bloom("bfloat16", hidden_size=96, n_head=12),
    "bloom-20-heads": bloom(hidden_size=160, n_head=20, vocab_size=200),
    "bloom-untied": bloom(hidden_size=64, n_head=8, tie_word_embeddings=False),
    "bloom-wide-heads": bloom(hidden_size=256, n_head=2),
    "llama-mha": llama("float32", hidden_size=64, intermediate_size=100, num_attention_heads=4, num_key_value_heads=4),
    "llama-gqa-llama3-biases": llama("bfloat16", LLAMA3, 500000.0, hidden_size=40, intermediate_size=100,
                                     num_attention_heads=4, num_key_value_heads=2, head_dim=16, attention_bias=True,
                                     mlp_bias=True, vocab_size=70),
    "llama-mqa-linear": llama("float16", dict(rope_type="linear", factor=4.0), hidden_size=48, intermediate_size=72,
                              num_attention_heads=6, num_key_value_heads=1, head_dim=8, tie_word_embeddings=True,
                              vocab_size=70),
    "llama-dynamic": llama("float16", dict(rope_type="dynamic", factor=2.0), hidden_size=64, intermediate_size=688,
                           num_attention_heads=8, num_key_value_heads=2, head_dim=32),
    "llama-head-48": llama("bfloat16", hidden_size=96, intermediate_size=200, num_attention_heads=2,
                           num_key_value_heads=1, head_dim=48),
    "llama-head-80": llama(hidden_size=160, intermediate_size=320, num_attention_heads=2, num_key_value_heads=2,
                           head_dim=80),
    "llama-head-96": llama("float32", hidden_size=96, intermediate_size=130, num_attention_heads=3,
                           num_key_value_heads=3, head_dim=96, tie_word_embeddings=True),
    "llama-head-128": llama("bfloat16", LLAMA3, 500000.0, hidden_size=128, intermediate_size=256,
                            num_attention_heads=8, num_key_value_heads=4, head_dim=128, mlp_bias=True),
    "llama-16-heads": llama(hidden_size=128, intermediate_size=1000, num_attention_heads=16, num_key_value_heads=4,
                            attention_bias=True, vocab_size=577),
}
COMMITTED = ["bloom-6-heads-residual-after-norm", "llama-gqa-llama3-biases", "llama-mqa-linear"]
IDS = 80


def randomise(model, generator):
    """Weights large enough that a wrong position, head or bias moves the logits far beyond rounding."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if weight.dim() == 2:
                weight.copy_(noise * (1.2 / weight.shape[1] ** 0.5))
            elif name.endswith("bias"):
                weight.copy_(noise * 0.2)
            else:
                weight.copy_(1 + noise * 0.2)


def tokenizer():
    """One token a character: enough for a checkpoint to be a whole one."""
    names = ["<unk>", "<s>", "</s>"]
    letters = [chr(c) for c in range(97, 123)] + [chr(c) for c in range(48, 58)]
    special = [dict(id=i, content=n, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
               for i, n in enumerate(names)]
    model = dict(type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None, end_of_word_suffix=None,
                 fuse_unk=False, byte_fallback=False, vocab={t: i for i, t in enumerate(names + letters)}, merges=[])
    bytes_ = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)
    return dict(version="1.0", truncation=None, padding=None, added_tokens=special, normalizer=None,
                pre_tokenizer=bytes_, post_processor=None, decoder=bytes_, model=model)


def make(folder, seed, family, dtype, fields):
    generator = torch.Generator().manual_seed(seed)
    common = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
    if family == "bloom":
        model = BloomForCausalLM(BloomConfig(**fields, **common))
    else:
        model = LlamaForCausalLM(LlamaConfig(**fields, **common))
    randomise(model, generator)
    model.tie_weights()
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    # Read back, for .to() rounded the rotary frequencies too, which a loaded model keeps in float32.
    model = type(model).from_pretrained(folder, dtype=torch.float32)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        dict(tokenizer_class="PreTrainedTokenizerFast", eos_token="</s>", unk_token="<unk>", add_bos_token=False)))
    ids = torch.randint(3, fields["vocab_size"], (1, IDS), generator=generator)
    with torch.no_grad():
        logits = model.eval()(ids).logits[0]
    expected = folder / "expected"
    expected.mkdir(exist_ok=True)
    (expected / "ids.json").write_text(json.dumps(dict(ids=ids[0].tolist())))
    # Every fifth row is enough to see a mistake and keeps the committed files small.
    save_file({"every.fifth": logits[4::5].contiguous()}, expected / "logits.safetensors")
    print(f"{folder.name}: logits {logits.min():.2f} to {logits.max():.2f}, deviation {logits.std():.2f}")


def main():
    out = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    for seed, (name, case) in enumerate(CASES.items()):
        if len(sys.argv) == 2 or name in sys.argv[2:]:
            make(out / name, seed, *case)


if __name__ == "__main__":
    main()
