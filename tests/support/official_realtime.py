"""The official SDK on the realtime wire, with a Qwen-ASR model and one that answers prompts. Run by official.py."""

import base64
import threading
import wave
from collections.abc import Iterator
from typing import Any

from dashscope.audio.qwen_omni import MultiModality, OmniRealtimeCallback, OmniRealtimeConversation
from dashscope.audio.qwen_omni.omni_realtime import TranscriptionParams

QWEN, OMNI = "qwen3-asr-flash-realtime", "qwen3-omni-flash-realtime"
REALTIME = "/api-ws/v1/realtime"
COMPLETED = "conversation.item.input_audio_transcription.completed"
CHUNK = 3200
PATIENCE_S = 60


def chunks(path: str) -> Iterator[bytes]:
    """The PCM of a WAV file in pieces of 100 ms."""
    with wave.open(path) as file:
        pcm: bytes = file.readframes(file.getnframes())
    for at in range(0, len(pcm), CHUNK):
        yield pcm[at : at + CHUNK]


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


def answered(address: str, path: str, *, vad: bool) -> dict[str, Any]:
    """Qwen-Omni under a prompt, with another model that writes down what is said."""
    heard = Followed()
    conversation = OmniRealtimeConversation(model=OMNI, url=address + REALTIME, callback=heard)
    conversation.connect()
    conversation.update_session(
        output_modalities=[MultiModality.TEXT],
        enable_turn_detection=vad,
        turn_detection_silence_duration_ms=400,
        input_audio_transcription_model=QWEN,
        instructions="Write down what is said.",
    )
    heard.wait("session.updated")
    for chunk in chunks(path):
        conversation.append_audio(base64.b64encode(chunk).decode())
    if not vad:
        conversation.commit()
        conversation.create_response()
    conversation.end_session(timeout=PATIENCE_S)
    conversation.close()
    done = [event["response"] for event in heard.events if event["type"] == "response.done"]
    return {
        "types": [event["type"] for event in heard.events],
        "texts": [response["output"][0]["content"][0]["text"] for response in done],
        "written": [event["transcript"] for event in heard.events if event["type"] == COMPLETED],
        "tokens": [response["usage"]["input_tokens_details"]["audio_tokens"] for response in done],
        "session": conversation.get_session_id(),
        "last": (conversation.get_last_response_id(), done[-1]["id"]),
    }


def omni_vad(address: str, path: str) -> dict[str, Any]:
    """The server cuts, and answers by itself."""
    return answered(address, path, vad=True)


def omni_manual(address: str, path: str) -> dict[str, Any]:
    """The client commits, and asks for the answer."""
    return answered(address, path, vad=False)
