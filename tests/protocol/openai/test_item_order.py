"""Texts that a service completes in another order than their audio come out in the order of the audio, each once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Event, Final, Finished, Gap, Partial
from asrcli.core.message import Text
from asrcli.protocol.openai.codec import EMPTY, OpenAIClient
from asrcli.protocol.openai.item_order import MOST_HELD, MOST_REMEMBERED, ItemOrder
from tests.protocol.openai.messages import ITEM, SECOND, client, hear, text, value


def spoken(number: int) -> list[Text]:
    """The announcement of an item: item n is second n of the audio."""
    item, before = f"i{number}", f"i{number - 1}" if number else None
    return [
        text("input_audio_buffer.speech_started", item_id=item, audio_start_ms=number * 1000),
        text("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=number * 1000 + 900),
        text("input_audio_buffer.committed", item_id=item, previous_item_id=before),
    ]


def ended(number: int, *, failed: bool = False) -> Text:
    """The end of an item: its text, or that it has none."""
    if failed:
        return text(f"{ITEM}failed", item_id=f"i{number}", error={"message": "no"})
    return text(f"{ITEM}completed", item_id=f"i{number}", transcript=f"text {number}")


def begins(events: list[Event]) -> list[int]:
    """Where the audio of the finals and gaps begins, in order."""
    return [event.begin_ms for event in events if isinstance(event, Final | Gap)]


def listening(count: int) -> OpenAIClient:
    """A client that has sent enough audio for this many items."""
    codec = client()
    codec.audio(SECOND * (count + 1))
    return codec


def finish(codec: OpenAIClient) -> list[Event]:
    """End the session: the server has nothing left to commit."""
    (commit,) = codec.finish()
    about = value(commit)["event_id"]
    return hear(codec, text("error", error={"type": "invalid_request_error", "code": EMPTY, "event_id": about}))


@given(st.integers(1, 8).flatmap(lambda count: st.permutations(range(count))), st.sets(st.integers(0, 7)))
def test_all_texts_come_once_and_few_wait_for_an_earlier_one(order: list[int], failed: set[int]) -> None:
    """In the order of the audio unless more than `MOST_HELD` would wait; failed items do not hold up the others."""
    codec = listening(len(order))
    events = hear(codec, *(message for number in range(len(order)) for message in spoken(number)))
    told: set[int] = set()
    for number in order:
        told.add(number)
        events += hear(codec, ended(number, failed=number in failed))
        assert len(told) - len(begins(events)) <= MOST_HELD
    events += finish(codec)
    assert isinstance(events[-1], Finished)
    assert sorted(begins(events)) == [number * 1000 for number in range(len(order))]
    if most_waiting(order) <= MOST_HELD:
        assert begins(events) == sorted(begins(events))


def most_waiting(order: list[int]) -> int:
    """How many items would have ended before an earlier one, if all were waited for."""
    waiting = 0
    for at in range(len(order)):
        oldest_open = min(order[at:])
        waiting = max(waiting, sum(ended_item > oldest_open for ended_item in order[:at]))
    return waiting


def test_a_text_that_waits_is_shown_at_once() -> None:
    """As a partial of the same sentence with settled text; the final follows after the earlier one."""
    codec = listening(2)
    hear(codec, *spoken(0), *spoken(1))
    (shown,) = hear(codec, ended(1))
    assert isinstance(shown, Partial)
    assert (shown.settled, shown.unsettled, shown.begin_ms) == ("text 1", "", 1000)
    first, second = hear(codec, ended(0))
    assert (first, second) == (Final("i0", 0, 900, "text 0"), Final(shown.key, 1000, 1900, "text 1"))


def test_an_item_that_is_never_completed_is_not_waited_for_again() -> None:
    """Once more texts wait than may, they come out, and the next one comes at once."""
    codec = listening(7)
    hear(codec, *(message for number in range(7) for message in spoken(number)))
    events = hear(codec, *(ended(number) for number in range(1, MOST_HELD + 1)))
    assert begins(events) == []
    assert begins(hear(codec, ended(MOST_HELD + 1))) == [number * 1000 for number in range(1, MOST_HELD + 2)]
    assert begins(hear(codec, ended(MOST_HELD + 2))) == [(MOST_HELD + 2) * 1000]


@pytest.mark.parametrize("announced", [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1]])
def test_the_order_is_that_of_the_chain_and_not_that_of_the_announcements(announced: list[int]) -> None:
    """Each item names the one before it."""
    codec = listening(3)
    hear(codec, *(message for number in announced for message in spoken(number)))
    assert begins(hear(codec, ended(2), ended(1), ended(0))) == [0, 1000, 2000]


def test_a_text_that_comes_again_while_it_waits_is_dropped() -> None:
    """And one of an item that was never committed waits for nothing."""
    codec = listening(3)
    hear(codec, *spoken(0), *spoken(1), *spoken(1))
    hear(codec, ended(1))
    assert begins(hear(codec, ended(1), text(f"{ITEM}completed", item_id="other", transcript="x"))) == [1900]
    assert codec.dropped == 1
    assert begins(hear(codec, ended(0))) == [0, 1000]


def test_what_waits_is_not_lost_with_the_connection() -> None:
    """It comes out in the order of the audio, once."""
    codec = listening(4)
    hear(codec, *(message for number in range(4) for message in spoken(number)))
    hear(codec, ended(3), ended(1))
    assert begins(codec.held_back(incomplete=False)) == [1000, 3000]
    assert codec.held_back(incomplete=False) == []
    assert begins(hear(codec, ended(2))) == [2000]


def test_an_announcement_after_the_text_holds_nothing_up() -> None:
    """A late one, and a repeated one: the item has its text already."""
    codec = listening(3)
    assert begins(hear(codec, ended(0))) == [0]
    hear(codec, *spoken(0), *spoken(1))
    assert len(begins(hear(codec, ended(1)))) == 1
    hear(codec, *spoken(1), *spoken(2))
    assert len(begins(hear(codec, ended(2)))) == 1


def test_a_service_that_completes_nothing_costs_no_memory() -> None:
    """Items that were committed long ago are forgotten, and so are those that have ended."""
    order = ItemOrder()
    for number in range(3 * MOST_REMEMBERED):
        order.committed(f"silent{number}", "")
        order.ended(f"unknown{number}", [])
    assert (len(order._open), len(order._previous), len(order._done)) == (MOST_REMEMBERED,) * 3
