"""A full training and a LoRA training of a tiny model, each exported with `belle export`, one served and asked.

    python tests/smoke.py --belle ../belle

The merged adapter must give the logits of peft's own merge.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

TRAIN = pathlib.Path(__file__).resolve().parents[1]
TINY = TRAIN.parent / "ops/src/main/model/belle-tiny"


def run(*command):
    print("+", *command, flush=True)
    subprocess.run([str(part) for part in command], check=True, cwd=TRAIN)


def items(path, count):
    colours = ["红", "黄", "蓝", "绿", "白", "黑"]
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            colour = colours[i % len(colours)]
            file.write(json.dumps({"input": f"说一种颜色：{i % 6}", "target": colour + "色"}, ensure_ascii=False) + "\n")


def recipe(folder, name, **settings):
    path = folder / f"{name}.yaml"
    base = dict(data=str(folder / "items.jsonl"), output=str(folder / name), model=str(TINY), block_tokens=64, batch=8,
                learning_rate=2e-3, epochs=6.0, packing=True, only_cpu=True, log_steps=20, save_steps=1000)
    path.write_text(json.dumps({**base, **settings}), "utf-8")  # JSON is YAML
    return path


def ask(url, prompt):
    body = json.dumps({"model": "trained", "prompt": f"Human: \n{prompt}\n\nAssistant: \n", "max_tokens": 8, "temperature": 0}).encode()
    request = urllib.request.Request(url + "/v1/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["choices"][0]["text"]


def serve(belle, bundle, prompts):
    server = subprocess.Popen([belle, "up", "--model", str(bundle), "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=TRAIN)
    try:
        url = next(match.group(0) for line in server.stdout if (match := re.search(r"http://\S+", line)))
        return [ask(url.rstrip("/"), prompt) for prompt in prompts]
    finally:
        server.terminate()
        server.wait()


def merged_as_peft_does(adapter, folder):
    import peft
    import transformers

    model = peft.PeftModel.from_pretrained(transformers.AutoModelForCausalLM.from_pretrained(TINY, dtype="float32"), adapter)
    merged = model.merge_and_unload()
    merged.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(TINY).save_pretrained(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--belle", default="../belle")
    belle = parser.parse_args().belle
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        items(folder / "items.jsonl", 900)
        run(sys.executable, "-m", "belle_train", recipe(folder, "full"))
        run(belle, "export", folder / "full" / "final", "--out", folder / "trained")
        answers = serve(belle, folder / "trained", [f"说一种颜色：{i}" for i in range(6)])
        print("answers:", answers)
        right = sum(a.startswith(c) for a, c in zip(answers, "红黄蓝绿白黑"))
        assert right == 6, f"{right} of 6 answers are right: {answers}"
        run(sys.executable, "-m", "belle_train", recipe(folder, "lora", epochs=1.0, lora=dict(
            r=4, alpha=8, dropout=0.0, targets=["query_key_value", "dense"])))
        merged_as_peft_does(folder / "lora" / "final", folder / "merged")
        run(belle, "export", TINY, "--lora", folder / "lora" / "final", "--out", folder / "ours", "--weights", "f32")
        run(belle, "export", folder / "merged", "--out", folder / "theirs", "--weights", "f32")
        ours, theirs = ((folder / name / "weights.bin").read_bytes() for name in ("ours", "theirs"))
        assert len(ours) == len(theirs)
        import numpy

        a, b = (numpy.frombuffer(data, numpy.float32) for data in (ours, theirs))
        worst = float(numpy.nanmax(numpy.abs(a - b)))
        print("largest difference of a merged weight:", worst)
        assert worst <= 1e-6, worst
    print("smoke: passed")


if __name__ == "__main__":
    main()
