"""The answers of a session come in the order of the client's events, whatever the server has to do for each."""

import base64
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from asrcli.recognizers.scripted import Scripted
from asrcli.server.local_server import in_background
from tests.support.wire import REALTIME, wire

AUDIO = base64.b64encode(bytes(32000)).decode()
EVENTS: dict[str, dict[str, Any]] = {
    "detect": {"type": "session.update", "session": {}},
    "manual": {"type": "session.update", "session": {"turn_detection": None}},
    "audio": {"type": "input_audio_buffer.append", "audio": AUDIO},
    "commit": {"type": "input_audio_buffer.commit"},
    "clear": {"type": "input_audio_buffer.clear"},
    "finish": {"type": "session.finish"},
}
LAST = "an event that does not exist"  # it is refused at any time, and so marks the end of the answers
ANSWERS = ("session.updated", "input_audio_buffer.cleared", "session.finished", "error")


def expected(names: tuple[str, ...]) -> Iterator[str]:
    """The answer to each event that has one besides transcripts: its name, or the id of an event that is refused."""
    manual = has_audio = is_buffered = is_finished = False
    for number, name in enumerate(names):
        can_commit = manual and is_buffered
        if name == "audio":
            has_audio = is_buffered = True
        elif is_finished or name == LAST or (name in {"detect", "manual"} and has_audio):
            yield str(number)
        elif name == "commit":
            is_buffered = False
            if not can_commit:
                yield str(number)
        elif name == "clear":
            is_buffered = False
            yield "input_audio_buffer.cleared"
        elif name == "finish":
            is_finished = True
            yield "session.finished"
        else:
            manual = name == "manual"
            yield "session.updated"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server that finds a sentence in each second."""
    with in_background(Scripted()) as address:
        yield address


@pytest.mark.parametrize("first", EVENTS)
def test_each_answer_comes_after_those_to_the_events_before(server: str, first: str) -> None:
    """For every order of events, sent without waiting: an error neither overtakes an answer nor the end of the session.

    A client that has asked for the end, and whose other thread still sends something, must not take the error for it.
    """
    for names in product([first], EVENTS, EVENTS, [LAST]):
        with wire(server, REALTIME + "?model=m") as client:
            events = [EVENTS.get(name, {"type": name}) | {"event_id": str(at)} for at, name in enumerate(names)]
            client.say(*events)
            received: list[str] = []
            while str(len(names) - 1) not in received:
                message = client.hear_next()
                if message["type"] in ANSWERS:
                    received.append(message.get("error", {}).get("event_id") or message["type"])
        assert received == list(expected(names)), names
