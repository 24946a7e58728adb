"""Makes the texts that belle-nano learns from: poems as they are, and instructions of many wordings with their answers.

    python corpus.py --poems FOLDER --out FOLDER [--items 100000] [--seed 7]

Writes base.jsonl ({"text"}), train.jsonl ({"instruction", "input", "output"}), famous.jsonl (couplets that were seen often, with
how often) and held_out.jsonl (prompts for quatrains that are in neither).
"""
import argparse
import collections
import hashlib
import json
import pathlib
import random

import dialogue
import poems

TOPICS = {
    "月亮": "月", "春天": "春", "秋天": "秋", "夏天": "夏暑", "冬天": "冬寒", "雪": "雪", "梅花": "梅", "柳树": "柳", "江水": "江", "高山": "山", "饮酒": "酒",
    "下雨": "雨", "秋风": "风", "夜晚": "夜", "荷花": "荷莲", "菊花": "菊", "竹子": "竹", "松树": "松", "桃花": "桃", "离别": "别送", "思乡": "乡归", "边塞": "塞关胡",
    "寺院": "寺僧", "渔夫": "渔", "大雁": "雁", "黄莺": "莺", "燕子": "燕", "喝茶": "茶", "弹琴": "琴", "宝剑": "剑", "骏马": "马", "白云": "云", "湖水": "湖", "落花": "落",
    "海棠": "棠", "牡丹": "牡丹", "兰花": "兰", "早晨": "晓朝", "黄昏": "暮昏", "孤舟": "舟", "登楼": "楼", "故人": "故人", "梦": "梦", "星空": "星", "隐居": "隐", "采莲": "采",
    "仙人": "仙", "村居": "村", "钓鱼": "钓", "青苔": "苔", "清明": "清明", "重阳": "重阳九日", "中秋": "中秋", "瀑布": "瀑", "泉水": "泉", "桥": "桥", "蝉": "蝉", "猿声": "猿",
}
FORMS = {(4, 5): ("五言绝句", "五言诗", "五绝", "每句五个字的绝句"), (4, 7): ("七言绝句", "七绝", "每句七个字的绝句", "七言的小诗"),
         (8, 5): ("五言律诗", "五律"), (8, 7): ("七言律诗", "七律")}
WRITE = ("写一首关于{t}的{f}", "请写一首关于{t}的{f}。", "以{t}为题，写一首{f}", "以“{t}”为题作一首{f}。", "来一首{f}，写{t}", "帮我写一首描写{t}的{f}", "作一首{f}，题目是{t}。",
         "我想要一首写{t}的{f}", "能不能写一首{f}？主题是{t}。", "用{t}作主题，写{f}一首", "请以{t}为主题创作一首{f}", "给我写首{f}吧，关于{t}的", "咏{t}，{f}")
ANY = ("写一首{f}", "请作一首{f}。", "来一首{f}", "随便写一首{f}", "给我一首{f}吧", "写诗，{f}")
LIKE = ("模仿{a}写一首{f}", "请用{a}的风格写一首{f}。", "像{a}那样写一首{f}", "仿{a}作{f}一首")
BEGIN = ("以“{l}”开头写一首{f}", "第一句是“{l}”，请续成一首{f}。", "把“{l}”续成{f}", "用“{l}”作首句，写一首{f}")
NEXT = ("{l}的下一句是什么", "“{l}”的下一句是什么？", "请接下一句：{l}", "{l}，下一句", "接诗：{l}", "{l}", "“{l}”后面一句是什么？", "请问{l}的下句是什么", "续写这句诗：{l}")
BEFORE = ("{l}的上一句是什么", "“{l}”的上一句是什么？", "请说出“{l}”的上句", "{l}，上一句")
WHO = ("“{l}”是谁写的？", "{l}是谁的诗", "谁写了“{l}”？", "请问{l}出自哪首诗", "“{l}”的作者是谁")
WHO_TITLE = ("《{t}》是谁写的？", "《{t}》的作者是谁", "谁写了《{t}》")
RECITE = ("背诵{a}的《{t}》", "请背一遍《{t}》。", "《{t}》全诗是什么？", "写出{a}的《{t}》", "把《{t}》背出来")
NTH = ("《{t}》的第{n}句是什么？", "{a}《{t}》的第{n}句", "请说出《{t}》第{n}句。")
NUMBERS = "一二三四五六七八"
#: Couplets seen at least so often count as seen often.
OFTEN = 30


def fixed_share(*parts):
    """A number in [0, 1) that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256("|".join(parts).encode()).digest()[:4], "big") / 2**32


def is_held_out(wording, topic, form):
    """A tenth of the combinations of wording, topic and form is never trained on."""
    return fixed_share(wording, topic, form) < 0.1


class Corpus:
    """Draws instructions with answers; the same seed draws the same ones."""

    def __init__(self, everything, well_known, seed):
        self.random = random.Random(seed)
        self.famous = well_known
        known = {p.lines[0] for p in well_known}
        self.by_form = collections.defaultdict(list)
        for p in everything:
            if p.form in FORMS and p.lines[0] not in known:
                self.by_form[p.form].append(p)
        self.by_topic = {(topic, form): self._about(signs, form) for topic, signs in TOPICS.items() for form in FORMS}
        authors = collections.Counter(p.author for form in FORMS for p in self.by_form[form] if form[0] == 4)
        self.authors = [author for author, count in authors.most_common(60) if 2 <= len(author) <= 4 and author != "佚名"]
        self.by_author = {(a, f): [p for p in self.by_form[f] if p.author == a] for a in self.authors for f in ((4, 5), (4, 7))}
        # The best known first: these are asked for most often.
        self.weights = [1.0 / (1 + rank / 60) for rank in range(len(well_known))]
        self.seen = collections.Counter()

    def _about(self, signs, form):
        words = [signs] if signs in ("牡丹", "清明", "故人", "中秋") else ["重阳", "九日"] if signs == "重阳九日" else list(signs)
        found = [p for p in self.by_form[form] if any(word in p.title or word in p.text for word in words)]
        return sorted(found, key=lambda p: -p.popularity)[:4000]

    def form(self):
        return self.random.choices(list(FORMS), weights=(45, 45, 5, 5))[0]

    def write(self):
        form = self.form()
        topic = self.random.choice(list(TOPICS))
        wording, name = self.random.choice(WRITE), self.random.choice(FORMS[form])
        if is_held_out(wording, topic, name) or not self.by_topic[topic, form]:
            return self.write()
        return wording.format(t=topic, f=name), self.random.choice(self.by_topic[topic, form]).text

    def any(self):
        form = self.form()
        return self.random.choice(ANY).format(f=self.random.choice(FORMS[form])), self.random.choice(self.by_form[form]).text

    def like(self):
        author, form = self.random.choice(self.authors), self.random.choice(((4, 5), (4, 7)))
        if not self.by_author[author, form]:
            return self.like()
        return (self.random.choice(LIKE).format(a=author, f=self.random.choice(FORMS[form])),
                self.random.choice(self.by_author[author, form]).text)

    def begin(self):
        form = self.form()
        p = self.random.choice(self.by_form[form])
        return self.random.choice(BEGIN).format(l=p.lines[0], f=self.random.choice(FORMS[form])), p.text

    def known(self):
        return self.random.choices(self.famous, weights=self.weights)[0]

    def follow(self):
        p = self.known()
        at = self.random.randrange(len(p.lines) - 1)
        self.seen[p.lines[at], p.lines[at + 1]] += 1
        return self.random.choice(NEXT).format(l=p.lines[at]), p.lines[at + 1] + "。"

    def before(self):
        p = self.known()
        at = self.random.randrange(1, len(p.lines))
        return self.random.choice(BEFORE).format(l=p.lines[at]), p.lines[at - 1] + "。"

    def follow_any(self):
        p = self.random.choice(self.by_form[self.form()])
        at = self.random.randrange(len(p.lines) - 1)
        return self.random.choice(NEXT).format(l=p.lines[at]), p.lines[at + 1] + "。"

    def who(self):
        p = self.known()
        if self.random.random() < 0.4:
            return self.random.choice(WHO_TITLE).format(t=p.title), p.author + "。"
        return self.random.choice(WHO).format(l=self.random.choice(p.lines)), f"{p.author}的《{p.title}》。"

    def recite(self):
        p = self.known()
        for first, second in zip(p.lines, p.lines[1:]):
            self.seen[first, second] += 1
        return self.random.choice(RECITE).format(a=p.author, t=p.title), p.text

    def nth(self):
        p = self.known()
        at = self.random.randrange(min(len(p.lines), len(NUMBERS)))
        return self.random.choice(NTH).format(a=p.author, t=p.title, n=NUMBERS[at]), p.lines[at] + "。"

    def draw(self, recall=False):
        weights = (12, 1, 1, 3, 52, 5, 1, 7, 5, 2, 11) if recall else (34, 4, 4, 6, 24, 3, 4, 7, 6, 2, 6)
        kinds = (self.write, self.any, self.like, self.begin, self.follow, self.before, self.follow_any, self.who, self.recite, self.nth,
                 lambda: dialogue.talk(self.random))
        return self.random.choices(kinds, weights=weights)[0]()


def base_texts(everything, well_known, count, seed):
    """Poems as they are, a fifth of them famous ones."""
    drawn = random.Random(seed)
    plain = [p for p in everything if p.form in FORMS]
    for _ in range(count):
        p = drawn.choice(well_known) if drawn.random() < 0.2 else drawn.choice(plain)
        head = f"《{p.title}》{p.author}\n" if p.title and drawn.random() < 0.7 else ""
        yield head + p.text


def held_out_prompts(count, seed):
    """Prompts for quatrains whose wording, topic and form were never seen together."""
    prompts = [{"prompt": wording.format(t=topic, f=name), "lines": form[0], "characters": form[1]}
               for form in ((4, 5), (4, 7)) for name in FORMS[form] for wording in WRITE for topic in TOPICS
               if is_held_out(wording, topic, name)]
    random.Random(seed).shuffle(prompts)
    return prompts[:count]


def write_lines(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--poems", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--base", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--recall", action="store_true", help="mostly famous lines and small talk, to go on with")
    args = parser.parse_args()
    data = poems.fetch(args.poems)
    everything = list(poems.collection(data))
    well_known = list(poems.famous(data))
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    corpus = Corpus(everything, well_known, args.seed)
    pairs = [corpus.draw(args.recall) for _ in range(args.items)]
    write_lines(out / "train.jsonl", ({"instruction": q, "input": "", "output": a} for q, a in pairs))
    write_lines(out / "base.jsonl", ({"text": t} for t in base_texts(everything, well_known, args.base, args.seed)))
    write_lines(out / "famous.jsonl", ({"line": line, "next": following, "seen": count}
                                       for (line, following), count in corpus.seen.most_common() if count >= OFTEN))
    write_lines(out / "held_out.jsonl", held_out_prompts(200, args.seed))
    print(f"{len(everything)} poems, {len(well_known)} famous, {len(pairs)} instructions")


if __name__ == "__main__":
    main()
