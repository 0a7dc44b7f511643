"""A small transcription service in OpenAI's form that ends its items in an order of the test's choice."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from websockets.sync.server import ServerConnection

from tests.support.other_servers import Received

BYTES_A_SECOND = 48_000
ITEM = "conversation.item.input_audio_transcription."


def in_order(order: Sequence[int], *, cut: bool = False) -> Callable[[ServerConnection, Received], None]:
    """A service for this many seconds of speech: each second is an item, and the texts come in this order, at the end.

    With `cut` the first connection is cut where all texts but the last have come.
    """

    def answer(socket: ServerConnection, received: Received) -> None:
        def say(name: str, **fields: Any) -> None:
            socket.send(json.dumps({"type": name, **fields}))

        say("session.created", session={"id": "s"})
        seconds, done = 0.0, 0
        for data in socket:
            message = json.loads(data)
            received.messages.append(message)
            if message["type"] == "session.update":
                say("session.updated", session={"id": "s"})
            elif message["type"] == "input_audio_buffer.append":
                seconds += len(base64.b64decode(message["audio"])) / BYTES_A_SECOND
            while done < len(order) and seconds >= done + 0.95:
                item, before = f"i{received.connections}.{done}", f"i{received.connections}.{done - 1}"
                say("input_audio_buffer.speech_started", item_id=item, audio_start_ms=done * 1000)
                say("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=done * 1000 + 900)
                say("input_audio_buffer.committed", item_id=item, previous_item_id=before if done else None)
                done += 1
            if message["type"] != "input_audio_buffer.commit":
                continue
            for number in order[:done]:
                if cut and received.connections == 1 and number == order[done - 1]:
                    socket.socket.shutdown(2)
                    return
                item = f"i{received.connections}.{number}"
                say(f"{ITEM}completed", item_id=item, transcript=f"text {number}.")
            about = message["event_id"]
            code = "input_audio_buffer_commit_empty"
            say("error", error={"type": "invalid_request_error", "code": code, "message": "empty", "event_id": about})

    return answer
