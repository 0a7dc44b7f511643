"""A client codec of the realtime wire; the test writes the messages of the service."""

import json
from typing import Any

from asrcli.core.events import Event, Final
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.realtime.codec import RealtimeClient
from tests.support.pair import counting

SECOND = bytes(32000)
ITEM = "conversation.item.input_audio_transcription."
BUFFER = "input_audio_buffer."


class Service:
    """The client codec of one session; a second of audio is sent for each sentence."""

    def __init__(self, seconds: int = 3, *, vad: bool = True, languages: tuple[str, ...] = ()) -> None:
        self.codec = RealtimeClient(RecognitionSettings("m", vad=vad, languages=languages), counting("c"))
        self.tell("session.updated", session={"id": "s"})
        for _ in range(seconds):
            self.codec.audio(SECOND)

    def tell(self, name: str, **fields: Any) -> list[Event]:
        """Return the events that the client reads from a message with this name."""
        return self.codec.receive(Text(json.dumps({"type": name, **fields})))

    def turn(self, item: str, begin: Any, end: Any) -> list[Event]:
        """Report the start and the end of an utterance."""
        return [
            *self.tell(BUFFER + "speech_started", item_id=item, audio_start_ms=begin),
            *self.tell(BUFFER + "speech_stopped", item_id=item, audio_end_ms=end),
            *self.tell(BUFFER + "committed", item_id=item),
        ]

    def completed(self, item: Any, said: str = "x") -> list[Event]:
        """Report the text of an item."""
        return self.tell(ITEM + "completed", item_id=item, transcript=said)

    def spans(self, *items: tuple[Any, str]) -> list[tuple[str, int, int]]:
        """Return the text and the times of the final for each text."""
        heard = [event for item, said in items for event in self.completed(item, said)]
        return [(event.text, event.begin_ms, event.end_ms) for event in heard if isinstance(event, Final)]

    def commit(self) -> str:
        """Send a second of audio and a commit; return the id of the commit."""
        self.codec.audio(SECOND)
        (command,) = self.codec.commit()
        return named(command)


def named(message: Message) -> str:
    """The id of an event."""
    assert isinstance(message, Text)
    return str(json.loads(message.data)["event_id"])
