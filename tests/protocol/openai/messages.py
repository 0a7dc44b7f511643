"""Messages of OpenAI's transcription sessions, and what they hold."""

import base64
import json
from typing import Any

from asrcli.core.events import Event, Ready
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.openai.codec import OpenAIClient, OpenAIServer
from tests.support.pair import counting

SECOND = bytes(48_000)
ITEM = "conversation.item.input_audio_transcription."


def value(message: Message) -> dict[str, Any]:
    """A message as an object."""
    assert isinstance(message, Text)
    found: dict[str, Any] = json.loads(message.data)
    return found


def text(name: str, **fields: object) -> Text:
    """A message."""
    return Text(json.dumps({"type": name, **fields}))


def names(messages: list[Message]) -> list[str]:
    """The types of messages."""
    return [value(message)["type"].removeprefix(ITEM) for message in messages]


def audio(codec: OpenAIServer, pcm: bytes = SECOND) -> list[object]:
    """The commands of audio."""
    return list(codec.receive(text("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())))


SPOKEN = ["input_audio_buffer.committed", "conversation.item.added", "conversation.item.done"]


def client(**settings: Any) -> OpenAIClient:
    """A client whose session is up."""
    codec = OpenAIClient(RecognitionSettings("whisper-1", 24000, **settings), counting())
    codec.start()
    assert codec.receive(text("session.updated", session={"id": "s", "type": "transcription"})) == [Ready("s", "")]
    return codec


def hear(codec: OpenAIClient, *messages: Text) -> list[Event]:
    """The events of messages."""
    return [event for message in messages for event in codec.receive(message)]
