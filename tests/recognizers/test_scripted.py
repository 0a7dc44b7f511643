"""The scripted recognizer: its results come at their times, for audio in pieces of any size."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import UsageError
from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.scripted import ScriptedResult, ScriptedSession, parse
from asrcli.recognizers.stable_words import StableWords

SCRIPT = (
    ScriptedResult(0, 900, "one", ("o", "on")),
    ScriptedResult(1000, 2500, "two"),
    ScriptedResult(2500, 2600, "三", ("三",)),
)


def events(sizes: list[int], script: tuple[ScriptedResult, ...] | None = SCRIPT) -> list[Event]:
    """What a session says to pieces of these many samples."""
    session = ScriptedSession(RecognitionSettings("m"), script)
    return [event for size in sizes for event in session.feed(bytes(2 * size))] + list(session.finish())


@given(st.lists(st.integers(0, 9000), max_size=30))
def test_every_result_comes_once_in_order_whatever_is_fed(sizes: list[int]) -> None:
    """Started, partials, stopped, final, each with its key."""
    said = events(sizes)
    finals = [event for event in said if isinstance(event, Final)]
    assert [(final.key, final.text) for final in finals] == [("1", "one"), ("2", "two"), ("3", "三")]
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(finals))
    open_key = ""
    for event in said:
        if isinstance(event, SpeechStarted):
            open_key = event.key
        assert isinstance(event, SpeechStarted | Partial | SpeechStopped | Final)
        assert event.key == open_key


@given(st.lists(st.sampled_from([0, 1, 4000, 8000, 16_000]), max_size=12))
def test_speech_that_begins_has_a_final_also_where_the_audio_ends_between_two_sentences(sizes: list[int]) -> None:
    """Without a script a sentence begins with its first sample, not with the last one of the sentence before."""
    said = events(sizes, None)
    begun = [event.key for event in said if isinstance(event, SpeechStarted)]
    assert begun == [event.key for event in said if isinstance(event, Final)]


def test_the_size_of_the_pieces_changes_nothing() -> None:
    """The same audio, the same transcript."""
    assert events([100] * 480) == events([480] * 100) == events([1] * 48_000)


def test_without_a_script_each_second_is_a_sentence() -> None:
    """Only what has begun comes at the end."""
    finals = [event for event in events([16000, 8000], None) if isinstance(event, Final)]
    assert [(final.text, final.begin_ms, final.end_ms) for final in finals] == [
        ("sentence 1", 0, 1000),
        ("sentence 2", 1000, 1500),
    ]


def test_in_manual_mode_each_commit_takes_the_next_result() -> None:
    """A commit after the last result gets an empty final."""
    session = ScriptedSession(RecognitionSettings("m", vad=False), SCRIPT[:1])
    assert list(session.feed(bytes(32000))) == []
    assert list(session.commit())[-1] == Final("1", 0, 1000, "one")
    list(session.feed(bytes(32000)))
    session.clear()
    list(session.feed(bytes(32000)))
    assert list(session.commit())[-1] == Final("2", 2000, 3000, "")
    assert list(session.finish()) == []


def test_a_script_may_hold_translations() -> None:
    """A client that asks for that language gets them with the final, in both modes."""
    script = (
        ScriptedResult(0, 900, "good morning", ("good",), {"fr": "bonjour", "zh": "早上好"}),
        ScriptedResult(1000, 1500, "well"),
    )
    for into, beside in (("fr", ("bonjour", "fr")), ("en", ("", "")), ("", ("", ""))):
        session = ScriptedSession(RecognitionSettings("m", translate=into), script)
        said = [*session.feed(bytes(48_000)), *session.finish()]
        finals = [event for event in said if isinstance(event, Final)]
        assert [(final.translation, final.translated_into) for final in finals] == [beside, ("", "")]
        manual = ScriptedSession(RecognitionSettings("m", vad=False, translate=into), script)
        final = list(manual.commit())[-1]
        assert isinstance(final, Final)
        assert (final.translation, final.translated_into) == beside


def test_a_script_is_read_line_by_line() -> None:
    """With all that a line may hold."""
    line = {"begin_ms": 0, "end_ms": 9, "text": "a", "partials": ["b"], "translation": {"fr": "c"}}
    assert parse([json.dumps(line), "", ""]) == (ScriptedResult(0, 9, "a", ("b",), {"fr": "c"}),)


WRONG = {
    "{": "not JSON",
    "[]": "not an object",
    "[" * 100_000: "not readable JSON: nested too deeply",
    '{"begin_ms": 0, "end_ms": 1, "text": "a", "x": '
    + "[" * 50
    + "]" * 50
    + "}": "not readable JSON: nested too deeply",
    "{}": "begin_ms is missing",
    '{"begin_ms": "0", "end_ms": 1, "text": ""}': "begin_ms '0' is not a whole number of milliseconds from 0 on",
    '{"begin_ms": true, "end_ms": 1, "text": ""}': "begin_ms True is not a whole number",
    '{"begin_ms": -1, "end_ms": 1, "text": ""}': "begin_ms -1 is not a whole number",
    '{"begin_ms": 5, "end_ms": 4, "text": ""}': "end_ms 4 is not a whole number of milliseconds from 5 on",
    '{"begin_ms": 0, "end_ms": 1' + "0" * 400 + ', "text": ""}': "end_ms 1000",
    '{"begin_ms": 0, "end_ms": 1' + "0" * 9000 + ', "text": ""}': "not readable JSON: a number with too many digits",
    '{"begin_ms": 0, "end_ms": 1e2, "text": ""}': "end_ms 100.0 is not a whole number",
    '{"begin_ms": 0, "end_ms": 1}': "text is missing",
    '{"begin_ms": 0, "end_ms": 1, "text": {"a": ["b"]}}': "text {'a': ['b']} is not a text",
    '{"begin_ms": 0, "end_ms": 1, "text": "", "partials": [1]}': "partials is not a list of texts",
    '{"begin_ms": 0, "end_ms": 1, "text": "", "partials": "ab"}': "partials is not a list of texts",
    '{"begin_ms": 0, "end_ms": 1, "text": "", "translation": {"en": 7}}': "translation is not an object of texts",
}


@pytest.mark.parametrize(("line", "problem"), WRONG.items(), ids=[line[:50] for line in WRONG])
def test_what_is_no_script_is_refused_with_its_line_and_field(line: str, problem: str) -> None:
    """In one short line for a person."""
    with pytest.raises(UsageError) as told:
        parse([json.dumps({"begin_ms": 0, "end_ms": 9, "text": "a"}), "", line], "--script talk.jsonl")
    assert str(told.value).startswith(f"--script talk.jsonl: line 3 is not a result: {problem}")
    assert len(str(told.value)) < 250


HYPOTHESES = st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=6), max_size=20)


@given(HYPOTHESES)
def test_settled_words_never_change_whatever_the_search_thinks_next(hypotheses: list[list[str]]) -> None:
    """Each partial begins with what was settled before, and its words are its text."""
    stable, settled = StableWords("1", "en"), ""
    for texts in hypotheses:
        words = tuple(Word(text, 10 * at, 10 * at + 10) for at, text in enumerate(texts))
        partial = stable.partial(words)
        if partial is not None:
            assert partial.settled.startswith(settled)
            assert partial.text == " ".join(word.text for word in partial.words)
            settled = partial.settled


def test_what_may_be_noise_is_shown_when_two_hypotheses_begin_alike() -> None:
    """Noise is heard as something else each time; later words may change, and no speech that is shown is held back."""

    def shown(*texts: str) -> list[str]:
        stable = StableWords("1", "en")
        words = [tuple(Word(word, at, at + 1) for at, word in enumerate(text.split())) for text in texts]
        partials = [stable.partial(each, doubtful=True) for each in words]
        return ["" if partial is None else partial.text for partial in partials]

    assert shown("thank you", "i see", "", "i see", "we all see") == [""] * 5
    assert shown("we all sea", "We all see the", "you can") == ["", "We all see the", "you can"]
    assert shown("yes", "yes") == ["", "yes"]
