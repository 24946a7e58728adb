"""Decisions and scores of PyPI's rank-bm25 (BM25Okapi: k1 1.5, b 0.75, epsilon 0.25) for a list of instructions, one a line of
JSON {"instruction": …}, each against all before it that were kept. Tokens are code points, so that no tokenizer is needed.

    pip install rank-bm25 numpy
    python bm25_reference.py INSTRUCTIONS.jsonl > decisions.jsonl        {"kept", "most", "mean"} a line
"""
import json
import sys

import numpy
from rank_bm25 import BM25Okapi

LIMIT = 18

corpus = []
with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        tokens = list(json.loads(line)["instruction"])
        scores = BM25Okapi(corpus).get_scores(tokens) if corpus else numpy.zeros(1)
        kept = bool(scores.max() <= LIMIT)
        print(json.dumps({"kept": kept, "most": float(scores.max()), "mean": float(scores.mean())}))
        if kept:
            corpus.append(tokens)
