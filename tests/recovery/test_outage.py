"""From when on an outage is bridged, and where a local session lies on the timeline."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Format
from asrcli.recovery.outage import OUTAGE_S, LocalTimeline, Outage

RATE = Format(1000)


def test_a_short_outage_is_not_bridged_and_a_long_one_from_its_second_second_on() -> None:
    """The first loss counts, however many attempts follow."""
    outage = Outage()
    assert outage.due is None
    outage.lost(10.0)
    outage.lost(11.0)
    assert outage.away
    assert outage.due == 10.0 + OUTAGE_S
    outage.connected()
    assert not outage.away
    assert outage.due is None


def test_only_a_final_ends_the_outage_of_a_service_that_drops_its_connections() -> None:
    """Without one the next loss belongs to the same outage; a late final of the lost connection ends nothing."""
    outage = Outage()
    outage.lost(10.0)
    outage.progress()
    outage.connected()
    outage.lost(11.5)
    assert outage.due == 10.0 + OUTAGE_S
    outage.connected()
    outage.progress()
    outage.lost(20.0)
    assert outage.due == 20.0 + OUTAGE_S


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=8), st.integers(-5, 900))
def test_local_times_lie_inside_the_audio_that_was_given(pieces: list[tuple[int, int]], local_ms: int) -> None:
    """They grow with the local time, and a jump of the run is none of the session."""
    timeline, position, given_ms = LocalTimeline(RATE), 100, list[int]()
    for jump, samples in pieces:
        if timeline.length and jump:
            timeline.pad(7)
        position += jump
        timeline.add(position, samples)
        given_ms += range(position, position + samples + 1)
        position += samples
    assert timeline.ms(local_ms) in given_ms
    assert timeline.ms(local_ms) <= timeline.ms(local_ms + 1)
    assert timeline.ms(timeline.length) == position == timeline.end


def test_silence_that_only_the_recognizer_got_moves_no_time_of_the_run() -> None:
    """Audio was left out between two stretches; what was said in the second is where it was said."""
    timeline = LocalTimeline(RATE)
    timeline.add(100, 50)
    timeline.pad(7)
    timeline.add(400, 30)
    assert timeline.length == 87
    assert [timeline.ms(local_ms) for local_ms in (0, 49, 50, 56, 57, 70, 87)] == [100, 149, 150, 150, 400, 413, 430]


def test_without_audio_of_its_own_a_local_session_has_no_time() -> None:
    """Whatever its recognizer says."""
    assert LocalTimeline(Format(16000)).ms(1234) == 0
