"""belle-nano's evaluation set: a reference stands only where no other answer is right."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "nano"))
import evalset  # noqa: E402
from poems import Poem  # noqa: E402


def poem(title, author, *lines):
    return Poem(title, author, lines, lines)


POEMS = [
    poem("春", "甲", "一", "二", "三", "四"),
    poem("春", "乙", "五", "六", "七", "八"),
    poem("秋", "甲", "一", "九", "十", "百"),
    poem("秋", "甲", "千", "万", "亿", "兆"),
]


def answers(name):
    return {item["question"]: item["std_answer"] for item in evalset.items(POEMS, 7) if item["class"] == name}


def test_a_line_with_two_continuations_is_not_asked_for_the_next():
    found = answers("接句")
    assert len(found) == 10 and not any("一" in question.replace("下一句", "").replace("后面一句", "") for question in found)
    assert set(found.values()) == set("三四六七八十百万亿兆")


def test_a_title_that_two_poets_used_has_no_one_author():
    assert set(answers("作者").values()) == {"甲"} and len(answers("作者")) == 1


def test_poems_of_one_poet_with_one_title_are_not_asked_for_by_it():
    assert set(answers("补句").values()) == set("一二三四五六七八")
    assert set(answers("背诵").values()) == {"一\n二\n三\n四", "五\n六\n七\n八"}


def test_what_has_many_right_answers_has_no_reference():
    for name, count in (("绝句", evalset.QUATRAINS), ("问候", 24)):
        assert len(answers(name)) == count and set(answers(name).values()) == {""}


def test_the_same_seed_draws_the_same_questions():
    assert evalset.items(POEMS, 7) == evalset.items(POEMS, 7) != evalset.items(POEMS, 8)
