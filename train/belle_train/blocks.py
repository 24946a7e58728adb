"""Token blocks of one length from turns: prompts in BELLE's form, and labels that leave them out of the loss."""
import random

import torch

from .items import PROMPT

IGNORED = -100


class Encoder:
    """Encodes turns; user text never becomes a control token."""

    def __init__(self, tokenizer, loss_on_prompt):
        self.tokenizer = tokenizer
        self.loss_on_prompt = loss_on_prompt

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]

    def encode(self, turns):
        """Returns (ids, labels) of one conversation. Turns are joined by a line break; an answer ends with </s>."""
        ids, labels = [], []
        if self.tokenizer.bos_token_id is not None and getattr(self.tokenizer, "add_bos_token", False):
            ids.append(self.tokenizer.bos_token_id)
            labels.append(IGNORED)
        for number, (prompt, answer) in enumerate(turns):
            if prompt:
                asked = self.ids(("\n" if number else "") + PROMPT.format(prompt))
                ids += asked
                labels += asked if self.loss_on_prompt else [IGNORED] * len(asked)
            told = self.ids(answer) + [self.tokenizer.eos_token_id]
            ids += told
            labels += told
        return ids, labels


def packed(conversations, block_tokens):
    """Yields blocks of exactly block_tokens tokens, conversation behind conversation; a last, shorter one is filled up
    with labels that do not count. A conversation goes on in the next block where it does not fit."""
    ids, labels = [], []
    for more_ids, more_labels in conversations:
        ids += more_ids
        labels += more_labels
        while len(ids) >= block_tokens:
            yield ids[:block_tokens], labels[:block_tokens]
            ids, labels = ids[block_tokens:], labels[block_tokens:]
    if ids:
        missing = block_tokens - len(ids)
        yield ids + [0] * missing, labels + [IGNORED] * missing


def single(conversations, block_tokens):
    """Yields a block for each conversation, cut at block_tokens; one whose answer is wholly cut off is left out."""
    for ids, labels in conversations:
        ids, labels = ids[:block_tokens], labels[:block_tokens]
        if any(label != IGNORED for label in labels):
            yield ids, labels


class Blocks(torch.utils.data.Dataset):
    """All blocks in memory, four bytes a token and label."""

    def __init__(self, blocks):
        self.blocks = [(torch.tensor(ids, dtype=torch.int32), torch.tensor(labels, dtype=torch.int32))
                       for ids, labels in blocks]

    def __len__(self):
        return len(self.blocks)

    def __getitem__(self, index):
        ids, labels = self.blocks[index]
        return {"input_ids": ids, "labels": labels}


def shuffled(items, seed):
    items = list(items)
    random.Random(seed).shuffle(items)
    return items


class Collator:
    """Pads a batch at its end; blocks that are full need no mask, which spares the model the work."""

    def __init__(self, pad_id):
        self.pad_id = pad_id

    def __call__(self, rows):
        width = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), width), self.pad_id, dtype=torch.int64)
        labels = torch.full((len(rows), width), IGNORED, dtype=torch.int64)
        mask = torch.zeros((len(rows), width), dtype=torch.int64)
        for at, row in enumerate(rows):
            count = len(row["input_ids"])
            ids[at, :count] = row["input_ids"]
            labels[at, :count] = row["labels"]
            mask[at, :count] = 1
        batch = {"input_ids": ids, "labels": labels}
        return batch if bool(mask.all()) else {**batch, "attention_mask": mask}
