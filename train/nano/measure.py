"""What belle-nano can do, asked of a running server: quatrains on held-out prompts, famous lines, greetings, and whether it stops.

    python nano/measure.py --url http://127.0.0.1:8080 --corpus build/corpus
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import urllib.request

import dialogue

STOPS = re.compile("[，。！？；\n]+")
MAX_TOKENS = 160


def ask(url, model, prompt, seed, sampled):
    body = {"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": MAX_TOKENS, "seed": seed}
    if not sampled:
        body.update(temperature=0, repetition_penalty=1)
    request = urllib.request.Request(url + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        choice = json.load(response)["choices"][0]
    return choice["message"]["content"], choice["finish_reason"] == "stop"


def rows(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def right_form(text, lines, characters):
    return [len(line) for line in STOPS.split(text) if line] == [characters] * lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--show", type=int, default=5)
    args = parser.parse_args()
    with urllib.request.urlopen(args.url + "/v1/models") as response:
        model = json.load(response)["data"][0]["id"]
    pool = concurrent.futures.ThreadPoolExecutor(8)

    def all_of(prompts, sampled):
        return list(pool.map(lambda pair: ask(args.url, model, pair[1], pair[0], sampled), enumerate(prompts)))

    held_out = rows(pathlib.Path(args.corpus) / "held_out.jsonl")
    stopped = total = 0
    for name, sampled in (("as served by default", True), ("greedy", False)):
        answers = all_of([row["prompt"] for row in held_out], sampled)
        right = sum(right_form(text, row["lines"], row["characters"]) for (text, _), row in zip(answers, held_out))
        ended = sum(stop for _, stop in answers)
        stopped, total = stopped + ended, total + len(answers)
        print(f"quatrains {name}: {right} of {len(answers)} have the right lines, {ended} ended by themselves, "
              f"{len({text for text, _ in answers})} different ones")
        for (text, _), row in list(zip(answers, held_out))[:args.show if sampled else 0]:
            print(f"    {row['prompt']}\n        " + text.replace("\n", "\n        "))
    famous = rows(pathlib.Path(args.corpus) / "famous.jsonl")
    for name, sampled in (("as served by default", True), ("greedy", False)):
        answers = all_of([f"“{row['line']}”的下一句是什么？" for row in famous], sampled)
        right = [STOPS.split(text)[0] == row["next"] for (text, _), row in zip(answers, famous)]
        stopped, total = stopped + sum(stop for _, stop in answers), total + len(answers)
        print(f"famous lines seen {famous[-1]['seen']} times or more, {name}: {sum(right)} of {len(right)} followed by the right one")
    answers = all_of(list(dialogue.GREETINGS), True)
    greeted = sum(any(word in text for word in ("你好", "您好")) and stop for text, stop in answers)
    print(f"greetings: {greeted} of {len(answers)} answered with one, e.g. {answers[0][0]}")
    print(f"ended by themselves: {stopped} of {total}")


if __name__ == "__main__":
    main()
