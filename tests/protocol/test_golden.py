"""Both codecs against recorded forms of every message of the service's references and of its official SDK."""

import json
from pathlib import Path
from typing import Any

import pytest

from asrcli.core.client_commands import (
    ClearAudio,
    Command,
    CommitAudio,
    FinishTask,
    SendAudio,
    StartTask,
    UpdateContext,
)
from asrcli.core.events import (
    Event,
    Final,
    Finished,
    Gap,
    Notice,
    Partial,
    Ready,
    SpeechStarted,
    SpeechStopped,
    Usage,
    Word,
)
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.protocol.realtime.server_codec import RealtimeServer
from tests.support.pair import counting

GOLDEN = {wire: json.loads(Path(__file__).with_name("golden").joinpath(f"{wire}.json").read_text("utf-8"))
          for wire in ("inference", "realtime")}  # fmt: skip
FUN, QWEN = "fun-asr-realtime", "qwen3-asr-flash-realtime"
INFERENCE_OPTIONS = RecognitionSettings(
    "qwen-audio-3.0-asr-flash-streaming", 8000, ("zh", "en"), silence_ms=400, threshold=-0.3, semantic=False,
    heartbeat=True, hotwords=(("小云", 4),), context=("会议",),
)  # fmt: skip
REALTIME_OPTIONS = RecognitionSettings(QWEN, 8000, ("zh",), silence_ms=400, threshold=0.0, context=("会议", "纪要"))
PCM = b"\x01\x00\x02\x00"


def fun(recognition: RecognitionSettings | None = None) -> InferenceClient:
    """A fresh client of the inference wire."""
    return InferenceClient(recognition or RecognitionSettings(FUN), counting("task-"))


def qwen(recognition: RecognitionSettings | None = None) -> RealtimeClient:
    """A fresh client of the realtime wire."""
    return RealtimeClient(recognition or RecognitionSettings(QWEN), counting("c"))


def committing() -> list[Message]:
    """What a commit writes; there is none without audio before it."""
    codec = qwen(RecognitionSettings(QWEN, vad=False))
    codec.audio(PCM)
    return [renumbered(message) for message in codec.commit()]


def renumbered(message: Message) -> Message:
    """The message as if it were the codec's first."""
    assert isinstance(message, Text)
    return Text(message.data.replace("event_c2", "event_c1"))


WRITTEN: dict[str, dict[str, list[Message]]] = {
    "inference": {
        "run-task, plain": fun().start(),
        "run-task, all options": fun(INFERENCE_OPTIONS).start(),
        "continue-task": fun().replace_context(("新的",)),
        "finish-task": fun().finish(),
    },
    "realtime": {
        "session.update, plain": qwen().start(),
        "session.update, all options": qwen(REALTIME_OPTIONS).start(),
        "session.update, manual": qwen(RecognitionSettings(QWEN, vad=False)).start(),
        "append": qwen().audio(PCM),
        "commit": committing(),
        "clear": qwen().clear(),
        "session.finish": qwen().finish(),
    },
}

UNDERSTOOD: dict[str, dict[str, Command]] = {
    "inference": {
        "run-task, plain": StartTask(RecognitionSettings(FUN)),
        "run-task, all options": StartTask(INFERENCE_OPTIONS),
        "run-task, official SDK": StartTask(RecognitionSettings(FUN, semantic=False, phrase_id="p")),
        "continue-task": UpdateContext(("新的",)),
        "finish-task": FinishTask(),
    },
    "realtime": {
        "session.update, plain": StartTask(RecognitionSettings(QWEN)),
        "session.update, all options": StartTask(
            RecognitionSettings(QWEN, 8000, ("zh",), silence_ms=400, threshold=0.0, context=("会议\n纪要",))
        ),
        "session.update, manual": StartTask(RecognitionSettings(QWEN, vad=False)),
        "session.update, official SDK": StartTask(
            RecognitionSettings(QWEN, languages=("zh",), silence_ms=400, threshold=0.0, prefix_ms=300, context=("abc",))
        ),
        "session.update, official SDK without parameters": StartTask(RecognitionSettings(QWEN, vad=False)),
        "session.update, nested format": StartTask(RecognitionSettings(QWEN, 8000)),
        "append": SendAudio(PCM),
        "commit": CommitAudio(),
        "clear": ClearAudio(),
        "session.finish": FinishTask(),
    },
}

OPEN = Partial("1", 170, "好，", "我知", (Word("好", 170, 295, "，"), Word("我知", 295, 503)))
DONE = Final("1", 170, 920, "好，我知道了", (Word("好", 170, 295, "，"), Word("我知道了", 295, 920)), "", "neutral")
HEARD: dict[str, dict[str, list[Event]]] = {
    "inference": {
        "task-started": [Ready("task-1")],
        "sentence begins": [SpeechStarted("1", 170)],
        "interim": [OPEN],
        "final": [DONE],
        "final, oldest answers": [Final("at-170", 170, 920, "好")],
        "final with a null end_time": [Final("at-170", 170, 300, "好", (Word("好", 170, 300),))],
        "final with the head of the next": [Final("1", 0, 900, "一"), Partial("2", 900, "", "二")],
        "heartbeat": [],
        "sentence zero": [Final("0", 0, 100, "nobody said this")],  # the service says so
        "another task's result": [Notice("warning", "dropped a sentence of another task: task-0")],
        "unknown event": [Notice("debug", "dropped an unknown event: result-improved")],
        "task-finished": [Finished()],
        "task-finished with a count": [Finished(Usage(25, 686, 50))],
    },
    "realtime": {
        "session.created": [],
        "session.updated": [Ready("sess_1", "zh")],
        "speech_started": [SpeechStarted("item_1", 640)],
        "text": [Partial("item_1", 640, "今天", "天气", (), "zh", "neutral")],
        "speech_stopped": [SpeechStopped("item_1", 1920)],
        "committed": [],
        "item.created": [],
        "completed": [Final("item_1", 640, 1920, "今天天气很好。", (), "zh", "happy")],
        "committed again": [],
        "empty text": [],
        "failed": [Gap(1920, 1920, "the service could not transcribe this: decode_error: could not decode")],
        "error that leaves the session usable": [
            Notice("warning", "the service reports an error: invalid_value: buffer is empty")
        ],
        "cleared": [],
        "unknown event": [Notice("debug", "dropped an unknown event: session.improved")],
        "unknown transcription event": [
            Notice("debug", "dropped an unknown event: conversation.item.input_audio_transcription.improved")
        ],
        "session.finished": [Finished(Usage(2))],
    },
}


def of(table: dict[str, Any]) -> list[tuple[str, str]]:
    """The rows of a table by wire and name."""
    return [(wire, name) for wire, rows in table.items() for name in rows]


@pytest.mark.parametrize(("wire", "name"), of(WRITTEN))
def test_the_client_writes_what_the_reference_shows(wire: str, name: str) -> None:
    """Field by field, nothing more and nothing less."""
    (written,) = WRITTEN[wire][name]
    assert isinstance(written, Text)
    assert json.loads(written.data) == GOLDEN[wire][name]


@pytest.mark.parametrize(("wire", "name"), of(UNDERSTOOD))
def test_the_server_understands_every_client(wire: str, name: str) -> None:
    """Our own client and the official SDK, with its null fields and its own habits."""
    if wire == "inference":
        server: InferenceServer | RealtimeServer = InferenceServer(counting())
        if "run-task" not in name:
            server.receive(Text(json.dumps(GOLDEN[wire]["run-task, plain"])))
    else:
        server = RealtimeServer(counting(), QWEN)
        if "update" not in name:
            server.receive(Text(json.dumps(GOLDEN[wire]["session.update, manual"])))
        if name == "commit":
            server.receive(Text(json.dumps(GOLDEN[wire]["append"])))
    assert server.receive(Text(json.dumps(GOLDEN[wire][name])))[-1] == UNDERSTOOD[wire][name]


def test_the_client_hears_what_the_inference_service_says() -> None:
    """Each recorded answer by itself."""
    for name, events in HEARD["inference"].items():
        assert (name, fun().receive(Text(json.dumps(GOLDEN["inference"][name])))) == (name, events)


def test_the_client_hears_what_the_realtime_service_says() -> None:
    """The recorded session from its first event to its last, by one codec: times travel apart from the text."""
    codec = qwen()
    for name, events in HEARD["realtime"].items():
        assert (name, codec.receive(Text(json.dumps(GOLDEN["realtime"][name])))) == (name, events)
    assert codec.usage == Usage(2)


def test_no_recorded_message_is_left_untested() -> None:
    """A golden message without an expectation would prove nothing."""
    for wire, messages in GOLDEN.items():
        assert set(messages) == set(WRITTEN[wire]) | set(UNDERSTOOD[wire]) | set(HEARD[wire])
