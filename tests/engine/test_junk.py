"""Whatever a service sends between its good sentences: the session goes on, and each good final is emitted."""

import json
from collections import Counter
from threading import Event as Flag
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asrcli.core.events import Final, Finished, Gap
from asrcli.core.interfaces import ClientCodec
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.realtime.codec import RealtimeClient
from tests.protocol.junk_messages import MESSAGES
from tests.support.fast_thread import fast_thread
from tests.support.handshake import RATE, Service, Tone, Wire
from tests.support.live_session import listening
from tests.support.pair import counting

CHUNKS, CHUNK_MS = 10, 100
ENDS = ("task-finished", "task-failed", "session.finished", '"error"')
STARTS = ("task-started", "session.updated")
TRANSCRIPTION = "conversation.item.input_audio_transcription."


def is_no_end(message: Message) -> bool:
    """Whether it is neither an end of the task nor a refusal."""
    data = getattr(message, "data", "")
    said = data if isinstance(data, str) else data.decode("utf-8", "replace")
    return not any(word in said for word in ENDS + STARTS)


JUNK = st.lists(MESSAGES.filter(is_no_end), max_size=6)
TIMES = st.integers(-(10**6), 10**10) | st.floats() | st.none() | st.just("x")
IDS = st.integers(-1, 5) | st.none() | st.sampled_from(["a", "b", ""])


def inference_codec() -> ClientCodec:
    """A codec of the inference wire."""
    return InferenceClient(RecognitionSettings("m"), counting("task-"))


def realtime_codec() -> ClientCodec:
    """A codec of the realtime wire."""
    return RealtimeClient(RecognitionSettings("m"), counting("event-"))


def written(**fields: Any) -> Text:
    """A message of the service."""
    return Text(json.dumps(fields))


def sentence(text: str, begin: Any, end: Any, name: Any) -> list[Text]:
    """A final of the inference wire."""
    said = {"text": text, "begin_time": begin, "end_time": end, "sentence_id": name, "sentence_end": True}
    return [written(header={"event": "result-generated"}, payload={"output": {"sentence": said}})]


def utterance(text: str, begin: Any, end: Any, name: Any) -> list[Text]:
    """An utterance of the realtime wire, announced where it has a time."""
    buffer = "input_audio_buffer."
    marks = [
        written(type=f"{buffer}speech_started", item_id=name, audio_start_ms=begin),
        written(type=f"{buffer}speech_stopped", item_id=name, audio_end_ms=end),
        written(type=f"{buffer}committed", item_id=name),
    ]
    return [
        *(marks if begin is not None else []),
        written(type=f"{TRANSCRIPTION}completed", item_id=name, transcript=text),
    ]


WIRES = {
    "inference": (
        inference_codec, sentence, written(header={"event": "task-started"}),
        written(header={"event": "task-finished"}), "finish-task",
    ),
    "realtime": (
        realtime_codec, utterance, written(type="session.updated", session={"id": "s"}),
        written(type="session.finished"), "session.finish",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WIRES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    before=JUNK,
    parts=st.lists(st.tuples(JUNK, TIMES, TIMES, IDS), max_size=5),
    early=st.booleans(),
)
def test_a_session_survives_any_service(
    name: str, before: list[Message], parts: list[tuple[list[Message], Any, Any, Any]], early: bool
) -> None:
    """Junk at any time ends nothing; each good text is final once, and all of the audio adds up."""
    make_codec, say, ready, finished, finish = WIRES[name]
    texts = [f"known good {number}" for number in range(len(parts))]
    said_all = Flag()

    def serve(service: Service, wire: Wire) -> None:
        del service

        def until_finish() -> None:
            said = ""
            while finish not in said:
                message = wire.read()
                said = message.data if isinstance(message, Text) else ""

        wire.say(*before, ready)
        if not early:
            until_finish()
        for text, (junk, *about) in zip(texts, parts, strict=True):
            wire.say(*junk, *say(text, *about))
        if early:
            until_finish()
        wire.say(finished)
        said_all.set()

    # After a task that lacks text a session waits for more of it. Here all has come before.
    shared = fast_thread(50, lambda: not said_all.is_set())
    asked = listening(Tone(CHUNKS), serve, make_codec=make_codec, shared=shared)
    events = list(asked.events())
    assert asked.result.error is None
    found = Counter(event.text for event in events if isinstance(event, Final))
    assert {text: found[text] for text in texts} == dict.fromkeys(texts, 1)
    assert sum(isinstance(event, Finished) for event in events) == 1
    totals = asked.result.totals
    assert totals.open_ms == 0
    assert totals.final_ms + totals.silence_ms + totals.lost_ms == CHUNKS * CHUNK_MS == RATE.ms(asked.result.end)
    for event in events:
        if isinstance(event, Final | Gap):
            assert 0 <= event.begin_ms <= event.end_ms <= CHUNKS * CHUNK_MS
