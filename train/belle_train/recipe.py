"""The settings of one training, read from a YAML file; a wrong one is refused by name."""
import dataclasses
import pathlib

import yaml


class RecipeError(ValueError):
    """A setting or a file is wrong; the message names it."""


@dataclasses.dataclass(frozen=True)
class Lora:
    """Low-rank adapters (Hu et al. 2021): what they are put beside, and how wide they are."""

    r: int = 8
    alpha: int = 16
    dropout: float = 0.05
    targets: tuple = ("query_key_value",)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """model is a checkpoint's folder; architecture, a config.json, starts from random weights instead."""

    data: str
    output: str
    model: str | None = None
    architecture: str | None = None
    tokenizer: str | None = None
    max_items: int | None = None
    block_tokens: int = 1024
    packing: bool = True
    loss_on_prompt: bool = False
    epochs: float = 1.0
    max_steps: int = -1
    batch: int = 8
    accumulate: int = 1
    learning_rate: float = 1e-5
    schedule: str = "cosine"
    warmup: float = 0.03
    weight_decay: float = 0.0
    adam_beta2: float = 0.999
    seed: int = 42
    bf16: bool = False
    fp16: bool = False
    compile: bool = False
    gradient_checkpointing: bool = False
    deepspeed: str | None = None
    lora: Lora | None = None
    save_steps: int = 500
    keep: int = 2
    log_steps: int = 10
    held_out: int = 0
    only_cpu: bool = False
    save_half: bool = False


def _typed(where, kind, given):
    """Builds a dataclass from a mapping; unknown names and wrong types are errors."""
    if not isinstance(given, dict):
        raise RecipeError(f"{where}: a mapping is expected, not {type(given).__name__}")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name in given:
        if name not in fields:
            raise RecipeError(f"{where}: '{name}' is no setting; known: {', '.join(sorted(fields))}")
    values = {}
    for name, value in given.items():
        default = fields[name].default
        if name == "lora":
            value = None if value is None else _typed(f"{where}: lora", Lora, value)
        elif name == "targets":
            value = tuple(value)
        elif isinstance(default, bool):
            _expect(where, name, value, isinstance(value, bool), "true or false")
        elif isinstance(default, int):
            _expect(where, name, value, isinstance(value, int) and not isinstance(value, bool), "a whole number")
        elif isinstance(default, float):
            value = _number(where, name, value)
        elif isinstance(default, str) or default is None and name != "max_items":
            _expect(where, name, value, value is None or isinstance(value, str), "text")
        values[name] = value
    return kind(**values)


def _expect(where, name, value, right, what):
    if not right:
        raise RecipeError(f"{where}: {name} must be {what}, not {value!r}")


def _number(where, name, value):
    try:
        return float(value)  # YAML reads 1e-5 as text
    except (TypeError, ValueError):
        raise RecipeError(f"{where}: {name} must be a number, not {value!r}") from None


def load(path, **changes):
    """Reads a recipe; changes that are not None go before the file. Paths in it are relative to the file."""
    path = pathlib.Path(path)
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise RecipeError(f"{path}: {problem.strerror}") from None
    except yaml.YAMLError as problem:
        raise RecipeError(f"{path}: not YAML: {problem}") from None
    if not isinstance(given, dict):
        raise RecipeError(f"{path}: a mapping is expected")
    for name in ("data", "output", "model", "architecture", "tokenizer", "deepspeed"):
        if isinstance(given.get(name), str):
            given[name] = str((path.parent / given[name]).resolve())
    given.update({name: value for name, value in changes.items() if value is not None})
    missing = [name for name in ("data", "output") if name not in given]
    if missing:
        raise RecipeError(f"{path}: {' and '.join(missing)} missing")
    recipe = _typed(str(path), Recipe, given)
    if (recipe.model is None) == (recipe.architecture is None):
        raise RecipeError(f"{path}: one of model and architecture is needed")
    for name, least in (("block_tokens", 8), ("batch", 1), ("accumulate", 1), ("save_steps", 1), ("keep", 1)):
        if getattr(recipe, name) < least:
            raise RecipeError(f"{path}: {name} must be at least {least}, not {getattr(recipe, name)}")
    return recipe
