"""Reads the classical poems of the npm package chinese-poetry (MIT; the poems are in the public domain) in simplified
characters: every shi of the complete Tang and Song collections, and which of them are famous."""
import dataclasses
import json
import math
import pathlib
import re
import subprocess
import tarfile

import opencc

PACKAGE = "chinese-poetry@2.0.1"
_SIMPLIFIED = opencc.OpenCC("t2s")
_STOPS = re.compile("[，。！？；]")
_PLAIN = re.compile("[\u4e00-\u9fff，。！？；]+")


@dataclasses.dataclass(frozen=True)
class Poem:
    """lines have no punctuation; couplets are lines of the text with theirs, two lines of the poem each."""

    title: str
    author: str
    lines: tuple
    couplets: tuple
    popularity: float = 0.0

    @property
    def form(self):
        """(number of lines, characters of each), or None where the lines differ."""
        lengths = set(map(len, self.lines))
        return (len(self.lines), lengths.pop()) if len(lengths) == 1 else None

    @property
    def text(self):
        return "\n".join(self.couplets)


def fetch(folder):
    """Unpacks the package below folder, if it is not there, and returns the folder of its data."""
    data = pathlib.Path(folder) / "package" / "dist"
    if not data.is_dir():
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        name = subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True).stdout.split()[-1]
        with tarfile.open(pathlib.Path(folder) / name) as archive:
            archive.extractall(folder, filter="data")
    return data


def poem(title, author, paragraphs, popularity=0.0):
    """A poem in simplified characters, or None where the text has gaps, notes or other signs."""
    couplets = tuple(_SIMPLIFIED.convert(p.strip()) for p in paragraphs if p.strip())
    if not couplets or not all(map(_PLAIN.fullmatch, couplets)):
        return None
    lines = tuple(line for c in couplets for line in _STOPS.split(c) if line)
    title = re.sub(r"[（(【\[].*", "", _SIMPLIFIED.convert(title or "")).strip(" 。，")
    return Poem(title, _SIMPLIFIED.convert(author or "").strip() or "佚名", lines, couplets, popularity)


def _number(path):
    return int(re.search(r"(\d+)\.json$", path.name).group(1))


def _popularity(rank):
    """The geometric mean of what four search engines found: one engine's accidents count for little."""
    return sum(math.log1p(rank.get(engine, 0)) for engine in ("baidu", "so360", "bing", "google")) / 4


def collection(data):
    """Yields every poem of the Tang and Song collections."""
    for dynasty in ("tang", "song"):
        for path in sorted((data / "quantangshi").glob(f"poet.{dynasty}.*.json"), key=_number):
            ranks = data / "rank" / "poet" / f"poet.{dynasty}.rank.{_number(path)}.json"
            ranked = json.loads(ranks.read_text("utf-8")) if ranks.exists() else []
            for index, item in enumerate(json.loads(path.read_text("utf-8"))):
                rank = ranked[index] if index < len(ranked) else {}
                own = rank.get("title") == item["title"]
                made = poem(item["title"], item["author"], item["paragraphs"], _popularity(rank) if own else 0.0)
                if made is not None:
                    yield made


def famous(data):
    """Yields the poems of the two anthologies that children learn by heart."""
    seen = set()
    for name in ("tangshisanbaishou", "qianjiashi"):
        for chapter in json.loads((data / "mengxue" / f"{name}.json").read_text("utf-8"))["content"]:
            for item in chapter["content"]:
                if not all(isinstance(paragraph, str) for paragraph in item["paragraphs"]):
                    continue  # several poems under one title
                author = re.sub("^（.*?）", "", item["author"] or "")
                made = poem(item["chapter"], author, item["paragraphs"])
                if made is not None and made.lines[0] not in seen:
                    seen.add(made.lines[0])
                    yield made
