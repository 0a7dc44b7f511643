"""Hot words for models that were added: which take them, and how they are spelled for one."""

from pathlib import Path

import pytest

from asrcli.recognizers.sherpa_hotwords import HotWordSpelling, hotword_spelling
from asrcli.recognizers.sherpa_kinds import KINDS, FoundModel

PIECES = ["▁", "▁HELLO", "A", "B", "C", "▁TH"]


def spelling(
    folder: Path, tokens: list[str], kind: str = "transducer", vocabulary: bool = False
) -> HotWordSpelling | str:
    """How a model with these tokens spells."""
    lines = [f"{token} {number}\n" for number, token in enumerate(["<blk>", *tokens])]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")
    if vocabulary:
        (folder / "bpe.vocab").write_text("")
    return hotword_spelling(
        folder, FoundModel(next(each for each in KINDS if each.name == kind), {"tokens": "tokens.txt"})
    )


@pytest.mark.parametrize(
    ("tokens", "vocabulary", "unit"),
    [(["你", "好"], False, "cjkchar"), (PIECES, True, "bpe"), ([*PIECES, "你"], True, "cjkchar+bpe")],
)
def test_a_transducer_spells_with_characters_or_pieces(
    tmp_path: Path, tokens: list[str], vocabulary: bool, unit: str
) -> None:
    """Its tokens say which; pieces of words need the file that comes with them."""
    found = spelling(tmp_path, tokens, vocabulary=vocabulary)
    assert isinstance(found, HotWordSpelling)
    assert (found.unit, found.vocabulary) == (unit, str(tmp_path / "bpe.vocab") if vocabulary else "")


@pytest.mark.parametrize(
    ("kind", "tokens", "why"),
    [
        ("sense-voice", ["你"], "a model of the kind sense-voice takes none"),
        ("transducer", PIECES, "it has no bpe.vocab, which says how it spells words"),
        ("transducer", ["a", "b"], "its tokens are no parts of words"),
    ],
)
def test_why_a_model_takes_no_hot_words_is_said(tmp_path: Path, kind: str, tokens: list[str], why: str) -> None:
    """In words for people."""
    assert spelling(tmp_path, tokens, kind) == why


def test_words_that_a_model_cannot_write_are_left_out(tmp_path: Path) -> None:
    """One of them would take the effect from all; the others have their weights, and the letters of the model."""
    mixed = spelling(tmp_path, [*PIECES, "你", "好"], vocabulary=True)
    assert isinstance(mixed, HotWordSpelling)
    hotwords = (("hello", 5), ("abc 你好", 2), ("world", 4), ("你们", 4), (":#", 4), ("a/b", 1))
    assert mixed.spelled(hotwords) == ("HELLO :2.5/ABC 你好 :1.0/A B :0.5", ("world", "你们", ":#"))
    small = spelling(tmp_path, ["▁", "a", "b"], vocabulary=True)
    assert isinstance(small, HotWordSpelling)
    assert small.spelled((("ab", 3), ("AB", 3))) == ("ab :1.5", ("AB",))
