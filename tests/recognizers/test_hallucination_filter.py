"""What a model makes of noise is not passed on, and what people say is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.recognizers.hallucination_filter import plausible_text, without_loop
from asrcli.recognizers.speech_shape import FrameFacts

WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=8), max_size=60)


def voice(seconds: float) -> list[FrameFacts]:
    """This much voice."""
    return [FrameFacts(True)] * round(seconds / 0.03)


def of(text: str, voice_s: float) -> str:
    """What is left of a text that was made of this much voice."""
    return plausible_text(text, voice(voice_s))


@pytest.mark.parametrize(
    ("text", "voice_s"),
    [
        ("No.", 0.5), ("Oh.", 0.6), ("I", 0.36), ("Yes, please.", 0.9), ("9", 0.5), ("Thank you for watching.", 1.2),
        ("Go forward ten meters.", 1.9), ("8 of spades, 4 of close, 7 of parts.", 5.0), ("The café is closed.", 1.5),
        ("No, no, no, no, no!", 1.6), ("It was very, very, very, very good.", 2.5), ("You know.", 0.6),
    ],
)  # fmt: skip
def test_speech_keeps_its_text(text: str, voice_s: float) -> None:
    """Short answers, slow ones, repeated words, a foreign word: no letter is taken away."""
    assert of(text, voice_s) == text


@pytest.mark.parametrize(
    ("text", "voice_s"),
    [
        ("You", 0.4), ("you.", 1.7), ("Mm", 0.5), ("Hmm.", 0.5), ("Eh?", 1.1), ("Mm-hmm", 0.6),
        ("So", 0.6), ("Thank you for watching.", 3.8),
        ("Thank you for watching!", 9.0), ("♪♪♪", 2.0), ("2-3ตวบน 16/10/22", 2.0),
        ("你好", 1.0), ("é è ü", 1.0), ("© transcript Emily", 1.5), ("...", 1.0), ("2.", 15.0), ("", 1.0),
    ],
)  # fmt: skip
def test_what_comes_of_noise_goes(text: str, voice_s: float) -> None:
    """Lone fillers, other scripts, notes, too little text for this much voice."""
    assert of(text, voice_s) == ""


@pytest.mark.parametrize("text", ["Thank you", "Okay", "B", "oh", "Thanks for watching"])
def test_what_is_often_made_of_noise_is_shown_when_the_sentence_has_ended(text: str) -> None:
    """People say it too: it is a final, and no partial; a longer sentence that begins so is shown."""
    seconds = 0.4 if len(text) < 10 else 1.2
    assert plausible_text(text, voice(seconds), final=False) == ""
    assert plausible_text(text, voice(seconds)) == text
    assert plausible_text(f"{text}, we can go", voice(seconds + 0.6), final=False) == f"{text}, we can go"


def test_a_loop_that_goes_on_for_long_is_dropped_though_it_is_not_too_fast() -> None:
    """Applause of 14.7 s gave this; the same words said four times in a short time stay."""
    phrase = "The first one is the first one. "
    assert of(phrase * 11, 14.7) == ""
    assert of("It was very, very, very, very good.", 1.6) == "It was very, very, very, very good."


def test_nobody_speaks_as_fast_as_that() -> None:
    """More letters than fit into the audio."""
    assert plausible_text("To the way you can do it", voice(0.5)) == ""


def test_too_little_voice_is_no_word() -> None:
    """Fewer than five frames."""
    assert of("Hi", 0.12) == ""
    assert plausible_text("Hi", [FrameFacts(False)] * 40) == ""


def test_a_phrase_that_never_ends_is_cut() -> None:
    """A sentence keeps its beginning and one copy; nothing but copies is nothing at all."""
    plates = "in the woods of the old cupboard" + "-plate" * 30
    assert of(plates, 2.0) == "in the woods of the old cupboard-plate"
    assert of("You can " + "use the button to " * 25 + "use the", 15.0) == ""


@given(WORDS, st.lists(st.sampled_from(["la", "di", "da"]), min_size=1, max_size=4), st.integers(1, 30))
def test_what_is_left_is_a_beginning_without_a_loop(head: list[str], phrase: list[str], copies: int) -> None:
    """Of any text: nothing is added or changed, and a second look finds nothing more."""
    text = " ".join(head + phrase * copies)
    left = without_loop(text)
    assert text.startswith(left)
    assert without_loop(left) in (left, "")
