"""The official SDK at work, in a process of its own: what its callbacks saw, as one JSON object on standard output.

    python -m tests.support.official HOW ADDRESS WAV

HOW is one of the functions at the end. Nothing of this project is on the wire: the SDK is as its makers publish it.
"""

import base64
import json
import sys
import threading
import wave
from collections.abc import Iterator
from typing import Any

import dashscope
from dashscope.audio.asr import Recognition, RecognitionCallback, RecognitionResult
from dashscope.audio.qwen_omni import MultiModality, OmniRealtimeCallback, OmniRealtimeConversation
from dashscope.audio.qwen_omni.omni_realtime import TranscriptionParams
from dashscope.common.error import InvalidParameter

FUN, QWEN = "fun-asr-realtime", "qwen3-asr-flash-realtime"
INFERENCE, REALTIME = "/api-ws/v1/inference", "/api-ws/v1/realtime"
COMPLETED = "conversation.item.input_audio_transcription.completed"
CHUNK = 3200
PATIENCE_S = 60


def chunks(path: str) -> Iterator[bytes]:
    """The PCM of a WAV file in pieces of 100 ms."""
    with wave.open(path) as file:
        pcm: bytes = file.readframes(file.getnframes())
    for at in range(0, len(pcm), CHUNK):
        yield pcm[at : at + CHUNK]


class Heard(RecognitionCallback):  # type: ignore[misc]
    """A callback that keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.finals: list[dict[str, Any]] = []
        self.usages: list[Any] = []
        self.error = ""

    def on_open(self) -> None:
        """Fired before the connection exists."""
        self.calls.append("open")

    def on_complete(self) -> None:
        """task-finished with something in it."""
        self.calls.append("complete")

    def on_error(self, result: Any) -> None:
        """Whatever went wrong."""
        self.calls.append("error")
        self.error = f"{result.status_code} {result.code} {result.message}"

    def on_close(self) -> None:
        """The last of the calls."""
        self.calls.append("close")

    def on_event(self, result: Any) -> None:
        """A result."""
        sentence = result.get_sentence()
        final = RecognitionResult.is_sentence_end(sentence)
        self.calls.append("final" if final else "partial")
        if final:
            self.finals.append(sentence)
            self.usages.append(result.get_usage(sentence))


def call(address: str, path: str) -> dict[str, Any]:
    """The whole file at once, WAV header included."""
    dashscope.base_websocket_api_url = address + INFERENCE
    result = Recognition(model=FUN, format="wav", sample_rate=16000, callback=None).call(path)
    return {"status": result.status_code, "texts": [s["text"] for s in result.get_sentence() or ()]}


def stream(address: str, path: str) -> dict[str, Any]:
    """Piece by piece, with callbacks."""
    dashscope.base_websocket_api_url = address + INFERENCE
    heard = Heard()
    recognition = Recognition(model=FUN, format="pcm", sample_rate=16000, callback=heard, heartbeat=True)
    recognition.start()
    try:
        for chunk in chunks(path):
            recognition.send_audio_frame(chunk)
        recognition.stop()
    except InvalidParameter:  # its way to say that the task has failed
        pass
    return {
        "calls": heard.calls,
        "texts": [sentence["text"] for sentence in heard.finals],
        "sentences": heard.finals,
        "usages": heard.usages,
        "error": heard.error,
        "first_ms": recognition.get_first_package_delay(),
        "last_ms": recognition.get_last_package_delay(),
    }


class Followed(OmniRealtimeCallback):  # type: ignore[misc]
    """A callback that keeps events and can wait for one."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.changed = threading.Condition()

    def on_event(self, message: dict[str, Any]) -> None:
        """A server event."""
        with self.changed:
            self.events.append(message)
            self.changed.notify_all()

    def wait(self, name: str) -> None:
        """Until an event of that name has come."""
        with self.changed:
            assert self.changed.wait_for(lambda: name in {event["type"] for event in self.events}, PATIENCE_S), name


def realtime(address: str, path: str, *, vad: bool) -> dict[str, Any]:
    """Qwen-ASR through the Omni conversation class."""
    heard = Followed()
    conversation = OmniRealtimeConversation(model=QWEN, url=address + REALTIME, callback=heard)
    conversation.connect()
    conversation.update_session(
        output_modalities=[MultiModality.TEXT],
        enable_turn_detection=vad,
        turn_detection_threshold=0.0,
        turn_detection_silence_duration_ms=400,
        transcription_params=TranscriptionParams(sample_rate=16000, input_audio_format="pcm", corpus_text="minutes"),
    )
    heard.wait("session.updated")
    for chunk in chunks(path):
        conversation.append_audio(base64.b64encode(chunk).decode())
    if not vad:
        conversation.commit()
    conversation.end_session(timeout=PATIENCE_S)
    conversation.close()
    return {
        "types": [event["type"] for event in heard.events],
        "texts": [event["transcript"] for event in heard.events if event["type"] == COMPLETED],
        "session": conversation.get_session_id(),
    }


def vad(address: str, path: str) -> dict[str, Any]:
    """The server cuts."""
    return realtime(address, path, vad=True)


def manual(address: str, path: str) -> dict[str, Any]:
    """The client commits."""
    return realtime(address, path, vad=False)


def reuse(address: str, path: str) -> dict[str, Any]:
    """The newer, stricter API: three tasks on one connection."""
    texts, delays = [], []
    with dashscope.Client(api_key="any") as client:
        connection = client.ws_connection(url=address + INFERENCE)
        for _ in range(3):
            recognition = client.audio.asr.recognize(model=FUN, format="pcm", sample_rate=16000, connection=connection)
            finals: list[str] = []
            with recognition:
                reader = threading.Thread(target=collect, args=(recognition, finals))
                reader.start()
                for chunk in chunks(path):
                    recognition.send_audio_frame(chunk)
                recognition.stop()
                reader.join(PATIENCE_S)
            texts.append(finals)
            delays.append(recognition.last_package_delay)
        connection.close()
    return {"texts": texts, "delays": delays}


def collect(recognition: Any, finals: list[str]) -> None:
    """The finals of a task."""
    for result in recognition.results():
        if result.is_sentence_end():
            finals.append(result.get_sentence()["text"])


if __name__ == "__main__":
    dashscope.api_key = dashscope.api_key or "any"
    how = {function.__name__: function for function in (call, stream, vad, manual, reuse)}[sys.argv[1]]
    print(json.dumps(how(*sys.argv[2:])), flush=True)  # noqa: T201
