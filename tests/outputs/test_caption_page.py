"""What events change on a page of captions."""

from typing import Any

import pytest

from asrcli.core.events import (
    Absent,
    Began,
    Ended,
    Event,
    Final,
    Finished,
    Gap,
    Level,
    Partial,
    Paused,
    Progress,
    Ready,
    Reconnecting,
    Resumed,
)
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.caption_page import MOST_OPEN, MOST_TEXT, CaptionLine, CaptionPage, CaptionsNow, CaptionUpdate

BEGAN = Began("a.wav", "m", "t", 0)
ENDED = Ended(9000, 8000, 1000, 2, 0, None, None, None, 100)


def shown(*events: Event) -> tuple[list[dict[str, Any]], CaptionsNow, int]:
    """The lines of a page after events, what may still change, and how many updates there were."""
    updates: list[CaptionUpdate] = []
    page, transcript = CaptionPage(updates.append), Transcript()
    for event in events:
        transcript = fold(transcript, event)
        page.handle(event, transcript)
    now = [update for update in updates if isinstance(update, CaptionsNow)]
    return [one.shown for one in updates if isinstance(one, CaptionLine)], (now or [CaptionsNow()])[-1], len(updates)


def test_settled_and_unsettled_words_stay_apart() -> None:
    """With speaker and translation; the final takes the place of the open sentence."""
    partial = Partial("1", 0, "Hello ", "you", language="en", speaker="mic", translation="Hallo", translated_into="de")
    about = {"speaker": "mic", "lang": "en", "translation": "Hallo", "into": "de"}
    lines, now, _ = shown(BEGAN, partial)
    assert (lines, now.state) == ([], "live")
    assert now.open == ({"settled": "Hello ", "unsettled": "you", **about},)
    final = Final("1", 5, 900, "Hello you", language="en", speaker="mic", translation="Hallo", translated_into="de")
    lines, now, _ = shown(BEGAN, partial, final)
    assert (lines, now.open) == ([{"kind": "final", "text": "Hello you", "at": 5, **about}], ())


def test_gaps_pauses_and_later_sources_are_lines() -> None:
    """Sources at once have labels; one that follows has a heading. What is empty is no line."""
    later = Began("b.wav", "m", "t", 9000)
    gap = Gap(1000, 2000, "lost", "mic", "perhaps")
    lines, now, _ = shown(BEGAN, Began("c", "m", "t", 0), gap, Resumed(2000, 3000), Final("1", 0, 1, " "), later, ENDED)
    assert [line["kind"] for line in lines] == ["gap", "pause", "source", "end"]
    assert lines[0]["text"] == "00:01 – 00:02 lost (heard on this machine only: perhaps)"
    assert (lines[0]["speaker"], lines[2]["text"], "captured 9.00 s" in lines[3]["text"]) == ("mic", "b.wav", True)
    assert now.state == "ended"
    lines, now, _ = shown(BEGAN, ENDED, BEGAN)
    assert ([line["kind"] for line in lines], now.state) == (["end", "source"], "live")


@pytest.mark.parametrize(
    ("trouble", "kind", "over"),
    [
        (Paused(0, speaker="mic"), "paused", Resumed(0, 5, speaker="mic")),
        (Paused(0, muted=True, speaker="mic"), "muted", Resumed(0, 5, speaker="mic")),
        (Reconnecting(1, 5, "gone", "mic"), "reconnecting", Ready("t")),
        (Absent(0, "unplugged", "mic"), "absent", Resumed(0, 5, speaker="mic")),
        (Absent(0, "unplugged", "mic"), "absent", Began("mic", "m", "t", 0, speaker="mic")),
    ],
)
def test_trouble_is_shown_until_it_is_over(trouble: Event, kind: str, over: Event) -> None:
    """With the device; of another device it stays."""
    other = Paused(0, speaker="monitor")
    _, now, _ = shown(BEGAN, other, trouble)
    assert [one["kind"] for one in now.troubles] == ["paused", kind]
    assert now.troubles[1]["speaker"] == "mic"
    _, now, _ = shown(BEGAN, other, trouble, over)
    assert [one["speaker"] for one in now.troubles] == ["monitor"]


def test_what_this_machine_hears_in_an_outage_is_marked() -> None:
    """After the open sentences, and gone when it is withdrawn."""
    heard = Provisional("p", 0, 5, "perhaps so", speaker="mic")
    _, now, _ = shown(BEGAN, heard)
    assert now.open == ({"provisional": True, "unsettled": "perhaps so", "speaker": "mic"},)
    _, now, _ = shown(BEGAN, heard, Provisional("p", 0, 5, ""))
    assert now.open == ()


def test_what_is_not_shown_is_not_published() -> None:
    """Levels and progress come many times a second."""
    _, _, before = shown(BEGAN)
    _, _, after = shown(BEGAN, Level(0, -20.0, -10.0), Progress(100))
    assert after == before
    _, now, _ = shown(BEGAN, Partial("1", 0, "x"), Finished())
    assert now.open == ()


def test_texts_and_open_sentences_are_bounded() -> None:
    """Whatever a service sends, a message to a page stays small."""
    many = [Partial(str(number), 0, "x" * 99_999) for number in range(MOST_OPEN + 5)]
    _, now, _ = shown(BEGAN, *many)
    assert (len(now.open), {len(each["settled"]) for each in now.open}) == (MOST_OPEN, {MOST_TEXT})


def test_a_run_that_fails_has_ended_too() -> None:
    """Closing publishes the end, once."""
    cases: list[tuple[list[Event], int]] = [([BEGAN], 1), ([BEGAN, ENDED], 0)]
    for events, more in cases:
        updates: list[CaptionUpdate] = []
        page = CaptionPage(updates.append)
        for event in events:
            page.handle(event, Transcript())
        before = len(updates)
        page.close()
        page.close()
        assert (len(updates) - before, updates[-1]) == (more, CaptionsNow((), "ended"))
