"""An Omni session for tests: both codecs joined, or the client codec and any message of a service."""

import json
from typing import Any

from asrcli.core.client_commands import Command
from asrcli.core.events import Event, Notice, Ready
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.omni.codec import OmniClient, OmniServer
from tests.support.pair import Pair, counting

OMNI = "qwen3-omni-flash-realtime"
VAD, MANUAL = (
    RecognitionSettings(OMNI, prompt="write it down"),
    RecognitionSettings(OMNI, vad=False, prompt="write it down"),
)
SIDE = RecognitionSettings(OMNI, vad=False, prompt="write it down", side_transcript=True)
SECOND = bytes(32000)
ITEM = "conversation.item.input_audio_transcription."


class Talk(Pair):
    """A session that has begun, with all events that the client has got."""

    def __init__(self, recognition: RecognitionSettings) -> None:
        super().__init__(OmniClient(recognition, counting("c")), OmniServer(counting("s"), recognition.model))
        self.heard: list[Event] = []
        self.ask(self.client.start())
        assert self.said(Ready("")) == [Ready(self.server.task_id)]

    def ask(self, messages: "list[Message]") -> list[Command]:  # type: ignore[override]
        """What the server understands; its acknowledgements are heard."""
        requests = [request for message in messages for request in self.server.receive(message)]
        for request in requests:
            self.heard += self.handle(self.server.acknowledge(request))
        return requests

    def said(self, *events: Event) -> list[Event]:
        """All that was heard up to now of what the server tells, without what only a log wants."""
        self.heard += self.tell(*events)
        told, self.heard = self.heard, []
        return [event for event in told if not isinstance(event, Notice) or event.level != "debug"]


def kinds(messages: list[Message]) -> list[str]:
    """The last words of the names of messages."""
    return [json.loads(message.data)["type"].rsplit(".", 1)[-1] for message in messages if isinstance(message, Text)]


class Service:
    """The client codec alone; the test writes the messages of the service."""

    def __init__(self, recognition: RecognitionSettings = MANUAL, seconds: int = 3) -> None:
        self.codec = OmniClient(recognition, counting("c"))
        self.tell("session.updated", session={"id": "sess_1"})
        for second in range(seconds):
            self.codec.audio(SECOND)
            if self.codec.commit():
                self.tell("input_audio_buffer.committed", item_id=f"i{second + 1}")

    def tell(self, name: str, **fields: Any) -> list[Event]:
        """What the client hears in it."""
        return self.codec.receive(Text(json.dumps({"type": name, **fields})))

    def turn(self, item: str, begin_ms: int, end_ms: int) -> None:
        """In VAD mode: somebody spoke."""
        self.tell("input_audio_buffer.speech_started", item_id=item, audio_start_ms=begin_ms)
        self.tell("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=end_ms)
        self.tell("input_audio_buffer.committed", item_id=item)

    def answer(self, response: str, said: str = "", status: str = "completed", **more: Any) -> list[Event]:
        """An answer from its beginning to its end; the text comes at the end alone."""
        self.tell("response.created", response={"id": response})
        content = [{"type": "text", "text": said}]
        body = {"id": response, "status": status, "output": [{"content": content}] if said else [], **more}
        return self.tell("response.done", response=body)
