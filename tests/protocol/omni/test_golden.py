"""Both ends of the Omni wire against recorded forms of every message of its references and of the official SDK."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask, SendAudio, StartTask
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Ready, SpeechStarted, SpeechStopped, Usage
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.omni.codec import DEFAULT_PROMPT, OmniClient, OmniServer, SideContext
from tests.support.omni import OMNI
from tests.support.pair import counting

GOLDEN = json.loads(Path(__file__).parent.with_name("golden").joinpath("omni.json").read_text("utf-8"))
PROMPT = "Write down what is said."
PLAIN = RecognitionSettings(OMNI, prompt=PROMPT)
OPTIONS = RecognitionSettings(
    OMNI, prompt=PROMPT, context=("会议", "纪要"), side_transcript=True, semantic=True, threshold=0.3, silence_ms=400,
    prefix_ms=300, temperature=0.0, top_p=0.8, top_k=1, max_tokens=2048, seed=7, extra=(("presence_penalty", 0.5),),
)  # fmt: skip
PCM = b"\x01\x00\x02\x00"


def omni_client(recognition: RecognitionSettings = PLAIN) -> OmniClient:
    """A fresh client."""
    return OmniClient(recognition, counting("c"))


def asking() -> list[Message]:
    """What ends a turn in manual mode, after its audio."""
    codec = omni_client(replace(PLAIN, vad=False))
    codec.audio(PCM)
    return codec.commit()


WRITTEN: dict[str, Message] = {
    "session.update, plain": omni_client().start()[0],
    "session.update, all options": omni_client(OPTIONS).start()[0],
    "session.update, manual": omni_client(replace(PLAIN, vad=False, side_transcript=False)).start()[0],
    "session.update, 3.5": omni_client(replace(PLAIN, model="qwen3.5-omni-plus-realtime")).start()[0],
    "session.update, 3.8": omni_client(replace(PLAIN, model="qwen3.8-omni-flash-realtime")).start()[0],
    "append": omni_client().audio(PCM)[0],
    "commit": asking()[0],
    "response.create": asking()[1],
    "clear": omni_client().clear()[0],
    "session.finish": omni_client().finish()[0],
}
UNDERSTOOD: dict[str, Command] = {
    "session.update, plain": StartTask(PLAIN),
    "session.update, all options": StartTask(
        replace(
            OPTIONS, prompt=f"{PROMPT}\n\nBackground that the speaker may mention:\n会议\n纪要", context=(), extra=()
        )
    ),
    "session.update, manual": StartTask(replace(PLAIN, vad=False)),
    "session.update, 3.5": StartTask(PLAIN),
    "session.update, 3.8": StartTask(PLAIN),
    "session.update, official SDK": StartTask(replace(PLAIN, threshold=0.2, silence_ms=800, prefix_ms=300)),
    "session.update, official SDK with a nested format": StartTask(RecognitionSettings(OMNI, vad=False)),
    "append": SendAudio(PCM),
    "commit": CommitAudio(),
    "clear": ClearAudio(),
    "session.finish": FinishTask(),
    **{
        name: SideContext((), GOLDEN[name]["type"], GOLDEN[name])
        for name in ("response.create", "response.create, official SDK", "response.cancel", "conversation.item.create")
    },
}
SO_FAR = Partial("item_1", 640, "", "今天天气", (), "zh", "neutral")
WHOLE = replace(SO_FAR, unsettled="今天天气很好。")
DONE = Final("item_1", 640, 1920, "今天天气很好。", (), "zh", "happy", heard="今天天气很好")
CUT = "the service has not answered this to its end: max_output_tokens"
HEARD: dict[str, list[Event]] = {
    "session.created": [],
    "session.updated": [Ready("sess_1")],
    "speech_started": [SpeechStarted("item_1", 640)],
    "side transcript": [SO_FAR],
    "speech_stopped": [SpeechStopped("item_1", 1920)],
    "committed": [],
    "item.created": [],
    "response.created": [],
    "response.output_item.added": [],
    "item.created, of the answer": [],
    "response.content_part.added": [],
    "response.text.delta": [SO_FAR],
    "response.text.delta, the next": [WHOLE],
    "response.text.done": [],
    "response.content_part.done": [],
    "response.output_item.done": [],
    "response.done": [],
    "side transcript, whole": [DONE],
    "next committed": [],
    "side transcript, failed": [],
    "next response.created": [],
    "response.audio_transcript.delta": [Partial("item_3", 1920, "", "明天")],
    "response.audio.delta": [],
    "response.audio_transcript.done": [],
    "response.done, cut short": [Notice("warning", CUT), Final("item_3", 1920, 3000, "明天")],
    "error that leaves the session usable": [
        Notice("warning", "the service reports an error: invalid_value: buffer is empty")
    ],
    "cleared": [],
    "unknown event": [Notice("debug", "dropped an unknown event: response.improved")],
    "session.finished": [Finished(Usage(None, 106, 8, 26))],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_client_writes_what_the_reference_shows(name: str) -> None:
    """Field by field, nothing more and nothing less."""
    written = WRITTEN[name]
    assert isinstance(written, Text)
    assert json.loads(written.data) == GOLDEN[name]


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_the_server_understands_every_client(name: str) -> None:
    """Our own and the official SDK, with its null fields and its own habits."""
    server = OmniServer(counting(), OMNI)
    if "session.update" not in name:
        server.receive(Text(json.dumps(GOLDEN["session.update, manual"])))
    if name == "commit":
        server.receive(Text(json.dumps(GOLDEN["append"])))
    assert server.receive(Text(json.dumps(GOLDEN[name])))[-1] == UNDERSTOOD[name]


def test_the_client_hears_what_the_service_says() -> None:
    """The recorded session from its first event to its last, by one codec: two turns, each with its answer."""
    codec = omni_client(replace(PLAIN, side_transcript=True))
    codec.audio(bytes(96000))
    for name, events in HEARD.items():
        assert (name, codec.receive(Text(json.dumps(GOLDEN[name])))) == (name, events)


def test_without_a_prompt_the_client_brings_its_own() -> None:
    """A recognizer that nobody told what to do still writes down what is said."""
    (start,) = omni_client(RecognitionSettings(OMNI)).start()
    assert isinstance(start, Text)
    assert json.loads(start.data)["session"]["instructions"] == DEFAULT_PROMPT


def test_no_recorded_message_is_left_untested() -> None:
    """A golden message without an expectation would prove nothing."""
    assert set(GOLDEN) == set(WRITTEN) | set(UNDERSTOOD) | set(HEARD)
