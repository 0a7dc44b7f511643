"""What the library takes for the same text, what a user's words ask for, and what its index is asked."""

import pytest

from asrcli.library.search_text import (
    LONG,
    LONGEST_WORD,
    WordPart,
    index_query,
    index_tokens,
    normalized,
    search_terms,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Hello,  World!", "hello world"),
        ("你好，世界。 GPT-4 模型", "你好世界gpt 4模型"),
        ("ＡＢＣ　１２", "abc 12"),
        ("Don’t", "dont"),
        ("a 😀 b", "a😀b"),
        ("❤️", "❤"),
        ("Straße", "strasse"),
        ("한국어 문장", "한국어 문장"),
        ("หนังสือ ดี", "หนังสือดี"),
        ("c++\x00\u200b", "c++"),
        ("\ud800* ( ) \"'", ""),
    ],
)
def test_case_punctuation_and_spaces_beside_chinese_make_no_difference(text: str, plain: str) -> None:
    """A recognizer chooses them, and nobody remembers them."""
    assert normalized(text) == plain


def test_scripts_without_spaces_are_indexed_by_characters_and_pairs_and_others_by_words() -> None:
    """What stands beside each other in different scripts is no pair; ASCII symbols are written as others."""
    assert index_tokens("你好gpt 4") == {"你", "好", "你好", "gpt", "4"}
    assert index_tokens("c++") == {"c", "\ue02b", "\ue02b\ue02b"}
    assert index_tokens("x" * (LONGEST_WORD + 1)) == {LONG}
    assert words_of("你好gpt 4 " + "x" * (LONGEST_WORD + 1)) == {"gpt", "4"}


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        (["budget", "review"], ["budget", "review"]),
        (["budget review"], ["budget review"]),
        (['"next  Monday" 会议 预算'], ["next monday", "会议", "预算"]),
        (["“会议 纪要” x x"], ["会议纪要", "x"]),
        (['"never closed'], ["never closed"]),
        (["*", "-", '"'], []),
        (["NEAR(a", "b*", "-c", "NOT", "plain:d"], ["near a", "b", "c", "not", "plain d"]),
    ],
)
def test_quotes_make_a_phrase_and_nothing_else_has_a_meaning(words: list[str], terms: list[str]) -> None:
    """An argument is a phrase too, because a shell takes quotes away."""
    assert search_terms(words) == terms


def test_the_index_is_asked_for_tokens_in_quotes_only() -> None:
    """A word in the middle as it is, one at an end by the words that have it; none where they are too many."""
    asked: list[WordPart] = []

    def words_with(part: WordPart) -> list[str] | None:
        asked.append(part)
        return None if part.text == "e" else [f"{part.text}s", "x" * (LONGEST_WORD + 1)]

    assert index_query(["near or t", "会议室", "议", "e"], words_with) == (
        f'("nears" OR "{LONG}") AND ("or" OR "{LONG}") AND ("ts" OR "{LONG}") AND "会议" AND "议室" AND "议"'
    )
    assert asked == [WordPart("near", False, True), WordPart("t", True, False), WordPart("e", False, False)]
    assert index_query(["e"], words_with) is None
