"""Small servers for the wires of vLLM and FunASR, as their documentation describes them, with fixed words.

They recognize nothing: every second of audio is the word "one", "two", ... They can break a connection on purpose.
"""

import base64
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

BYTES_A_SECOND = 32_000
LOUD = 2000  # what is quiet is not sent again where a connection is lost at the very end
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


class Received:
    """What a server received, and what it does wrong.

    Attributes:
        messages: All text messages, as objects.
        commands: All text messages that are words.
        frames: The sizes of binary messages.
        seconds: How many whole seconds of audio were received.
        keys: The Authorization header of each handshake.
        cut_after_s: The connection is cut, once, when this much audio was received.
    """

    def __init__(self, cut_after_s: float | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.commands: list[str] = []
        self.frames: list[int] = []
        self.audio = bytearray()
        self.cut_after_s = cut_after_s
        self.connections = 0
        self.keys: list[str] = []

    def take(self, socket: ServerConnection, data: bytes) -> None:
        """Take audio; cut the connection if it is time."""
        self.audio += data
        if self.cut_after_s is not None and len(self.audio) >= self.cut_after_s * BYTES_A_SECOND:
            self.cut_after_s = None
            socket.socket.shutdown(2)
            raise ConnectionClosed(None, None)


def words(audio: bytes) -> list[str]:
    """A word for each second that is not silent: its first sample is the number of the word."""
    found = []
    for at in range(0, len(audio) - BYTES_A_SECOND + 1, BYTES_A_SECOND):
        number = int.from_bytes(audio[at : at + 2], "little")
        if number:
            found.append(WORDS[(number if number < LOUD else number // LOUD) - 1])
    return found


def spoken(*numbers: int, times: int = 1) -> bytes:
    """The audio of these words, 0 for a second of silence; LOUD `times` louder it is no silence for the client."""
    waves = (
        b"".join((sign * times * number).to_bytes(2, "little", signed=True) * 8 for sign in (1, -1))
        for number in numbers
    )
    return b"".join(wave * (BYTES_A_SECOND // len(wave)) for wave in waves)


@contextmanager
def serving(
    answer: Callable[[ServerConnection, Received], None], received: Received, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """A server on this machine; its address."""

    def handle(socket: ServerConnection) -> None:
        received.connections += 1
        assert socket.request is not None
        received.keys.append(socket.request.headers.get("Authorization", ""))
        with suppress(ConnectionClosed):
            answer(socket, received)

    with serve(handle, "127.0.0.1", 0, ssl=tls) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        host, port = server.socket.getsockname()[:2]
        try:
            yield f"{'ws' if tls is None else 'wss'}://{host}:{port}"
        finally:
            server.shutdown()
            thread.join(60)


def vllm(socket: ServerConnection, received: Received) -> None:
    """The contract of vLLM: a commit begins, a final commit ends, one text follows; anything else is an error."""

    def say(name: str, **fields: Any) -> None:
        socket.send(json.dumps({"type": name, **fields}))

    say("session.created", id="sess-1", created=1)
    model, generating, audio = "", False, bytearray()
    for data in socket:
        message = json.loads(data)
        received.messages.append(message)
        kind = message.get("type")
        if kind == "session.update":
            model = message.get("model", "")
            if model == "wrong":
                say("error", error="The model does not exist", code="model_not_found")
        elif kind == "input_audio_buffer.append":
            audio += base64.b64decode(message["audio"])
            received.take(socket, base64.b64decode(message["audio"]))
        elif kind == "input_audio_buffer.commit" and not message.get("final"):
            if not model:
                say("error", error="no model", code="model_not_validated")
            generating = True
        elif kind == "input_audio_buffer.commit" and generating:
            said = " ".join(words(bytes(audio)))
            text = f"language English<asr_text>{said}"
            for at in range(0, len(text), 9):
                say("transcription.delta", delta=text[at : at + 9])
            usage = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
            say("transcription.done", text=text, usage=usage)
            generating = False
            audio.clear()


def funasr(socket: ServerConnection, received: Received, *, says_end: bool = True) -> None:
    """The two-pass mode of FunASR: pieces of text while somebody speaks, and the sentence when a second is silent."""
    received.messages.append(json.loads(socket.recv()))
    audio, done = bytearray(), 0
    open_words: list[str] = []

    def final() -> None:
        text = " ".join(open_words).capitalize()
        stamps = [[n * 1000, n * 1000 + 1000] for n in range(len(open_words))]
        answer = {"mode": "2pass-offline", "text": text, "wav_name": "x", "is_final": True, "timestamp": str(stamps)}
        socket.send(json.dumps(answer))
        open_words.clear()

    for data in socket:
        if isinstance(data, bytes):
            received.frames.append(len(data))
            received.take(socket, data)
            audio += data
            while len(audio) >= (done + 1) * BYTES_A_SECOND:
                second = bytes(audio[done * BYTES_A_SECOND : (done + 1) * BYTES_A_SECOND])
                done += 1
                if found := words(second):
                    piece = f"{' ' * bool(open_words)}{found[0]}"
                    open_words += found
                    # is_final is not to be trusted: some servers set it while somebody speaks.
                    socket.send(json.dumps({"mode": "2pass-online", "text": piece, "wav_name": "x", "is_final": True}))
                elif open_words:
                    final()
            continue
        message = json.loads(data)
        received.messages.append(message)
        if message.get("is_speaking") is False:
            final()
            if says_end:
                socket.send(json.dumps({"mode": "2pass-offline", "is_final": True, "is_end": True}))


def funasr_realtime(socket: ServerConnection, received: Received, *, timed: bool = True) -> None:
    """FunASR's realtime server: commands are words, and each answer holds all sentences and the open one."""
    audio, done, begin = bytearray(), 0, 0
    open_words: list[str] = []
    sentences: list[dict[str, object]] = []

    def say(*, silent: bool = False, is_final: bool = False) -> None:
        if open_words and (is_final or silent):
            times = {"start": begin * 1000, "end": (begin + len(open_words)) * 1000} if timed else {}
            sentences.append({"text": " ".join(open_words).capitalize(), **times})
            open_words.clear()
        partial = {"partial": " ".join(open_words), "partial_start_ms": begin * 1000}
        socket.send(json.dumps({"sentences": sentences, **partial, "is_final": is_final}))

    for data in socket:
        if isinstance(data, bytes):
            received.take(socket, data)
            audio += data
            while len(audio) >= (done + 1) * BYTES_A_SECOND:
                found = words(bytes(audio[done * BYTES_A_SECOND : (done + 1) * BYTES_A_SECOND]))
                begin = done if found and not open_words else begin
                done += 1
                open_words += found
                say(silent=not found)
            continue
        received.commands.append(data)
        if data == "START":
            socket.send(json.dumps({"event": "started"}))
        elif data == "STOP":
            say(is_final=True)
            socket.send(json.dumps({"event": "stopped"}))
        else:
            name, _, value = data.partition(":")
            socket.send(json.dumps({"event": f"{name.lower()}_set", name.lower(): value}))
