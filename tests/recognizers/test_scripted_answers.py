"""Scripted translations and answers: found by the recognized text, and marked when there is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import UsageError
from asrcli.core.events import Event, Final, Partial, SpeechStarted, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.json_lines import quoted
from asrcli.recognizers.scripted_answers import ScriptedAnswers, parse_answers

INTO_ENGLISH = RecognitionSettings("m", translate="en")
PROMPTED = RecognitionSettings("m", prompt="What is it?")
WORDS = (Word("good", 0, 300), Word("morning", 300, 900))
WRITTEN = [
    {"text": "Good  Morning", "translation": {"fr": "bonjour", "zh": "早上好"}, "answer": "A greeting."},
    {"text": "silence", "answer": ""},
]
ANSWERS = parse_answers(["", *(json.dumps(each) for each in WRITTEN), "  "])


@pytest.mark.parametrize(
    ("text", "into", "translation"),
    [
        ("good morning", "fr", "bonjour"),
        (" GOOD morning ", "zh", "早上好"),
        ("good morning", "en", "[en] good morning"),
        ("something else", "fr", "[fr] something else"),
    ],
)
def test_a_translation_is_the_one_that_is_written_or_says_that_it_is_none(
    text: str, into: str, translation: str
) -> None:
    """Case and spaces do not matter; the text itself and its words stay as they are, in partials too."""
    asked = RecognitionSettings("m", translate=into)
    beside = {"translation": translation, "translated_into": into}
    for event in (Final("1", 0, 9, text, WORDS), Partial("1", 0, text[:4], text[4:], WORDS)):
        assert ANSWERS.applied(event, asked) == type(event)(
            **{name: getattr(event, name) for name in event.__dataclass_fields__} | beside
        )


def test_a_recognizer_s_own_translation_stays() -> None:
    """A script that holds one has the last word."""
    event = Final("1", 0, 9, "good morning", translation="bon matin", translated_into="fr")
    assert ANSWERS.applied(event, RecognitionSettings("m", translate="fr")) == event


def test_an_answer_stands_in_the_place_of_the_text() -> None:
    """What was really recognized goes beside it; without an answer it is said as it is."""
    assert ANSWERS.applied(Final("1", 0, 9, "good morning", WORDS), PROMPTED) == Final(
        "1", 0, 9, "A greeting.", heard="good morning"
    )
    assert ANSWERS.applied(Final("1", 0, 9, "silence"), PROMPTED) == Final("1", 0, 9, "", heard="silence")
    assert ANSWERS.applied(Final("1", 0, 9, "else", WORDS), PROMPTED) == Final("1", 0, 9, "else", WORDS, heard="else")
    assert ANSWERS.applied(Partial("1", 0, "good", " morning"), PROMPTED) == Partial("1", 0, "", "A greeting.")


@pytest.mark.parametrize(
    "event", [SpeechStarted("1", 0), Final("1", 0, 9, " "), Partial("1", 0, ""), Final("1", 0, 9, "good morning")]
)
def test_what_nobody_asked_about_is_handed_on(event: Event) -> None:
    """Noise has no translation, and a plain recognition no answers."""
    assert ANSWERS.applied(event, RecognitionSettings("m")) is event
    if not getattr(event, "text", "").strip():
        assert ANSWERS.applied(event, RecognitionSettings("m", translate="fr", prompt="?")) is event


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ("[" * 100_000, "not readable JSON: nested too deeply"),
        ('{"answer": "x"}', "text is missing"),
        ('{"text": 7}', "text 7 is not a text"),
        ('{"text": "a", "answer": 7}', "answer 7 is not a text"),
        ('{"text": "a", "translation": "b"}', "translation is not an object of texts by language"),
        ('{"text": "a", "translation": {"en": null}}', "translation is not an object of texts by language"),
    ],
)
def test_a_mistake_is_named_with_its_line(line: str, problem: str) -> None:
    """One line for a person."""
    with pytest.raises(UsageError) as told:
        parse_answers(['{"text": "a"}', "", line], "--answers a.jsonl")
    assert str(told.value).startswith(f"--answers a.jsonl: line 3 is not an answer: {problem}")


@given(st.text(), st.text(), st.text(max_size=5))
def test_whatever_is_written_is_found(text: str, translation: str, into: str) -> None:
    """Any text under any language, the last line for a text counting."""
    lines = [json.dumps({"text": text, "translation": {into: each}}) for each in ("first", translation)]
    event = parse_answers(lines).applied(Final("1", 0, 9, text), RecognitionSettings("m", translate=into))
    assert isinstance(event, Final)
    assert event.translation == (translation if text.strip() and into else "")


def test_without_a_file_there_are_answers_too() -> None:
    """They say what they are."""
    event = ScriptedAnswers().applied(Final("1", 0, 9, "early"), INTO_ENGLISH)
    assert event == Final("1", 0, 9, "early", translation="[en] early", translated_into="en")


def test_a_value_is_shown_shortly_even_where_it_cannot_be_written() -> None:
    """An integer may have more digits than Python writes."""
    assert quoted("a" * 100).endswith("…")
    assert quoted(10**10_000) == "of too many digits"
