"""What a replay makes of records that are strange."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from asrcli.core.errors import SourceError
from asrcli.core.events import Began, Event, Final, Notice
from asrcli.core.settings import RecognitionSettings
from asrcli.runs import record_replay
from asrcli.runs.record_replay import RecordReplay

OPEN: dict[str, Any] = {
    "type": "open", "at_ms": 0, "connection": 1, "url": "ws://x/", "engine": "", "wire": "inference", "speaker": "",
    "settings": asdict(RecognitionSettings("fun-asr-realtime")),
}  # fmt: skip
MESSAGE = {"type": "message", "at_ms": 5, "connection": 1, "direction": "received", "text": "{}"}
START = MESSAGE | {"direction": "sent", "text": '{"header":{"task_id":"t"}}'}


def played(*lines: dict[str, Any]) -> tuple[RecordReplay, list[Event]]:
    """The replay of these lines, and its events."""
    replay = RecordReplay("r", lines)
    return replay, [event for _, event in replay.events()]


def test_messages_of_no_wire_are_refused() -> None:
    """The record of asr ws-raw --wire none has no transcript."""
    with pytest.raises(SourceError, match="of no wire"):
        played(OPEN | {"wire": "none"})


@pytest.mark.parametrize("settings", [{}, {"model": 3}, {"model": "m", "rate": 3}])
def test_settings_that_do_not_fit_leave_out_their_connection(settings: dict[str, Any]) -> None:
    """And are counted."""
    replay, events = played(OPEN | {"settings": settings}, START, MESSAGE)
    assert (replay.unreadable, events) == (1, [])


def test_an_event_that_does_not_fit_is_counted() -> None:
    """A newer version may have written it."""
    replay, events = played({"type": "event", "at_ms": 1, "name": "Later", "event": {}})
    assert (replay.unreadable, events) == (1, [])


def test_an_answer_before_the_start_or_that_is_unreadable_ends_nothing() -> None:
    """The refusal of a service and the end of a connection are notices."""
    failed = MESSAGE | {
        "text": '{"header":{"task_id":"t","event":"task-failed","error_code":"X","error_message":"no"},"payload":{}}'
    }
    close = {"type": "close", "at_ms": 9, "connection": 1, "code": 1006, "reason": ""}
    _, events = played(OPEN, MESSAGE, START, MESSAGE | {"text": "junk"}, failed, close)
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any("no" in text for text in notices)
    assert notices[-1] == "the connection ended with code 1006"


def test_steps_of_a_wire_that_nobody_knows_are_passed_over() -> None:
    """Beside a connection whose wire has a transcript."""
    _, events = played(OPEN, OPEN | {"connection": 2, "wire": "later"}, START | {"connection": 2}, MESSAGE)
    assert events == []


def test_a_replay_holds_no_more_than_a_run_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections without end, of which the oldest give way, or finals without end, which are refused in one line."""
    monkeypatch.setattr(record_replay, "MOST_OPEN", 2)
    many = [OPEN | {"connection": number, "speaker": str(number)} for number in range(1, 4)]
    failed = {
        "text": '{"header":{"task_id":"t","event":"task-failed","error_code":"X","error_message":"no"},"payload":{}}'
    }
    started = [START | {"connection": number} for number in range(1, 4)]
    answers = [MESSAGE | {"connection": number} | failed for number in range(1, 4)]
    assert len(played(*many, *started, *answers)[1]) == 2
    monkeypatch.setattr(record_replay, "MOST_FINALS", 2)
    final = {"type": "event", "at_ms": 1, "name": "Final", "event": {"key": "1", "begin_ms": 0, "end_ms": 5}}
    three = [final | {"event": {**final["event"], "text": str(number)}} for number in range(3)]  # type: ignore[dict-item]
    with pytest.raises(SourceError, match="more than 2 sentences"):
        played(*three)


@pytest.mark.parametrize(("of_run", "shown"), [(0, 1), (1, 1), (2, 2), (3, 3)])
def test_equal_finals_are_shown_as_often_as_the_run_had_them(of_run: int, shown: int) -> None:
    """A service may put several sentences behind the last audio. Without those of a run, a repetition is shown once."""
    sentence = {"sentence_id": 1, "begin_time": 500, "end_time": 900, "text": "well then", "sentence_end": True}
    audio = {"type": "message", "at_ms": 2, "connection": 1, "direction": "sent", "audio_bytes": 32_000}
    replay_lines: list[dict[str, Any]] = [OPEN, START, audio]
    for number in range(3):
        header = {"task_id": "t", "event": "result-generated"}
        output = {"sentence": sentence | {"sentence_id": number + 1}}
        replay_lines.append(MESSAGE | {"text": json.dumps({"header": header, "payload": {"output": output}})})
        if number < of_run:
            final = asdict(Final(str(number), 500, 900, "well then"))
            replay_lines.append({"type": "event", "at_ms": 6, "name": "Final", "event": final})
    _, events = played(*replay_lines)
    assert [event.text for event in events if isinstance(event, Final)] == ["well then"] * shown


@pytest.mark.parametrize("place", range(7))
def test_a_source_begins_before_its_text(place: int) -> None:
    """A fast service may have sent its text before the run had recorded the source, and documents begin with it.

    The second source of the same run, which has a task of its own, begins before its text too. Each begins once.
    """
    lines: list[dict[str, Any]] = [OPEN]
    for name in ("t", "u"):
        header = {"task_id": name, "event": "task-started"}
        ready = MESSAGE | {"text": json.dumps({"header": header, "payload": {}})}
        audio = {"type": "message", "at_ms": 2, "connection": 1, "direction": "sent", "audio_bytes": 32_000}
        messages = [ready, audio]
        for number in (1, 2):
            sentence = {"sentence_id": number, "begin_time": number * 100, "end_time": number * 100 + 50,
                        "text": f"{name} {number}", "sentence_end": True}  # fmt: skip
            header = {"task_id": name, "event": "result-generated"}
            messages.append(
                MESSAGE | {"text": json.dumps({"header": header, "payload": {"output": {"sentence": sentence}}})}
            )
        finals = [asdict(Final(str(number), number * 100, number * 100 + 50, f"{name} {number}")) for number in (1, 2)]
        messages += [{"type": "event", "at_ms": 6, "name": "Final", "event": final} for final in finals]
        began = {"type": "event", "at_ms": 6, "name": "Began", "event": asdict(Began(f"{name}.wav", "m", name, 0))}
        messages.insert(place, began)
        lines += [START | {"text": json.dumps({"header": {"task_id": name}}), "step": "start"}, *messages]
    _, events = played(*lines)
    shown = [
        event.source if isinstance(event, Began) else event.text for event in events if isinstance(event, Began | Final)
    ]
    assert shown == ["t.wav", "t 1", "t 2", "u.wav", "u 1", "u 2"]
