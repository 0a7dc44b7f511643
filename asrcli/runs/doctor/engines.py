"""The recognizers on this machine, each heard on a sentence that comes with the program."""

import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from asrcli.core.audio import Format
from asrcli.core.events import Final
from asrcli.core.settings import DEFAULT_MODEL, ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.dashscope.model_selection import find_model
from asrcli.recognizers import registry
from asrcli.recognizers.registry import RecognizerInfo
from asrcli.runs.doctor.finding import Finding, note, ok, wrong
from asrcli.runs.local_service import local_service
from asrcli.runs.plan import make_plan
from asrcli.runs.run import Run
from asrcli.sources.file import FileSource

CLIP = Path(__file__).parent / "clip.ogg"
SAID = "the meeting will begin at nine o'clock in the morning"
ENOUGH = 0.7  # of its words, in a recognizer that is well


def subject(info: RecognizerInfo) -> str:
    """What findings about a recognizer are called."""
    return f"engine {info.name}"


def missing_engines(infos: list[RecognizerInfo], *, needed: bool) -> Iterator[Finding]:
    """Findings about recognizers that are not ready. If none is and one is `needed`, that is wrong."""
    lacking = [(info, missing) for info in infos if (missing := registry.missing(info))]
    judge = note
    if needed and len(lacking) == len(infos):
        judge = wrong
    for info, missing in lacking:
        yield judge(subject(info), missing, info.install_command)


def check_engine(info: RecognizerInfo) -> Iterator[Finding]:
    """Let a recognizer hear the sentence, through a local server as --local does.

    Raises:
        AsrError: it cannot run.
    """
    began = monotonic()
    recognition = RecognitionSettings(DEFAULT_MODEL)
    with local_service(recognition, info) as connection:
        text = transcribed_text(connection, DEFAULT_MODEL, FileSource(str(CLIP), Format(16000)), None, info)
    took_s = monotonic() - began
    words = _words(text)
    said = _words(SAID)
    if len(words & said) >= ENOUGH * len(said):
        yield ok(subject(info), f"{info.heard_by} has understood the test sentence in {took_s:.1f} s")
    elif info.languages is not None and "en" not in info.languages:
        yield ok(subject(info), f"{info.heard_by} runs; the test sentence is English, so its words say nothing")
    else:
        advice = "it runs; expect many errors" if text else "install it again"
        yield note(subject(info), f"{info.heard_by} has understood {text or 'nothing'!r}, not {SAID!r}", advice)


def transcribed_text(
    connection: ConnectionSettings,
    model: str,
    source: FileSource,
    pace: float | None,
    recognizer: RecognizerInfo | None = None,
) -> str:
    """The text of the finals for a source, without a retry.

    Raises:
        AsrError: what ended the run.
    """
    found = find_model(model)
    plan = make_plan(
        found, RecognitionSettings(found.name, found.rate), connection, pace, RetrySettings(0), recognizer=recognizer
    )
    texts: list[str] = []
    for event in Run(plan, []).events([source]):
        if isinstance(event, Final):
            texts.append(event.text)
    return " ".join(texts)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z']+", text.lower()))
