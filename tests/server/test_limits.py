"""The rule that a task ends after 60 s of silence, with a fake clock."""

import pytest

from asrcli.core.settings import RecognitionSettings
from asrcli.server.limits import LONGEST_HOTWORD, MAX_HOTWORDS, SilenceTimer, invalid_setting

SECOND = 32000


def minutes_of_silence(silence: SilenceTimer, clock_s: float, audio_s: int) -> bool:
    """Feed seconds of audio spread evenly over the clock; whether the task was ended."""
    return any(silence.received_audio(clock_s * (at + 1) / audio_s, SECOND) for at in range(audio_s))


def test_silence_ends_a_task_after_60_s_unless_it_has_a_heartbeat() -> None:
    """As the service does it."""
    assert minutes_of_silence(SilenceTimer(60, SECOND, heartbeat=False), 70, 70)
    assert not minutes_of_silence(SilenceTimer(60, SECOND, heartbeat=True), 70, 70)
    assert not minutes_of_silence(SilenceTimer(60, SECOND, heartbeat=False), 59, 59)


def test_a_file_sent_fast_is_not_ended_for_its_pauses() -> None:
    """Ten minutes of silence in two seconds are no silence on the clock."""
    assert not minutes_of_silence(SilenceTimer(60, SECOND, heartbeat=False), 2, 600)


def test_speech_begins_the_count_again() -> None:
    """Any result counts."""
    silence = SilenceTimer(60, SECOND, heartbeat=False)
    for second in range(1, 200):
        assert not silence.received_audio(float(second), SECOND)
        if second % 50 == 0:
            silence.reset(float(second))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (RecognitionSettings("m"), ""),
        (RecognitionSettings("m", rate=1), "sample_rate 1: this server takes"),
        (RecognitionSettings("m", hotwords=(("a", 1),) * (MAX_HOTWORDS + 1)), f"{MAX_HOTWORDS + 1} hot words: this"),
        (RecognitionSettings("m", hotwords=(("a" * (LONGEST_HOTWORD + 1), 1),)), "a hot word of more than"),
        (RecognitionSettings("m", hotwords=(("a" * LONGEST_HOTWORD, 1),) * MAX_HOTWORDS), ""),
    ],
)
def test_settings_that_no_recognizer_could_use_are_refused_in_words(
    settings: RecognitionSettings, problem: str
) -> None:
    """Before memory is taken for them."""
    told = invalid_setting(settings)
    assert told.startswith(problem)
    assert bool(told) is bool(problem)
