"""Two small servers that are almost DashScope, as public ones are: they leave fields and events out.

Their words are those of other_servers.py: one for each second of audio that is not silent.
"""

import base64
import json
from typing import Any

from websockets.sync.server import ServerConnection

from tests.support.other_servers import BYTES_A_SECOND, Received, words


def say(socket: ServerConnection, name: str, **fields: Any) -> None:
    """An event of the realtime wire, without an id of its own."""
    socket.send(json.dumps({"type": name, **fields}))


def realtime(socket: ServerConnection, received: Received) -> None:
    """A realtime server: silence at the beginning ends without a name, texts have a name and no times.

    It knows no session.finish; a commit is answered by the text alone, with neither `committed` nor `item.created`.
    """
    vad, audio, done, open_words, items = True, bytearray(), 0, list[str](), 0

    def complete(said: str) -> None:
        nonlocal items
        items += 1
        say(socket, "conversation.item.input_audio_transcription.completed", item_id=f"item_{items}", transcript=said)

    say(socket, "session.created", session={})
    for data in socket:
        message = json.loads(data)
        name = message["type"]
        if name == "session.update":
            vad = message["session"]["turn_detection"] is not None
            say(socket, "session.updated", session={"id": "s"})
        elif name == "input_audio_buffer.append":
            pcm = base64.b64decode(message["audio"])
            received.take(socket, pcm)
            audio += pcm
            while vad and len(audio) >= (done + 1) * BYTES_A_SECOND:
                found = words(bytes(audio[done * BYTES_A_SECOND : (done + 1) * BYTES_A_SECOND]))
                done += 1
                if not found and not items and not open_words:
                    say(socket, "input_audio_buffer.speech_stopped", audio_end_ms=done * 1000)
                elif not found and open_words:
                    complete(" ".join(open_words))
                    open_words.clear()
                open_words += found
        elif name == "input_audio_buffer.commit":
            complete(" ".join(words(bytes(audio))))
            audio.clear()
        else:
            if open_words:
                complete(" ".join(open_words))
                open_words.clear()
            error = {"type": "invalid_request_error", "message": f"unknown event type: {name}"}
            say(socket, "error", error=error)


def inference(socket: ServerConnection, received: Received) -> None:
    """A server of the inference wire without sentence numbers, words, usage, attributes and most times."""
    task, audio, done, open_words = "", bytearray(), 0, list[str]()

    def tell(event: str, **sentence: Any) -> None:
        payload = {"output": {"sentence": sentence}} if sentence else {}
        socket.send(json.dumps({"header": {"task_id": task, "event": event}, "payload": payload}))

    for data in socket:
        if isinstance(data, bytes):
            received.take(socket, data)
            audio += data
            while len(audio) >= (done + 1) * BYTES_A_SECOND:
                found = words(bytes(audio[done * BYTES_A_SECOND : (done + 1) * BYTES_A_SECOND]))
                done += 1
                if found:
                    open_words += found
                    tell("result-generated", text=" ".join(open_words))
                elif open_words:
                    tell("result-generated", text=" ".join(open_words), sentence_end=True)
                    open_words.clear()
            continue
        message = json.loads(data)
        task = message["header"]["task_id"]
        if message["header"]["action"] == "run-task":
            tell("task-started")
        elif message["header"]["action"] == "finish-task":
            if open_words:
                tell("result-generated", text=" ".join(open_words), sentence_end=True)
            tell("task-finished")
