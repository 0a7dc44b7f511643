"""Utterances of the realtime wire, however a service announces them: no text is lost, every span is the right one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Event, Final, Gap, Notice, Partial, SpeechStarted, SpeechStopped
from asrcli.protocol.realtime.items import MOST_REMEMBERED
from tests.support.realtime import BUFFER, ITEM, SECOND, Service


def test_texts_out_of_order_keep_their_times() -> None:
    """A later item may be done before an earlier one, and be announced after its text."""
    service = Service()
    service.turn("a", 100, 900)
    service.turn("b", 1000, 1900)
    assert service.spans(("b", "two"), ("a", "one"), ("c", "three")) == [
        ("two", 1000, 1900), ("one", 100, 900), ("three", 1900, 3000),
    ]  # fmt: skip
    assert service.turn("c", 2000, 2500) == []  # late


@pytest.mark.parametrize("item", ["same", None, "", 7])
def test_an_item_that_is_used_again_is_another_utterance(item: Any) -> None:
    """Announced or not, under whatever name: each text is a final with a key of its own."""
    service, keys = Service(0), list[str]()
    for second in range(3):
        service.codec.audio(SECOND)
        if isinstance(item, str):
            service.turn(item, 1000 * second + 100, 1000 * second + 900)
        (final,) = service.completed(item, "yes")
        assert isinstance(final, Final)
        assert 1000 * second <= final.begin_ms < final.end_ms <= 1000 * second + 1000
        keys.append(final.key)
    assert len(set(keys)) == 3


def test_the_same_text_of_the_same_item_again_is_said_once_and_that_is_reported() -> None:
    """When nothing was announced since. Another text is another utterance."""
    service = Service()
    service.turn("a", 100, 900)
    assert service.completed("a") == [Final("a", 100, 900, "x")]
    service.tell(BUFFER + "speech_started", item_id="a", audio_start_ms=100)  # said again too
    (notice,) = service.completed("a")
    assert isinstance(notice, Notice)
    assert (notice.level, service.codec.dropped) == ("warning", 1)
    (other,) = service.completed("a", "y")
    assert isinstance(other, Final)
    assert (other.key, other.text) == ("a.2", "y")
    service.turn("b", 1000, 1900)
    assert service.completed("b", "good") == [Final("b", 1000, 1900, "good")]
    assert service.completed("b", "good day") == [Final("b.2", 1000, 1900, "good day")]  # more of the same speech


@pytest.mark.parametrize("name", ["conversation.item.created", BUFFER + "committed", BUFFER + "speech_stopped"])
def test_the_same_text_is_another_utterance_when_that_was_announced(name: str) -> None:
    """By whatever event, even when all the audio was sent before."""
    service, keys = Service(), list[str]()
    for _ in range(2):
        service.tell(name, item_id="a", item={"id": "a"})
        keys += [event.key for event in service.completed("a", "yes") if isinstance(event, Final)]
    assert keys == ["a", "a.2"]


def test_a_partial_after_its_final_opens_nothing() -> None:
    """And one of an utterance that nobody announced shares the key of its final."""
    service = Service()
    (partial,) = service.tell(ITEM + "text", item_id="a", text="he", stash="l")
    assert partial == Partial("a", 0, "he", "l")
    service.turn("a", 100, 900)
    assert service.completed("a", "hello") == [Final("a", 100, 900, "hello")]
    (notice,) = service.tell(ITEM + "text", item_id="a", text="hel")
    assert isinstance(notice, Notice)
    assert notice.level == "debug"
    assert service.tell(ITEM + "text", item_id="a", text=None, stash="") != []


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (600, 900, (600, 900)),
        ("600", 900.9, (600, 900)),
        (None, None, (500, 3000)),
        ("soon", [], (500, 3000)),
        (-5, 900, (500, 900)),
        (900, 600, (900, 3000)),
        (600, 1e30, (600, 3000)),
        (600, 9999, (600, 3000)),
        (9999, 99999, (500, 3000)),
        (float("nan"), float("inf"), (500, 3000)),
    ],
)
def test_marks_without_a_usable_time_are_estimated(begin: Any, end: Any, expected: tuple[int, int]) -> None:
    """Speech begins where the last final ended, and ends where the audio does that was sent."""
    service = Service()
    service.turn("a", 0, 500)
    service.completed("a")
    assert service.turn("b", begin, end) == [SpeechStarted("b", expected[0]), SpeechStopped("b", expected[1])]
    assert service.spans(("b", "two")) == [("two", *expected)]


@pytest.mark.parametrize("end_ms", [0, 999, 1000, 4001, 9999])
def test_an_end_before_the_start_or_after_all_audio_decides_nothing(end_ms: int) -> None:
    """It is as if the service had left it out: the final is estimated, and its audio is sent again after a loss."""
    service = Service()
    service.turn("a", 1000, end_ms)
    (final,) = service.completed("a", "one two")
    assert isinstance(final, Final)
    assert final.begin_ms == final.sure_ms == 1000 < final.end_ms
    assert final.estimated


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("speech_stopped", {"audio_end_ms": 900}),
        ("speech_stopped", {}),
        ("committed", {}),
        ("improved", {"item_id": "a"}),
        ("improved", {}),
        ("cleared", {}),
    ],
)
def test_a_mark_of_nothing_is_no_trouble(name: str, fields: dict[str, Any]) -> None:
    """Such as the end of the silence at the beginning, which has no item: nothing but a word in the log."""
    service = Service()
    assert all(isinstance(event, Notice) and event.level == "debug" for event in service.tell(BUFFER + name, **fields))
    service.turn("a", 1000, 1900)
    assert service.spans(("a", "one")) == [("one", 1000, 1900)]


def test_marks_that_name_no_item_are_those_of_the_next_text() -> None:
    """A service that leaves the names out still says where it was spoken."""
    service = Service()
    service.tell(BUFFER + "speech_started", audio_start_ms=400)
    assert service.spans((None, "one")) == [("one", 400, 700)]  # three letters
    service = Service()
    service.tell(BUFFER + "speech_started", item_id="a", audio_start_ms=400)
    assert service.tell(BUFFER + "speech_stopped", audio_end_ms=900) == [SpeechStopped("a", 900)]
    assert service.spans(("a", "one")) == [("one", 400, 900)]


REFUSALS = {
    "by the id of its event": {"code": "x", "message": "no", "event_id": "{commit}"},
    "by its code": {"code": "input_audio_buffer_commit_empty", "message": "no"},
    "by its words": {"type": "invalid_request_error", "message": "Error committing: buffer too small"},
    "by an id of nobody": {"code": "invalid_value", "message": "commit of an empty buffer", "event_id": "own"},
}


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_refused_commit_takes_its_own_span_and_no_other(error: dict[str, str], which: int) -> None:
    """It is a gap with the words of the service; the utterances around it keep their times."""
    service, told = Service(0, vad=False), list[Event]()
    for second in range(3):
        event = service.commit()
        if second == which:
            refusal = {"type": "invalid_request_error", **error}
            told += service.tell("error", error={k: v.replace("{commit}", event) for k, v in refusal.items()})
        else:
            service.tell(BUFFER + "committed", item_id=f"i{second}")
            told += service.completed(f"i{second}", f"{second}")
    (gap,) = [event for event in told if isinstance(event, Gap)]
    assert (gap.begin_ms, gap.end_ms) == (1000 * which, 1000 * which + 1000)
    assert error["message"] in gap.reason
    assert [(e.text, e.begin_ms, e.end_ms) for e in told if isinstance(e, Final)] == [
        (f"{second}", 1000 * second, 1000 * second + 1000) for second in range(3) if second != which
    ]


@pytest.mark.parametrize(("about", "lost"), [(None, 0), (0, 0), (1, 1)])
def test_of_several_commits_that_wait_the_one_that_is_named_is_refused(about: int | None, lost: int) -> None:
    """Or the oldest, where none is named: the service answers them in their order."""
    service = Service(0, vad=False)
    events = [service.commit(), service.commit()]
    error = {"type": "invalid_request_error", "message": "commit: too short"}
    told = service.tell("error", error=error | ({} if about is None else {"event_id": events[about]}))
    assert [(event.begin_ms, event.end_ms) for event in told if isinstance(event, Gap)] == [
        (1000 * lost, 1000 * lost + 1000)
    ]
    assert service.spans(("a", "x")) == [("x", 1000 - 1000 * lost, 2000 - 1000 * lost)]


def test_an_objection_to_something_else_takes_no_commit() -> None:
    """Its text comes, with its own times."""
    service = Service(0, vad=False)
    service.commit()
    (notice,) = service.tell("error", error={"type": "invalid_request_error", "code": "x", "message": "no such voice"})
    assert isinstance(notice, Notice)
    assert service.spans(("a", "one")) == [("one", 0, 1000)]


@pytest.mark.parametrize("announced", [[], ["conversation.item.created"], [BUFFER + "committed"]])
def test_texts_belong_to_the_commits_in_their_order(announced: list[str]) -> None:
    """Whether the service names the commits, before the text or after it, or never."""
    for late in (False, True):
        service, spans = Service(0, vad=False), []
        for _ in range(3):
            service.commit()
        for item in ("a", "b", "c"):
            about = {"item_id": item, "item": {"id": item}}
            for name in () if late else announced:
                service.tell(name, **about)
            spans += service.spans((item, item))
            for name in announced if late else ():
                service.tell(name, **about)
        assert spans == [("a", 0, 1000), ("b", 1000, 2000), ("c", 2000, 3000)]


def test_a_failed_utterance_without_a_name_is_a_gap_over_its_commit() -> None:
    """Its reason reads well, whatever is left out of it."""
    for error, reason in (({"code": "c", "message": "m"}, ": c: m"), ("words", ": words"), (None, "")):
        service = Service(0, vad=False)
        service.commit()
        gap = Gap(0, 1000, f"the service could not transcribe this{reason}")
        assert service.tell(ITEM + "failed", item_id="a", error=error) == [gap]
        assert isinstance(service.tell(ITEM + "failed", item_id="a", error=error)[0], Notice)


def test_more_is_remembered_than_is_ever_repeated_and_not_without_end() -> None:
    """The oldest item that has its text is forgotten; one that is open never is."""
    service = Service()
    service.tell(BUFFER + "speech_started", item_id="open", audio_start_ms=5)
    for number in range(MOST_REMEMBERED):
        service.completed(f"i{number}", "x")
    (last,) = service.completed(f"i{MOST_REMEMBERED - 1}", "x")
    assert isinstance(last, Notice)
    (again,) = service.completed("i0", "x")
    assert isinstance(again, Final)
    (kept,) = service.completed("open", "y")
    assert isinstance(kept, Final)
    assert kept.key == "open"


def test_partials_of_an_item_that_is_used_again_are_another_utterance() -> None:
    """Where it was announced again; without that they are late."""
    service = Service()
    service.turn("a", 100, 900)
    service.completed("a", "yes")
    (late,) = service.tell(ITEM + "text", item_id="a", text="ye", stash="s")
    assert isinstance(late, Notice)
    service.tell(BUFFER + "speech_stopped", item_id="a", audio_end_ms=1900)
    (partial,) = service.tell(ITEM + "text", item_id="a", text="", stash="no")
    assert isinstance(partial, Partial)
    assert (partial.key, partial.unsettled) == ("a.2", "no")


def test_the_announcement_of_an_item_without_a_name_is_ignored() -> None:
    """Nothing is to be remembered of it."""
    service = Service()
    assert service.tell("conversation.item.created", item={}) == []
    assert [event.key for event in service.completed("a") if isinstance(event, Final)] == ["a"]


@pytest.mark.parametrize("again", ["Hello, there.", "HELLO THERE", "hello", "hello there my friend"])
def test_an_item_that_is_completed_again_is_the_same_speech(again: str) -> None:
    """In other case, with other punctuation, in fewer or in more words: it has the place of the first text."""
    service = Service()
    service.turn("a", 0, 1000)
    assert service.spans(("a", "hello there"), ("a", again)) == [("hello there", 0, 1000), (again, 0, 1000)]
    assert service.spans(("a", "goodbye")) == [("goodbye", 1000, 3000)]  # other words


@given(st.lists(st.sampled_from([None, "a", ""]), min_size=1, max_size=4), st.booleans(), st.sampled_from([None, "a"]))
def test_a_text_without_the_name_of_its_item_is_of_the_one_that_is_open(
    partials: list[str | None], announced: bool, last: str | None
) -> None:
    """Whichever of its messages leave the name out, one utterance is one sentence, said once."""
    service = Service()
    if announced:
        service.tell(BUFFER + "speech_started", item_id="a", audio_start_ms=100)
    shown = [service.tell(ITEM + "text", item_id=item, text="go", stash=" for") for item in partials]
    if not announced:
        service.tell(BUFFER + "speech_started", item_id="a", audio_start_ms=100)
    service.tell(BUFFER + "speech_stopped", item_id="a", audio_end_ms=900)
    ended = service.completed(last, "go forward")
    keys = {event.key for events in [*shown, ended] for event in events if isinstance(event, Partial | Final)}
    assert len(keys) == 1
    assert [(event.begin_ms, event.end_ms) for event in ended if isinstance(event, Final)] == [(100, 900)]
    assert service.tell("session.finished")[:-1] == []
    assert not service.codec.seen_names.get("unnamed")


def test_texts_without_names_are_those_of_the_open_items_in_their_order() -> None:
    """Two utterances are open, and no text says of which it is."""
    service = Service()
    service.turn("a", 100, 900)
    service.turn("b", 1000, 1900)
    assert service.spans((None, "one"), (None, "two")) == [("one", 100, 900), ("two", 1000, 1900)]
