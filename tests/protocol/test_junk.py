"""Whatever comes in, in whatever order, a codec goes on: a client answers with events, a server names the mistake."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.events import Final, Finished, Partial, Ready, SpeechStarted, SpeechStopped, Word
from asrcli.core.interfaces import ClientCodec, ServerCodec
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.omni.codec import OmniClient, OmniServer
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.protocol.realtime.server_codec import RealtimeServer
from tests.protocol.junk_messages import ANYTHING, GOLDEN, MESSAGES, spoiled
from tests.support.pair import counting

COMMANDS: st.SearchStrategy[Message] = (
    st.builds(
        lambda message, name, junk: spoiled(message, [0], junk) | name if isinstance(message, dict) else message,
        st.sampled_from(GOLDEN),
        st.sampled_from(["session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "session.finish",
            "response.create", "conversation.item.create", "response.cancel"]).map(lambda name: {"type": name}),
        ANYTHING,
    ).map(json.dumps).map(Text)
)  # fmt: skip
KNOWN = "known good"


def clients() -> list[ClientCodec]:
    """A fresh client codec of each kind."""
    recognition = RecognitionSettings("m")
    return [
        InferenceClient(recognition, counting("task-")),
        InferenceClient(RecognitionSettings("m", translate="en"), counting("task-")),
        RealtimeClient(recognition, counting("c")),
        RealtimeClient(RecognitionSettings("m", vad=False), counting("c")),
        OmniClient(RecognitionSettings("m", side_transcript=True), counting("c")),
        begun(OmniClient(RecognitionSettings("m", vad=False), counting("c"))),
    ]


def begun(codec: ClientCodec) -> ClientCodec:
    """The codec in the middle of its second utterance, after a first that is committed."""
    for messages in (codec.audio(bytes(3200)), codec.commit(), codec.audio(bytes(3200))):
        assert messages
    return codec


def servers() -> list[ServerCodec]:
    """A fresh server codec of each kind."""
    return [InferenceServer(counting()), RealtimeServer(counting(), "m"), OmniServer(counting(), "m")]


def written(**fields: Any) -> Text:
    """A message of the service."""
    return Text(json.dumps(fields))


def good(codec: ClientCodec) -> list[Message]:
    """A sentence as each kind of service says it when it is well; after it, for one that waits for others, the end."""
    if isinstance(codec, InferenceClient):
        half = {"sentence_id": 77, "begin_time": 10, "end_time": 20, "text": KNOWN, "words": [], "sentence_end": True}
        for output in ({"sentence": half}, {"transcription": half, "translations": [half | {"lang": "en"}]}):
            translates = "sentence" not in output
            if translates == bool(codec._recognition.translate):
                header = {"task_id": codec.task_id, "event": "result-generated"}
                end = {"task_id": codec.task_id, "event": "task-finished"}
                sentence = written(header=header, payload={"output": output})
                return [sentence, written(header=end, payload={})] if translates else [sentence]
    about = {"item_id": "known"}
    marks = [
        written(type="input_audio_buffer.speech_started", audio_start_ms=10, **about),
        written(type="input_audio_buffer.speech_stopped", audio_end_ms=20, **about),
        written(type="input_audio_buffer.committed", **about),
    ]
    if not isinstance(codec, OmniClient):
        completed = "conversation.item.input_audio_transcription.completed"
        return [*marks, written(type=completed, transcript=KNOWN, **about)]
    response = {"id": "known", "status": "completed", "output": [{"content": [{"type": "text", "text": KNOWN}]}]}
    return [*marks, written(type="response.done", response=response), written(type="session.finished")]


@pytest.mark.parametrize("which", range(len(clients())))
@given(messages=st.lists(MESSAGES, max_size=12))
def test_a_client_survives_any_service(which: int, messages: list[Message]) -> None:
    """Only a refusal is raised; a good final after any junk comes out; keys are given once, times are in order."""
    codec, transcript, finals = clients()[which], Transcript(), list[Final]()
    for message in [*messages, *good(codec)]:
        with contextlib.suppress(ServiceRefused):
            for event in codec.receive(message):
                transcript = fold(transcript, event)
                finals += [event] if isinstance(event, Final) else []
            codec.pending_messages()
    assert any(KNOWN in (final.text, final.translation) for final in finals)
    assert len({final.key for final in finals}) == len(finals)
    for final in finals:
        assert 0 <= final.begin_ms <= final.end_ms
        assert all(final.begin_ms <= word.begin_ms <= word.end_ms <= final.end_ms for word in final.words)


@pytest.mark.parametrize("which", range(len(servers())))
@given(messages=st.lists(MESSAGES | COMMANDS, max_size=12))
def test_a_server_survives_any_client(which: int, messages: list[Message]) -> None:
    """Every mistake is a ProtocolError, so that the client can be told; what is said to it next can be written."""
    codec = servers()[which]
    for message in messages:
        try:
            for request in codec.receive(message):
                assert all(isinstance(told, Text) for told in codec.acknowledge(request))
        except ProtocolError as exc:
            codec.fail("InvalidParameter", str(exc))
    for event in (Ready("t", "en"), SpeechStarted("1", 0), Partial("1", 0, "a"), SpeechStopped("1", 9)):
        codec.encode(event)
    for ending in (Final("1", 0, 9, "a", (Word("a", 0, 9),)), Finished()):
        codec.encode(ending)


def test_a_service_that_mixes_both_forms_of_a_sentence_names_none_twice() -> None:
    """Plain sentences and translated ones of the same number in one task: each final has a key of its own."""
    client = InferenceClient(RecognitionSettings("m", translate="en"), lambda: "t")
    client.start()
    client.audio(bytes(64_000))
    ended = {"sentence_id": 0, "begin_time": 100, "end_time": 900, "text": "a", "words": [], "sentence_end": True}
    outputs = (
        {"transcription": ended, "translations": [ended | {"lang": "en"}]},
        {"sentence": ended | {"sentence_id": 1, "begin_time": 900, "end_time": 1500, "text": "b"}},
    )
    heard = []
    for output in outputs:
        said = {"header": {"task_id": "t", "event": "result-generated"}, "payload": {"output": output}}
        heard += [event.key for event in client.receive(Text(json.dumps(said))) if isinstance(event, Final)]
    assert heard == ["1", "1.2"]
