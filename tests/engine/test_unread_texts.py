"""A service whose answers are in a form that cannot be read: the speech that it heard is a gap, and never silence."""

import json
from collections.abc import Iterator
from threading import Event as Flag
from typing import Any

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.events import Event, Final, Finished, Gap, Ready
from asrcli.core.message import Text
from asrcli.engine.accounting import UNREAD
from tests.support.device import Clock
from tests.support.fast_thread import fast_thread
from tests.support.handshake import Service, Tone, Wire
from tests.support.live_session import READY, LiveSource, audio, heard, listening

CHUNKS = 10
WHOLE_MS = CHUNKS * 100
SPOKEN: dict[str, Any] = {
    "text": "hello",
    "begin_time": 0,
    "end_time": WHOLE_MS,
    "sentence_id": 1,
    "sentence_end": True,
}
RENAMED = {"transcript" if key == "text" else key: value for key, value in SPOKEN.items()}


def result(payload: dict[str, Any], name: str = "result-generated") -> Text:
    """A message of the inference wire."""
    return Text(json.dumps({"header": {"event": name}, "payload": payload}))


UNREADABLE: dict[str, Text] = {
    "not JSON": Text("data: {}"),
    "a list of messages": Text('[{"header": {"event": "result-generated"}}]'),
    "a list of sentences": result({"output": {"sentence": [SPOKEN]}}),
    "a list under another name": result({"output": {"sentences": [SPOKEN]}}),
    "JSON in a string": result({"output": {"sentence": '{"text": "hello"}'}}),
    "an output in a string": result({"output": '{"sentence": {}}'}),
    "without an output": result({"sentence": SPOKEN}),
    "another name of the event": result({"output": {"sentence": SPOKEN}}, "sentence-end"),
    "another name of the text": result({"output": {"sentence": RENAMED}}),
    "begun, and another name of the text": result({"output": {"sentence": RENAMED | {"end_time": None}}}),
}


def told(*messages: Text, quiet: bool = False) -> list[Event]:
    """The events of a session on the inference wire whose service sends these messages after the audio."""
    said_all = Flag()

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(Ready(""))
        service.until_finish()
        wire.say(*messages)
        service.tell(Finished())
        said_all.set()

    source = Silence(CHUNKS) if quiet else Tone(CHUNKS)
    asked = listening(source, serve, shared=fast_thread(50, lambda: not said_all.is_set()))
    events = list(asked.events())
    assert asked.result.error is None
    totals = asked.result.totals
    assert (totals.open_ms, totals.final_ms + totals.silence_ms + totals.lost_ms) == (0, WHOLE_MS)
    return [event for event in events if isinstance(event, Final | Gap)]


class Silence(Tone):
    """The same source, without sound."""

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield chunks of zeros."""
        for chunk in super().chunks(start):
            assert isinstance(chunk, Chunk)
            yield Chunk(chunk.position, bytes(len(chunk.pcm)))


@pytest.mark.parametrize("name", UNREADABLE)
def test_speech_whose_text_cannot_be_read_is_a_gap(name: str) -> None:
    """Nobody knows what was said, so the audio must not count as silence; silence itself stays silence."""
    assert told(UNREADABLE[name]) == [Gap(0, WHOLE_MS, UNREAD)]
    assert told(UNREADABLE[name], quiet=True) == []


@pytest.mark.parametrize("name", UNREADABLE)
def test_where_a_text_can_be_read_other_messages_take_nothing_from_it(name: str) -> None:
    """The form of the texts is known then, and what has none was something else."""
    readable = result({"output": {"sentence": SPOKEN | {"end_time": 600, "sentence_id": 2}}})
    for messages in ([UNREADABLE[name], readable], [readable, UNREADABLE[name]]):
        (final,) = told(*messages)
        assert isinstance(final, Final)
        assert (final.text, final.begin_ms, final.end_ms) == ("hello", 0, 600)


@pytest.mark.parametrize("depth", range(4))
def test_a_sentence_is_found_in_any_number_of_outputs(depth: int) -> None:
    """Newer models repeat the envelope inside the output."""
    output: dict[str, Any] = {"sentence": SPOKEN}
    for _ in range(depth):
        output = {"output": output, "request_id": "r", "usage": {"duration": 1}}
    (final,) = told(result({"output": output}))
    assert isinstance(final, Final)
    assert final.text == "hello"


@pytest.mark.parametrize("readable", [False, True])
def test_speech_of_long_ago_is_a_gap_too(*, readable: bool) -> None:
    """Sound without a sentence is settled as silence after a while, but not where no text could be read so far."""
    talk, clock = LiveSource(), Clock()

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 20)
        for _ in range(10):  # a longer step would be a suspended computer
            clock.now += 4
            wire.say(UNREADABLE["a list of sentences"])
            talk.say(quiet=True)
            audio(service, 1)
        talk.end()
        service.until_finish()
        if readable:
            service.tell(Final("1", 2000, 3000, "hello"))
        service.tell(Finished())

    talk.say(20)
    asked = listening(talk, serve, clock=clock)
    assert heard(list(asked.events())) == ([Final("1", 2000, 3000, "hello")] if readable else [Gap(0, 2000, UNREAD)])
    assert (asked.result.error, asked.result.totals.open_ms) == (None, 0)
