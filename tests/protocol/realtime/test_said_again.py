"""Texts that a service completes again, under their own item or one that it never announced."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Event, Final, Notice
from tests.support.realtime import BUFFER, ITEM, Service

WORDS = st.sampled_from(["yes", "good day", "hello there you", "你好"])
AGAIN = st.lists(st.sampled_from(["same", "dotted", "copied", "corrected"]), max_size=3)


def committed(service: Service, item: str) -> None:
    """A second of audio that the client commits and the service announces."""
    service.commit()
    service.tell(BUFFER + "committed", item_id=item)


def told(service: Service, item: str, words: str, how: str) -> list[Event]:
    """A text of an item, once more."""
    if how == "copied":
        return service.completed(f"{item}-copy", words)
    return service.completed(item, {"same": words, "dotted": f"{words}.", "corrected": f"well {words}"}[how])


@given(st.lists(st.tuples(WORDS, AGAIN), min_size=1, max_size=6), st.booleans())
def test_each_commit_keeps_its_place(utterances: list[tuple[str, list[str]]], at_once: bool) -> None:
    """Whatever is said again: the first text of each item has its own commit, and no copy takes that of another."""
    service = Service(0, vad=False)
    if at_once:
        for number in range(len(utterances)):
            committed(service, f"item {number}")
    for number, (words, again) in enumerate(utterances):
        item = f"item {number}"
        if not at_once:
            committed(service, item)
        place = number * 1000, number * 1000 + 1000
        assert service.spans((item, words)) == [(words, *place)]
        for how in again:
            if how == "copied" and words == "yes":
                continue  # a single word is a copy right after its text only
            events = [event for event in told(service, item, words, how) if isinstance(event, Final)]
            assert [(event.begin_ms, event.end_ms) for event in events] == [place] * len(events)
            assert how != "copied" or not events


def test_a_copy_under_another_item_is_dropped_and_counted() -> None:
    """Where the service announces its items; a single word only right after its text, because it is said often."""
    service = Service(4)
    for item, at_ms, words in (("a", 0, "good day"), ("b", 1000, "yes"), ("c", 2000, "no")):
        service.turn(item, at_ms, at_ms + 900)
        assert service.spans((item, words)) == [(words, at_ms, at_ms + 900)]
    assert service.spans(("x", "Good day."), ("y", "no")) == []
    assert service.codec.dropped == 2
    assert [text for text, *_ in service.spans(("z", "yes"), ("w", "other words"))] == ["yes", "other words"]


def test_a_service_that_announces_nothing_may_say_anything_twice() -> None:
    """Then a name that nobody has announced says nothing."""
    service = Service(4)
    assert [text for text, *_ in service.spans(("a", "good day"), ("b", "good day"))] == ["good day", "good day"]


@given(st.integers(2, 4), st.booleans())
def test_an_answered_commit_that_is_announced_again_opens_nothing(times: int, created: bool) -> None:
    """Where the client commits, such an announcement is a repetition, and a partial after it is late."""
    service = Service(0, vad=False)
    for item in ("a", "b"):
        committed(service, item)
        assert [text for text, *_ in service.spans((item, f"good day {item}"))] == [f"good day {item}"]
    for _ in range(times):
        service.tell(BUFFER + "committed", item_id="a")
        if created:
            service.tell("conversation.item.created", item={"id": "a"})
    events = service.tell(ITEM + "text", item_id="a", text="good", stash=" day")
    assert [type(event) for event in events] == [Notice]
    assert not service.codec._items.pending
