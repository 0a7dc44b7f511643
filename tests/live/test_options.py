"""The options of a model, from the real command to a real server: every one of every model, once on the wire."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asrcli.core.client_commands import Command, UpdateContext
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.protocol.omni.session_config import BACKGROUND
from asrcli.protocol.registry import OMNI
from asrcli.recognizers.in_process import InProcessStream
from asrcli.recognizers.scripted import Scripted, ScriptedSession
from asrcli.server.local_server import in_background
from tests.support.command import asr
from tests.support.tone import tone, wav

# field -> what the user writes, and what the server should understand
WRITTEN: Mapping[str, tuple[tuple[str, ...], Any]] = {
    "languages": (("--language", "zh"), ("zh",)),
    "silence_ms": (("--silence-ms", "400"), 400),
    "threshold": (("--noise-threshold", "-0.5"), -0.5),
    "prefix_ms": (("--prefix-padding-ms", "300"), 300),
    "vad_model": (("--vad-model", "near_meeting_16k"), "near_meeting_16k"),
    "multi_threshold": (("--multi-threshold",), True),
    "heartbeat": (("--no-heartbeat",), False),
    "itn": (("--no-itn",), False),
    "punctuation": (("--no-punctuation",), False),
    "disfluency": (("--disfluency",), True),
    "keep_dialect": (("--keep-dialect",), True),
    "interim": (("--no-interim",), False),
    "translate": (("--translate", "en"), "en"),
    "transcription": (("--translation-only",), False),
    "hotwords": (("--hotwords", "梯度:5，Kubernetes"), (("梯度", 5), ("Kubernetes", 4))),
    "vocabulary_id": (("--vocabulary-id", "vocab-x"), "vocab-x"),
    "phrase_id": (("--phrase-id", "p-1"), "p-1"),
    "context": (("--context", "Ada", "--context", "Grace"), ("Ada\nGrace",)),
    "masked": (("--filter-words", "damn,blast"), ("damn", "blast")),
    "dropped": (("--drop-words", "嗯、呃"), ("嗯", "呃")),
    "system_filter": (("--system-filter",), True),
    "prompt": (("--prompt", "Write it down."), "Write it down."),
    "side_transcript": (("--side-transcript",), True),
    "temperature": (("--temperature", "0.5"), 0.5),
    "top_p": (("--top-p", "0.5"), 0.5),
    "top_k": (("--top-k", "5"), 5),
    "max_tokens": (("--max-tokens", "100"), 100),
    "seed": (("--seed", "7"), 7),
}
APART = {"semantic", "vad", "extra"}  # against others, or with no name of its own: tests of their own


class Overheard(Scripted):
    """A recognizer that remembers what it was asked, and the contexts it was given in the middle of a task."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[RecognitionSettings] = []
        self.contexts: list[tuple[str, ...]] = []

    async def open(self, recognition: RecognitionSettings) -> InProcessStream:
        """As a scripted one."""
        self.asked.append(recognition)
        return Attentive(ScriptedSession(recognition), self.contexts)


class Attentive(InProcessStream):
    """A stream that writes contexts down."""

    def __init__(self, session: ScriptedSession, contexts: list[tuple[str, ...]]) -> None:
        super().__init__(session)
        self._contexts = contexts

    async def send(self, command: Command) -> None:
        """As any other."""
        if isinstance(command, UpdateContext):
            self._contexts.append(command.texts)
        await super().send(command)


@pytest.fixture
def overheard() -> Iterator[tuple[str, Overheard]]:
    """A server, and what it is asked."""
    recognizer = Overheard()
    with in_background(recognizer) as address:
        yield address, recognizer


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second of sound."""
    return wav(tmp_path / "clip.wav", tone(1000))


@pytest.mark.parametrize("name", MODELS)
def test_every_option_of_every_model_reaches_the_server(
    name: str, overheard: tuple[str, Overheard], clip: Path
) -> None:
    """All at once, where none is against another."""
    (address, server), model = overheard, MODELS[name]
    fields = sorted(model.takes - APART)
    options = [word for field in fields for word in WRITTEN[field][0]]
    options += ["--force"] if model.one_sentence else []
    done = asr("file", clip, "--model", name, *options, "--url", address, "--pace", "max", "-f", "jsonl")
    assert (done.returncode, done.stderr.count("internal error")) == (0, 0), done.stderr
    wanted = replace(RecognitionSettings(name, model.rate), **{field: WRITTEN[field][1] for field in fields})
    if model.wire == OMNI:  # there context is a part of the prompt
        prompt = f"{wanted.prompt}\n\n{BACKGROUND}\n{wanted.context[0]}"
        wanted = replace(wanted, prompt=prompt, context=())
    assert server.asked == [wanted]
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()][-1] == "end"


@pytest.mark.parametrize(
    ("name", "options", "wanted"),
    [
        ("fun-asr-realtime", ["--semantic"], {"semantic": True, "heartbeat": True}),
        ("fun-asr-realtime", ["--no-semantic"], {"semantic": False, "heartbeat": True}),
        ("qwen3-asr-flash-realtime", ["--no-vad"], {"vad": False}),
        ("qwen-audio-3.1-asr-flash-message", [], {"heartbeat": True, "interim": True}),
        ("fun-asr-realtime", ["--force", "--itn"], {"itn": True, "heartbeat": True}),
        ("fun-asr-realtime", ["--param", "max_sentence_silence=777"], {"silence_ms": 777, "heartbeat": True}),
        (
            "some-model-of-next-year",
            ["--hotwords", "a:1"],
            {"hotwords": (("a", 1),), "heartbeat": True},
        ),
    ],
)
def test_what_is_against_others_reaches_it_alone(
    overheard: tuple[str, Overheard], clip: Path, name: str, options: list[str], wanted: Mapping[str, Any]
) -> None:
    """Also what is forced, what has no option, and what is asked of a model that nobody knows."""
    address, server = overheard
    done = asr("file", clip, "--model", name, *options, "--url", address, "--pace", "max")
    assert done.returncode == 0, done.stderr
    assert server.asked == [replace(RecognitionSettings(name), **wanted)]


def test_context_that_does_not_fit_is_cut_with_a_word_on_it(overheard: tuple[str, Overheard], tmp_path: Path) -> None:
    """From a file; the beginning goes out."""
    address, server = overheard
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"name number {number}" for number in range(200)), encoding="utf-8")
    clip = wav(tmp_path / "clip.wav", tone(1000))
    done = asr("file", clip, "--context", f"@{names}", "--url", address, "--pace", "max")
    assert done.returncode == 0
    assert "characters fit (5 messages of 400); left out from “name number " in done.stderr
    (asked,) = server.asked
    assert [text.splitlines()[0] for text in asked.context][:1] == ["name number 0"]
    assert len(asked.context) == 5


def test_the_last_sentences_are_context_for_the_next(overheard: tuple[str, Overheard], tmp_path: Path) -> None:
    """Sent while the task runs; only to models that take it."""
    address, server = overheard
    clip = wav(tmp_path / "clip.wav", tone(3000))
    remembering = ["--context-from-transcript", "--context", "Ada"]
    done = asr("file", clip, *remembering, "--url", address, "--pace", "2")
    assert done.returncode == 0, done.stderr
    assert server.asked[0].context == ("Ada",)
    assert server.contexts[0] == ("Ada", "sentence 1")
    refused = asr("file", clip, *remembering, "--url", address, "--model", "qwen3-asr-flash-realtime")
    assert (refused.returncode, "models that take it: qwen-audio-3.1" in refused.stderr) == (2, True)


def test_the_tables_miss_nothing() -> None:
    """Each field that a model takes is written down here."""
    assert {field for model in MODELS.values() for field in model.takes} == WRITTEN.keys() | APART
