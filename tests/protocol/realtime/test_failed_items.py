"""Items that the service could not transcribe: their gaps cover all of their audio, and none of later ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Event, Final, Gap
from tests.support.realtime import BUFFER, ITEM, SECOND, Service

SPEECH = st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 2000)), min_size=1, max_size=5)


@given(SPEECH, st.integers(0, 4), st.sampled_from(["failed first", "text first", "stopped late", "end"]))
def test_a_failed_item_without_an_end_takes_no_audio_of_a_later_one(
    lengths: list[tuple[int, int]], failing: int, order: str
) -> None:
    """Whenever the later one is announced: its text would stay lost. The gap covers all of the failed item."""
    failing %= len(lengths)
    service, at_ms, spans = Service(21), 0, list[tuple[int, int]]()
    for pause_ms, speech_ms in lengths:
        spans.append((at_ms + pause_ms, at_ms + pause_ms + speech_ms))
        at_ms = spans[-1][1]
    begin_ms, end_ms = spans[failing]
    service.tell(BUFFER + "speech_started", item_id="bad", audio_start_ms=begin_ms)
    events = list[Event]()
    others = [(str(number), *span) for number, span in enumerate(spans) if number != failing]

    def fail() -> None:
        events.extend(service.tell(ITEM + "failed", item_id="bad", error={"code": "c", "message": "m"}))

    if order == "failed first":
        fail()
    for item, begins_ms, ends_ms in others:
        events += service.turn(item, begins_ms, ends_ms)
        events += service.completed(item)
    if order != "failed first":
        fail()
    if order == "stopped late":
        events += service.tell(BUFFER + "speech_stopped", item_id="bad", audio_end_ms=end_ms)
    events += service.tell("session.finished")
    (gap,) = [event for event in events if isinstance(event, Gap)]
    finals = [event for event in events if isinstance(event, Final)]
    assert len(finals) == len(others)
    assert not [final for final in finals if final.begin_ms < gap.end_ms and gap.begin_ms < final.end_ms]
    assert (gap.begin_ms, gap.end_ms >= end_ms) == (begin_ms, True)
    assert gap.reason == "the service could not transcribe this: c: m"
    if order == "stopped late" and failing == len(spans) - 1:
        assert gap.end_ms == end_ms


@pytest.mark.parametrize("incomplete", [False, True])
def test_a_failed_item_without_an_end_waits_for_one_and_not_forever(incomplete: bool) -> None:
    """Ten seconds, then it ends where it failed at the latest. Where its audio is sent again it is no gap yet."""
    for seconds in (5, 11):
        service = Service(2)
        service.tell(BUFFER + "speech_started", item_id="a", audio_start_ms=500)
        assert service.tell(ITEM + "failed", item_id="a") == []
        for _ in range(seconds):
            service.codec.audio(SECOND)
        gaps = [Gap(500, 2000, "the service could not transcribe this")]
        found = service.tell("session.updated", session={"id": "s"})
        assert found == (gaps if seconds > 10 else [])
        assert service.codec.held_back(incomplete=incomplete) == (gaps if seconds < 10 and incomplete else [])
        finished = service.tell("session.finished")
        assert [event for event in finished if isinstance(event, Gap)] == (
            gaps if seconds < 10 and not incomplete else []
        )


def test_what_has_no_begin_either_fails_up_to_now() -> None:
    """Nothing better is known; and an end that was named before counts at once."""
    service = Service()
    assert service.tell(ITEM + "failed", item_id="a") == [Gap(0, 3000, "the service could not transcribe this")]
    service = Service()
    service.turn("a", 500, 900)
    assert service.tell(ITEM + "failed", item_id="a") == [Gap(500, 900, "the service could not transcribe this")]
