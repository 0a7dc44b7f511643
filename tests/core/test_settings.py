"""Secrets that do not show."""

import copy
import pickle
import subprocess
import sys
import traceback

import pytest

from asrcli.core.settings import (
    FILE_RETRY_FOR_S,
    ConnectionSettings,
    RecognitionSettings,
    RetrySettings,
    Secret,
    apart_from_terminal,
)

KEY = "sk-0123456789abcdef"


def test_a_key_shows_in_nothing_that_prints() -> None:
    """Not in str, repr, format, in what holds it, nor in a traceback that shows it."""
    connection = ConnectionSettings(key=Secret(KEY))
    try:
        raise RuntimeError(f"{connection} {connection.key} {connection.key!r}")
    except RuntimeError:
        told = traceback.format_exc()
    assert KEY not in told
    assert "***" in told


def test_a_key_gives_itself_only_when_asked() -> None:
    """To the one place that puts it into a header."""
    assert Secret(KEY).reveal() == KEY
    assert copy.copy(Secret(KEY)) == Secret(KEY)
    assert pickle.loads(pickle.dumps(Secret(KEY))) == Secret(KEY)  # noqa: S301


@pytest.mark.parametrize(
    ("given", "source", "pace", "retry_for_s", "catch_up"),
    [
        (RetrySettings(), "microphone", None, None, None),
        (RetrySettings(catch_up=4.0), "microphone", None, None, 4.0),
        (RetrySettings(catch_up=4.0), "pipe", 1.0, None, 4.0),
        (RetrySettings(catch_up=4.0), "pipe", None, None, None),
        (RetrySettings(catch_up=4.0), "pipe", 9.0, None, 9.0),
        (RetrySettings(retry_for_s=7.0), "file", None, 7.0, None),
        (RetrySettings(catch_up=4.0), "file", None, FILE_RETRY_FOR_S, None),  # it was as fast as possible before
        (RetrySettings(catch_up=4.0), "file", 1.0, FILE_RETRY_FOR_S, 4.0),
        (RetrySettings(catch_up=4.0), "file", 9.0, FILE_RETRY_FOR_S, 9.0),
        (RetrySettings(), "file", 2.0, FILE_RETRY_FOR_S, 2.0),
    ],
)
def test_a_file_waits_five_minutes_and_catches_up_no_slower_than_it_went(
    given: RetrySettings, source: str, pace: float | None, retry_for_s: float | None, catch_up: float | None
) -> None:
    """Somebody may still speak into what is live; zero and what the user said stay as they are.

    What comes through a pipe is never sent slower than the pace that the user asked for.
    """
    settings = given.of(realtime=source != "file", pace=pace, can_wait=source != "microphone")
    assert (settings.retry_for_s, settings.catch_up) == (retry_for_s, catch_up)


def test_both_texts_come_where_a_translation_does_not_replace_the_transcript() -> None:
    """Without a word about the transcript it comes."""
    both = RecognitionSettings("gummy-realtime-v1", translate="en")
    assert both.both_texts
    assert not RecognitionSettings("gummy-realtime-v1", translate="en", transcription=False).both_texts
    assert not RecognitionSettings("gummy-realtime-v1").both_texts


def test_a_process_that_the_terminal_does_not_interrupt_is_started_in_the_way_of_each_system() -> None:
    """Windows has groups instead of sessions; Python ignores or refuses the arguments of the other system."""
    assert apart_from_terminal("win32") == {"creationflags": 0x200}  # CREATE_NEW_PROCESS_GROUP
    assert apart_from_terminal("linux") == apart_from_terminal("darwin") == {"start_new_session": True}
    assert subprocess.run([sys.executable, "-c", ""], check=True, **apart_from_terminal()).returncode == 0
