"""Instruction data in BELLE's two forms and as chats, or plain text, as one stream of turns."""
import json

from .recipe import RecipeError

PROMPT = "Human: \n{}\n\nAssistant: \n"


def read(path, most=None):
    """Yields lists of (prompt, answer) pairs; a plain text has one pair with an empty prompt.

    Files are JSON lines or a JSON array of
      {"instruction", "input", "output"}, {"input", "target"}, {"messages": [{"role", "content"}]} or {"text"}.
    """
    count = 0
    for where, item in _objects(path):
        if most is not None and count >= most:
            return
        count += 1
        yield _turns(where, item)


def _objects(path):
    try:
        with open(path, encoding="utf-8") as file:
            first = file.read(1)
            while first.isspace():
                first = file.read(1)
            file.seek(0)
            if first == "[":
                for number, item in enumerate(json.load(file), 1):
                    yield f"{path}: item {number}", item
                return
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield f"{path}:{number}", json.loads(line)
                    except json.JSONDecodeError as problem:
                        raise RecipeError(f"{path}:{number}: not JSON: {problem}") from None
    except OSError as problem:
        raise RecipeError(f"{path}: {problem.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise RecipeError(f"{path}: {problem}") from None


def _text(where, item, name, default=None):
    value = item.get(name, default)
    if not isinstance(value, str):
        raise RecipeError(f"{where}: {name} must be text, not {value!r}")
    return value


def _turns(where, item):
    if not isinstance(item, dict):
        raise RecipeError(f"{where}: an object is expected, not {type(item).__name__}")
    if "messages" in item:
        return _chat(where, item["messages"])
    if "instruction" in item:
        instruction, more = _text(where, item, "instruction"), _text(where, item, "input", "")
        return [(instruction + ("\n" + more if more else ""), _text(where, item, "output"))]
    if "target" in item:
        return [(_text(where, item, "input"), _text(where, item, "target"))]
    if "text" in item:
        return [("", _text(where, item, "text"))]
    raise RecipeError(f"{where}: neither messages, instruction, input and target, nor text; it has {sorted(item)}")


def _chat(where, messages):
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise RecipeError(f"{where}: messages must be a list of objects")
    turns, system, question = [], "", None
    for message in messages:
        role, content = message.get("role"), _text(where, message, "content")
        if role == "system" and not turns and question is None:
            system = content + "\n"
        elif role == "user" and question is None:
            question = system + content
            system = ""
        elif role == "assistant" and question is not None:
            turns.append((question, content))
            question = None
        else:
            raise RecipeError(f"{where}: a message of {role!r} does not belong there")
    if question is not None or not turns:
        raise RecipeError(f"{where}: the last message must be the assistant's")
    return turns
