"""What the server end of the Omni wire says to clients that are not ours, message by message."""

import json
from typing import Any

import pytest

from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask, SendAudio, StartTask
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Partial, Ready, SpeechStarted, SpeechStopped
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.omni.codec import OmniServer, SideContext
from tests.support.omni import ITEM, OMNI
from tests.support.pair import counting

SPOKEN = (SpeechStarted("1", 0), Partial("1", 0, "a", " b"), SpeechStopped("1", 900), Final("1", 0, 900, "a b c d e f"))
AROUND = ["response.output_item.added", "response.content_part.added"]
DONE = ["response.text.done", "response.content_part.done", "response.output_item.done", "response.done"]
WHOLE = [*AROUND, "response.text.delta", *DONE]
EMPTY = [*AROUND, *DONE]


class Foreign:
    """A client that says what it likes, and what it hears."""

    def __init__(self, **session: Any) -> None:
        self.server = OmniServer(counting("s"), OMNI)
        self.heard: list[dict[str, Any]] = []
        self._hear(self.server.greet())
        if session:
            self.say("session.update", session={"modalities": ["text"], **session})
            self.happen(Ready(""))

    def say(self, name: str, **fields: Any) -> list[Command]:
        """What the server makes of it; its acknowledgements are heard."""
        requests = self.server.receive(Text(json.dumps({"event_id": "event_1", "type": name, **fields})))
        for request in requests:
            self._hear(self.server.acknowledge(request))
        return requests

    def audio(self) -> None:
        """A little."""
        self.say("input_audio_buffer.append", audio="AQACAA==")

    def happen(self, *events: Event) -> None:
        """The recognizer says this."""
        for event in events:
            self._hear(self.server.encode(event))

    def names(self) -> list[str]:
        """What has been heard since the last call, without what was heard before the session was up."""
        names, self.heard = [event["type"] for event in self.heard], []
        return [name for name in names if not name.startswith("session.") or name == "session.finished"]

    def last(self, name: str) -> dict[str, Any]:
        """The last event of that name."""
        return [event for event in self.heard if event["type"] == name][-1]

    def _hear(self, messages: list[Message]) -> None:
        self.heard += [json.loads(message.data) for message in messages if isinstance(message, Text)]


def test_messages_of_a_turn_come_in_the_order_of_the_reference() -> None:
    """The marks, the item, what was written down, then the answer from its beginning to its end."""
    client = Foreign(input_audio_transcription={"model": "qwen3-asr-flash-realtime"})
    client.audio()
    client.happen(*SPOKEN)
    ids = {event["response"]["id"] for event in client.heard if "response" in event}
    ids |= {event["response_id"] for event in client.heard if "response_id" in event}
    assert len(ids) == 1
    response = client.last("response.done")["response"]
    assert response["output"][0]["content"] == [{"type": "text", "text": "a b c d e f"}]
    assert response["usage"]["total_tokens"] == response["usage"]["input_tokens"] + response["usage"]["output_tokens"]
    item = client.last("conversation.item.created")["item"]["id"]
    assert client.last(f"{ITEM}completed") | {"event_id": ""} == {
        "event_id": "", "type": f"{ITEM}completed", "item_id": item, "content_index": 0, "language": "",
        "emotion": "neutral", "transcript": "a b c d e f",
    }  # fmt: skip
    assert client.names() == [
        "input_audio_buffer.speech_started", f"{ITEM}delta", "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed", "conversation.item.created", f"{ITEM}completed", "response.created", *WHOLE,
    ]  # fmt: skip
    client.say("session.finish")
    client.happen(Finished())
    assert client.names() == ["session.finished"]


def test_a_commit_alone_brings_no_answer() -> None:
    """It comes when it is asked for, and when the recognizer is done; two commits may share it."""
    client = Foreign(turn_detection=None)
    for _ in range(2):
        client.audio()
        assert client.say("input_audio_buffer.commit") == [CommitAudio()]
    client.names()
    client.happen(Final("1", 0, 900, "one"))
    assert client.names() == []
    client.say("response.create", response={"instructions": None})
    assert client.names() == ["response.created"]
    client.say("response.create")
    assert client.last("error")["error"]["code"] == "conversation_already_has_active_response"
    client.names()
    client.happen(Final("2", 900, 1800, "two"))
    assert client.last("response.text.done")["text"] == "one two"
    assert client.names() == WHOLE
    client.say("response.create")
    assert client.names() == ["response.created", *EMPTY]


def test_an_answer_can_be_cancelled_before_it_is_there() -> None:
    """Its turn is answered by nothing then; a session that ends cancels what it owes."""
    client = Foreign(turn_detection=None)
    client.say("response.cancel")
    for number, end in (("1", "response.cancel"), ("2", "session.finish")):
        client.audio()
        client.say("input_audio_buffer.commit")
        client.say("response.create")
        client.names()
        client.say(end)
        if end == "response.cancel":
            assert client.last("response.done")["response"]["status"] == "cancelled"
            assert client.names() == ["response.done"]
            client.happen(Final(number, 0, 900, "x"))
            assert client.names() == []
    client.happen(Finished())
    assert client.names() == ["response.done", "session.finished"]


def test_what_else_a_client_may_say_is_accepted() -> None:
    """Items of text, and the buffer cleared: the next commit needs audio again."""
    client = Foreign(turn_detection=None)
    client.audio()
    assert client.say("input_audio_buffer.clear") == [ClearAudio()]
    with pytest.raises(ProtocolError, match="empty buffer"):
        client.say("input_audio_buffer.commit")
    client.say("conversation.item.create", item={"type": "message", "content": [{"type": "input_text", "text": "hi"}]})
    assert client.last("conversation.item.created")["item"]["content"] == [{"type": "input_text", "text": "hi"}]
    assert client.names() == ["input_audio_buffer.cleared", "conversation.item.created"]
    with pytest.raises(ProtocolError, match="unknown event type sing"):
        client.say("sing")


def test_in_vad_mode_a_client_may_keep_the_asking_to_itself() -> None:
    """With create_response false the turn waits for response.create."""
    client = Foreign(turn_detection={"type": "server_vad", "create_response": False})
    client.audio()
    client.happen(*SPOKEN)
    assert "response.created" not in client.names()
    client.say("response.create")
    assert client.names() == ["response.created", *WHOLE]


def test_audio_alone_is_no_answer_and_audio_beside_text_is_a_transcript() -> None:
    """The first is refused by name, the second is answered without a voice: nothing here has one."""
    client = Foreign(modalities=["audio"])
    assert client.last("error")["error"] == {
        "type": "invalid_request_error", "code": "invalid_value", "message": "audio does not come without its text",
        "param": "session.modalities", "event_id": "event_1",
    }  # fmt: skip
    client = Foreign(modalities=["text", "audio"], voice="Cherry")
    assert client.last("session.updated")["session"]["modalities"] == ["text", "audio"]
    client.audio()
    client.happen(*SPOKEN)
    assert client.last("response.audio_transcript.done")["transcript"] == "a b c d e f"
    assert client.last("response.done")["response"]["output"][0]["content"] == [
        {"type": "audio", "transcript": "a b c d e f"}
    ]
    assert not [name for name in client.names() if name.startswith("response.text")]


def test_the_session_is_reported_as_it_is_in_effect() -> None:
    """What was asked for comes back, the defaults beside it."""
    client = Foreign(instructions="write", temperature=0.1, seed=7, turn_detection={"type": "semantic_vad"})
    created, updated = (client.last(f"session.{name}")["session"] for name in ("created", "updated"))
    assert created["turn_detection"] == {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 800}
    assert (created["instructions"], created["modalities"]) == ("", ["text", "audio"])
    assert created["id"] == updated["id"] == client.server.task_id
    assert updated["turn_detection"]["type"] == "semantic_vad"
    assert {key: updated[key] for key in ("instructions", "temperature", "seed", "modalities")} == {
        "instructions": "write", "temperature": 0.1, "seed": 7, "modalities": ["text"],
    }  # fmt: skip


def test_a_session_may_be_updated_again() -> None:
    """In the middle of the audio too, where the recognizer goes on as it is; what is not named stays."""
    client = Foreign(turn_detection=None, instructions="one")
    (again,) = client.say("session.update", session={"instructions": "two"})
    assert isinstance(again, StartTask)
    assert (again.recognition.prompt, again.recognition.vad) == ("two", False)
    client.audio()
    assert client.say("session.update", session={"instructions": "three", "voice": None}) == [
        SideContext((), "session.update")
    ]
    assert client.last("session.updated")["session"]["instructions"] == "three"
    assert client.last("session.updated")["session"]["turn_detection"] is None
    with pytest.raises(ProtocolError, match="after the first audio"):
        client.say("session.update", session={"turn_detection": {"type": "server_vad"}})
    assert client.say("input_audio_buffer.append", audio="AQA=") == [SendAudio(b"\x01\x00")]


def test_without_a_session_update_the_defaults_hold() -> None:
    """As on the realtime wire."""
    client = Foreign()
    assert client.say("input_audio_buffer.append", audio="AQA=") == [
        StartTask(RecognitionSettings(OMNI)),
        SendAudio(b"\x01\x00"),
    ]
    assert client.say("session.finish") == [FinishTask()]
    with pytest.raises(ProtocolError, match=r"response\.create after session\.finish"):
        client.say("response.create")
