"""A final is dropped as a repetition only where audio was sent again, and only if its words are final already."""

import pytest

from asrcli.core.events import Final
from asrcli.recovery.duplicate_finals import RecentFinals, ResentAudio, is_repeat, normalized_text

AGAIN = ResentAudio(1000, normalized_text("Well, we met in the Café. 你好，世界！"))


@pytest.mark.parametrize(
    ("text", "end_ms", "repeat"),
    [
        ("we met in the café", 1000, True),
        ("WELL we met!", 900, True),
        ("w'ell’, we met", 1000, True),
        ("你好世界", 1000, True),
        ("你好", 1000, True),
        ("we met in the cafe", 1000, False),  # another word
        ("we met", 1001, False),  # it reaches into audio that was not final
        ("we met again", 1000, False),
        ("e met", 1000, False),  # half a word
        ("", 1000, False),
    ],
)
def test_what_is_a_repetition(text: str, end_ms: int, repeat: bool) -> None:
    """Consecutive final words, compared without case and punctuation, in the audio that is sent again."""
    assert is_repeat(Final("1", 500, end_ms, text), AGAIN) is repeat


def test_only_finals_that_reach_into_the_audio_count() -> None:
    """None does if the next task begins where they end."""
    said = RecentFinals()
    said.add(Final("1", 0, 400, "one"))
    said.add(Final("2", 400, 900, "two three"))
    assert said.since(900) is None
    assert said.since(899) == ResentAudio(900, "two three")
    assert said.since(0) == ResentAudio(900, "one two three")


def test_a_last_sentence_may_be_said_again_behind_its_end() -> None:
    """It is a repetition if its task may have ended, the audio is too short, and it has more than one word."""
    again = ResentAudio(1000, "two three", "two three", 1000)
    assert is_repeat(Final("1", 1000, 1800, "Two, three!"), again, 899)
    assert not is_repeat(Final("1", 1000, 1800, "Two, three!"), again, 900)
    assert not is_repeat(Final("1", 1000, 1800, "Two, three!"), again)
    assert not is_repeat(Final("1", 1000, 1800, "two"), again, 800)
    assert not is_repeat(Final("1", 1000, 1800, "two three four"), again, 800)
    assert not is_repeat(Final("1", 1000, 1800, "two"), ResentAudio(1000, "two", "two", 1000), 800)
    said = RecentFinals()
    said.add(Final("1", 0, 900, "two three"))
    said.task_may_have_ended = True
    assert said.since(900) == ResentAudio(900, "", "two three", 900)
