"""Runs the official SDK in a process of its own, and writes what its callbacks got as one JSON object.

    python -m tests.support.official HOW ADDRESS WAV

HOW is one of the functions at the end. Nothing of this project is on the wire: the SDK is as its makers publish it.
"""

import json
import sys
import threading
from typing import Any

import dashscope
from dashscope.audio.asr import (
    Recognition,
    RecognitionCallback,
    RecognitionResult,
    TranslationRecognizerCallback,
    TranslationRecognizerChat,
    TranslationRecognizerRealtime,
    VocabularyService,
)
from dashscope.audio.asr.vocabulary import VocabularyServiceException
from dashscope.common.error import InvalidParameter, InvalidTask

from tests.support.official_realtime import CHUNK, PATIENCE_S, chunks, manual, omni_manual, omni_vad, vad

FUN = "fun-asr-realtime"
STARTS = 3  # how often a task is started again that the SDK itself has ended before it had audio
GUMMY, CHAT = "gummy-realtime-v1", "gummy-chat-v1"
INFERENCE = "/api-ws/v1/inference"


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


class Translated(TranslationRecognizerCallback):  # type: ignore[misc]
    """A callback that keeps both texts, and whether they are final."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.texts: list[tuple[bool, str, str]] = []
        self.usages: list[Any] = []

    def on_open(self) -> None:
        """Fired before the connection exists."""
        self.calls.append("open")

    def on_complete(self) -> None:
        """task-finished."""
        self.calls.append("complete")

    def on_error(self, message: Any) -> None:
        """Whatever went wrong."""
        self.calls.append(f"error {message.code} {message.message}")

    def on_close(self) -> None:
        """The last of the calls."""
        self.calls.append("close")

    def on_event(self, request_id: str, transcription_result: Any, translation_result: Any, usage: Any) -> None:
        """A result; in partials the shown text is text and stash."""
        del request_id
        into = None if translation_result is None else translation_result.get_translation("en")
        halves = [half for half in (transcription_result, into) if half is not None]
        said, translation = (half.text + (half.stash.text if half.stash else "") for half in halves)
        ended = {bool(half.is_sentence_end) for half in halves}
        self.texts.append((ended == {True}, said, translation))
        self.usages += [usage] if ended == {True} else []


def translating(address: str, path: str, *, chat: bool) -> dict[str, Any]:
    """Into English, with callbacks; the class for one sentence says when it takes no more audio.

    On a busy machine the SDK's worker may look for audio before its own start has said that there will be some, and end
    its task at once: such a task heard nothing, and is begun again.
    """
    told: dict[str, Any] = {}
    for _ in range(STARTS):
        told = translated(address, path, chat=chat)
        if told["texts"]:
            break
    return told


def translated(address: str, path: str, *, chat: bool) -> dict[str, Any]:
    """One task, and what was reported of it."""
    dashscope.base_websocket_api_url = address + INFERENCE
    heard, kind = Translated(), TranslationRecognizerChat if chat else TranslationRecognizerRealtime
    recognizer = kind(
        model=CHAT if chat else GUMMY, format="pcm", sample_rate=16000, callback=heard, transcription_enabled=True,
        translation_enabled=True, translation_target_languages=["en"],
    )  # fmt: skip
    taken: list[Any] = []
    try:
        recognizer.start()
        taken += [recognizer.send_audio_frame(chunk) for chunk in chunks(path)]
        while chat and taken[-1] is not False and "complete" not in heard.calls:
            taken.append(recognizer.send_audio_frame(bytes(CHUNK)))
            threading.Event().wait(0.01)
        taken += [recognizer.send_audio_frame(bytes(CHUNK))] if chat else []
        recognizer.stop()
    except (InvalidParameter, InvalidTask):  # its ways to say that the task is over: what it was told says why
        pass
    return {"calls": heard.calls, "texts": heard.texts, "usages": heard.usages, "refused": taken.count(False)}


def translate(address: str, path: str) -> dict[str, Any]:
    """Sentence after sentence."""
    return translating(address, path, chat=False)


def chat(address: str, path: str) -> dict[str, Any]:
    """One sentence."""
    return translating(address, path, chat=True)


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


def lists(address: str, path: str) -> dict[str, Any]:
    """A hot-word list from its beginning to its end, used between; then the error of one that is not there."""
    dashscope.base_http_api_url = address.replace("ws", "http", 1) + "/api/v1"
    dashscope.base_websocket_api_url = address + INFERENCE
    service = VocabularyService()
    name = service.create_vocabulary(FUN, "sdk", [{"text": "budget", "weight": 4}])
    listed = service.list_vocabularies(prefix="sdk")
    queried = service.query_vocabulary(name)
    service.update_vocabulary(name, [{"text": "梯度", "weight": 5, "lang": "zh"}])
    updated = service.query_vocabulary(name)
    result = Recognition(model=FUN, format="wav", sample_rate=16000, callback=None, vocabulary_id=name).call(path)
    service.delete_vocabulary(name)
    try:
        service.query_vocabulary(name)
        missing = ""
    except VocabularyServiceException as exc:
        missing = str(exc)
    told = {"name": name, "listed": listed, "queried": queried, "updated": updated, "missing": missing}
    return told | {"status": result.status_code, "left": service.list_vocabularies()}


if __name__ == "__main__":
    dashscope.api_key = dashscope.api_key or "any"
    functions = (call, stream, vad, manual, omni_vad, omni_manual, reuse, translate, chat, lists)
    how = {function.__name__: function for function in functions}[sys.argv[1]]
    print(json.dumps(how(*sys.argv[2:])), flush=True)  # noqa: T201
