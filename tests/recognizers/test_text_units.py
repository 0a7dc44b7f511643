"""Words of any script: how a text is split, joined again, timed, and in which language it is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Word
from asrcli.recognizers.text_units import joined, language_of, split_words
from asrcli.recognizers.token_words import timed_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world.", [("Hello", ","), ("world", ".")]),
        ("你好，世界。", [("你", ""), ("好", "，"), ("世", ""), ("界", "。")]),
        ("我用Python写", [("我", ""), ("用", ""), ("Python", ""), ("写", "")]),
        (
            "他说「好」。hello，再见",
            [("他", ""), ("说", ""), ("「好", "」。"), ("hello", "，"), ("再", ""), ("见", "")],
        ),
        ("안녕 하세요", [("안녕", ""), ("하세요", "")]),
        ("...", [("...", "")]),
        ("，", []),
    ],
)
def test_a_text_is_split_into_words(text: str, words: list[tuple[str, str]]) -> None:
    """Where there are no spaces, each character is one."""
    assert split_words(text) == words


@pytest.mark.parametrize("text", ["Hello, world.", "你好，世界。", "我用 Python 写", "他说「好」。", "안녕 하세요"])
def test_words_are_joined_as_they_were(text: str) -> None:
    """With spaces only where they belong."""
    assert joined([Word(word, 0, 0, after) for word, after in split_words(text)]) == text


@pytest.mark.parametrize(
    ("text", "languages", "code"),
    [
        ("hello", ["fr"], "fr"), ("你好 OK", ["zh", "en"], "zh"), ("hello", ["zh", "en"], "en"),
        ("hello", ["en", "fr"], ""),
        ("こんにちは世界", ["zh", "ja"], "ja"), ("안녕", ["ko", "en"], "ko"), ("你好", ["zh", "yue", "en"], ""),
        ("hello", [], ""), ("123", ["zh", "en"], ""),
    ],
)  # fmt: skip
def test_the_language_is_said_only_where_the_script_tells_it(text: str, languages: list[str], code: str) -> None:
    """Among those that a model hears."""
    assert language_of(text, languages) == code


def test_words_have_the_times_of_their_tokens() -> None:
    """Of pieces with a mark before the word or after it, of characters, and where the text is written otherwise."""
    words = timed_words("hello wor世", [" hel", "lo", "▁wor", "世"], [100, 200, 900, 1500], 1600)
    assert [(word.text, word.begin_ms, word.end_ms) for word in words] == [
        ("hello", 100, 500), ("wor", 900, 1200), ("世", 1500, 1600)
    ]  # fmt: skip
    assert [word.begin_ms for word in timed_words("good day", ["go@@", "od", "day"], [0, 100, 400], 900)] == [0, 400]
    assert [word.begin_ms for word in timed_words("你好", ["ƋŢ", "ķĻ"], [300, 600], 900)] == [300, 600]


@given(st.text(max_size=30), st.lists(st.tuples(st.text(max_size=4), st.integers(0, 300)), max_size=12))
def test_times_never_overlap_and_end_with_the_audio(text: str, tokens: list[tuple[str, int]]) -> None:
    """Whatever a model writes."""
    starts = [sum(step for _, step in tokens[: number + 1]) for number in range(len(tokens))]
    words = timed_words(text, [token for token, _ in tokens], starts, 1000)
    assert all(0 <= word.begin_ms <= word.end_ms <= 1000 for word in words)
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(words))
    assert len(words) in {0, len(split_words(text))}
