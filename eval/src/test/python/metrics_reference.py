"""Writes metrics.jsonl: BLEU of PyPI's sacrebleu (tokenizer zh) and ROUGE-L of PyPI's rouge-score over characters, for MetricsTest.

    pip install sacrebleu rouge-score
    python metrics_reference.py > ../resources/metrics.jsonl
"""
import json
import random

import sacrebleu
from rouge_score import rouge_scorer


class Characters:
    def tokenize(self, text):
        return [c for c in text if not c.isspace()]


PIECES = ["今天天气很好", "我们去公园", "，", "。", " ", "Hello, world!", "3.14", "10-20", "A/B", "（注）", "她说：“好”", "1,000", "don't", "\n", "苹果", "苹果", "香蕉",
          "x=y+1;", "【标题】", "100%", "…", "e.g.", "U.S.", "①", "☀", "𠀀", "？！"]


def main():
    drawn = random.Random(5)
    rouge = rouge_scorer.RougeScorer(["rougeL"], tokenizer=Characters())
    bleu = sacrebleu.BLEU(tokenize="zh", effective_order=True)
    pairs = []
    for _ in range(300):
        reference = "".join(drawn.choice(PIECES) for _ in range(drawn.randrange(0, 14)))
        answer = "".join(c for c in reference if drawn.random() < 0.8) if drawn.random() < 0.6 else "".join(
            drawn.choice(PIECES) for _ in range(drawn.randrange(0, 14)))
        pairs.append((answer, reference))
        print(json.dumps({"answer": answer, "reference": reference, "bleu": bleu.sentence_score(answer, [reference]).score,
                          "rouge": rouge.score(reference, answer)["rougeL"].fmeasure}, ensure_ascii=False))
    corpus = sacrebleu.BLEU(tokenize="zh").corpus_score([a for a, _ in pairs], [[r for _, r in pairs]]).score
    print(json.dumps({"corpus": corpus}))


if __name__ == "__main__":
    main()
