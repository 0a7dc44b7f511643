"""When a source that gives only digital silence is worth an alarm."""

import math

from hypothesis import given
from hypothesis import strategies as st

from asrcli.sources.noise_floor import SILENT_DBFS, SILENT_S, SilenceAlarm

NOTHING, ROOM = -math.inf, SILENT_DBFS + 1


def test_an_alarm_comes_once_for_a_silence_and_later_each_time() -> None:
    """Muting a microphone many times is not reported many times."""
    alarm = SilenceAlarm()
    alarms = [alarm.due(NOTHING, 1.0) for _ in range(round(SILENT_S) + 5)]
    assert [seconds for seconds in alarms if seconds] == [SILENT_S]
    assert alarm.due(ROOM, 1.0) == 0.0
    assert [seconds for _ in range(100) if (seconds := alarm.due(NOTHING, 1.0))] == [2 * SILENT_S]


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 3.0)), max_size=60))
def test_sound_ends_a_silence(pieces: list[tuple[bool, float]]) -> None:
    """No alarm tells of more silence than there was since the last sound, nor of less than it waits for."""
    alarm, silent_s = SilenceAlarm(), 0.0
    for silent, seconds in pieces:
        silent_s = silent_s + seconds if silent else 0.0
        told_s = alarm.due(NOTHING if silent else ROOM, seconds)
        assert told_s in {0.0, silent_s}
        assert not told_s or told_s + 1e-5 >= SILENT_S
