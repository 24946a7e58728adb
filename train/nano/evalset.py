"""Makes belle-nano's evaluation set in BELLE's form, JSON lines of question, std_answer and class, for `belle eval run`.

    python evalset.py --poems FOLDER --out FILE [--seed 7]

Only questions that one answer is right for have it: quatrains and greetings have none. Quatrains are asked for in combinations of
wording, topic and form that are never trained on; lines and authors are those of famous poems, the best known first.
"""
import argparse
import collections
import itertools
import random

import corpus
import dialogue
import poems

QUATRAINS = 60
NEXT_LINES = 60
LINES_BEFORE = 40
NTH_LINES = 40
AUTHORS = 40
WHOLE_POEMS = 20


def unambiguous(pairs):
    """Yields the (question, answer) pairs whose question has no other answer among them, each once, in their order."""
    answers = collections.defaultdict(set)
    pairs = list(dict.fromkeys(pairs))
    for question, answer in pairs:
        answers[question].add(answer)
    return [(question, answer) for question, answer in pairs if len(answers[question]) == 1]


def by_class(well_known):
    """Returns class -> (how many, wordings, pairs of what the wording is filled with and the answer)."""
    neighbours = [pair for p in well_known for pair in itertools.pairwise(p.lines)]
    titles = [(p.author, p.title) for p in well_known]
    own = [p for p in well_known if titles.count((p.author, p.title)) == 1]
    nth = [((p.author, p.title, n), line) for p in own for n, line in zip(corpus.NUMBERS, p.lines)]
    return {
        "接句": (NEXT_LINES, corpus.NEXT, [(dict(l=line), after) for line, after in unambiguous(neighbours)]),
        "上句": (LINES_BEFORE, corpus.BEFORE, [(dict(l=line), first) for line, first in unambiguous((b, a) for a, b in neighbours)]),
        "补句": (NTH_LINES, corpus.NTH[1:2], [(dict(a=a, t=t, n=n), line) for (a, t, n), line in nth]),
        "作者": (AUTHORS, corpus.WHO_TITLE, [(dict(t=t), a) for t, a in unambiguous((p.title, p.author) for p in well_known)]),
        "背诵": (WHOLE_POEMS, corpus.RECITE[:1], [(dict(a=p.author, t=p.title), p.text) for p in own if len(p.lines) == 4]),
    }


def items(well_known, seed):
    """Returns the set's items; well_known has the best known poems first. The same seed draws the same ones."""
    drawn = random.Random(seed)
    found = [(row["prompt"], "", "绝句") for row in corpus.held_out_prompts(QUATRAINS, seed)]
    for name, (count, wordings, pairs) in by_class(well_known).items():
        best_known = pairs[:4 * count]
        for filling, answer in drawn.sample(best_known, min(count, len(best_known))):
            found.append((drawn.choice(wordings).format(**filling), answer, name))
    found += [(greeting, "", "问候") for greeting in dialogue.GREETINGS]
    return [{"question": question, "std_answer": answer, "class": name} for question, answer, name in found]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--poems", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    made = items(list(poems.famous(poems.fetch(args.poems))), args.seed)
    corpus.write_lines(args.out, made)
    print(f"{len(made)} questions: {dict(collections.Counter(item['class'] for item in made))}")


if __name__ == "__main__":
    main()
