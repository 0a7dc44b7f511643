"""Context cut to what a wire carries: whole where it fits, at a good place where it does not, nothing lost unsaid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.dashscope.context import CHARACTERS, MESSAGES, TranscriptMemory, estimate_tokens, fit_corpus, fit_messages

WORDS = st.text(st.sampled_from("ab c,，、。.\n\t|;字词句"), max_size=3000)


def squeezed(text: str) -> str:
    """The text without the spaces that a cut may take away."""
    return "".join(text.split())


@given(st.lists(WORDS, max_size=4))
def test_messages_keep_the_bounds_and_the_beginning(texts: list[str]) -> None:
    """At most five of at most 400 characters; together they are the beginning of the text; the cut is reported."""
    fitted = fit_messages(texts)
    assert len(fitted.texts) <= MESSAGES
    assert all(0 < len(text) <= CHARACTERS for text in fitted.texts)
    whole = squeezed("".join(texts))
    sent = squeezed("".join(fitted.texts))
    assert whole.startswith(sent)
    assert (sent == whole) == (fitted.notice == "")


@given(st.lists(WORDS, max_size=3), st.integers(1, 500))
def test_a_corpus_keeps_its_bound_and_the_beginning(texts: list[str], tokens: int) -> None:
    """Estimated tokens never pass the limit."""
    fitted = fit_corpus(texts, tokens)
    assert sum(map(estimate_tokens, fitted.texts)) <= tokens
    whole, sent = squeezed("".join(texts)), squeezed("".join(fitted.texts))
    assert whole.startswith(sent)
    assert (sent == whole) == (fitted.notice == "")


@pytest.mark.parametrize("separator", ["\n", ", ", "，", "、", " ", "\t", " | ", "; ", "/"])
def test_no_word_of_a_list_is_cut_in_two(separator: str) -> None:
    """Whatever stands between the words."""
    words = [f"word{number}" for number in range(150)]
    fitted = fit_messages([separator.join(words)])
    assert len(fitted.texts) > 1
    for text in fitted.texts:
        assert set(text.replace(separator.strip() or "\n", " ").split()) <= set(words)
    assert fitted.notice == ""


def test_a_cut_falls_between_lines_or_sentences_where_it_can() -> None:
    """Prose is cut as a person would cut it."""
    prose = "这是第一句话，它说了一些事情。" * 30
    assert [text[-1] for text in fit_messages([prose]).texts] == ["。"] * 2
    mixed = "names: Ada, Grace\n" + "x" * 300 + "\n" + "y" * 300
    assert fit_messages([mixed]).texts == ("names: Ada, Grace\n" + "x" * 300, "y" * 300)


def test_exactly_what_fits_is_not_cut() -> None:
    """The edges of both limits."""
    assert fit_messages(["x" * CHARACTERS]).texts == ("x" * CHARACTERS,)
    assert [len(text) for text in fit_messages(["x" * (CHARACTERS + 1)]).texts] == [CHARACTERS, 1]
    full = fit_messages(["x" * CHARACTERS * MESSAGES])
    assert ([len(text) for text in full.texts], full.notice) == ([CHARACTERS] * MESSAGES, "")
    over = fit_messages(["x" * CHARACTERS * MESSAGES + "y"])
    assert over.notice == "context: 2,000 of 2,001 characters fit (5 messages of 400); left out from “y” on"
    assert fit_corpus(["字" * 10_000]).notice == ""
    assert fit_corpus(["字" * 10_001]).notice.startswith("context: 10,000 of 10,001 tokens (estimated) fit (10000)")


@pytest.mark.parametrize(
    ("text", "tokens"), [("hello world", 4), ("字词句", 3), ("ภาษาไทย", 7), ("Привет", 2), ("a,b。c", 5), ("", 0)]
)
def test_tokens_are_estimated_on_the_safe_side(text: str, tokens: int) -> None:
    """A character each where a script has no spaces."""
    assert estimate_tokens(text) == tokens


def test_empty_texts_make_no_message() -> None:
    """Empty texts make no empty message."""
    assert (fit_messages(["", " \n"]).texts, fit_corpus([]).texts, fit_corpus(["  "]).texts) == ((), (), ())


@given(
    st.lists(st.text("ab 字", min_size=1, max_size=3), max_size=6),
    st.lists(st.text("cd 词", max_size=900), max_size=20),
)
def test_a_memory_keeps_what_was_given_and_what_was_said_last(given_texts: list[str], said: list[str]) -> None:
    """Always within the bounds, and the newest words are among them."""
    memory = TranscriptMemory(given_texts)
    for sentence in said:
        memory.remember(sentence)
        texts = memory.texts
        assert len(texts) <= MESSAGES
        assert all(len(text) <= CHARACTERS for text in texts)
        if sentence.strip():
            assert squeezed(texts[-1])[-1:] == squeezed(sentence)[-1:]
    assert memory.texts[: min(3, len(given_texts))] == tuple(given_texts[:3])


def test_a_memory_forgets_the_oldest_sentences_first() -> None:
    """What is forgotten is no more than what has no room."""
    memory = TranscriptMemory(["names"])
    for number in range(100):
        memory.remember(f"{number:02} " + "x" * 96)
    kept = "\n".join(memory.texts[1:])
    assert "99 x" in kept
    assert len(memory._sentences) == 4 * CHARACTERS // 100
