"""The recognizer that replays a script: results at given times, whatever the audio is. For tests.

A script is a list of JSON objects, one per line in a file:

    {"begin_ms": 0, "end_ms": 900, "partials": ["hel", "hello"], "text": "hello there"}

A line may also have "translation": {"fr": "bonjour"}, for clients that ask for a translation into French. A result
becomes final when the audio has reached its `end_ms`; its partials are spread evenly before that. Results that the
audio does not reach come at its end, with their times limited to it. In manual mode each commit takes the next result.
Without a script there is one sentence in each second, with its number as text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.dataclass import dataclass, field
from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import MOST
from asrcli.recognizers.in_process import InProcessRecognizer
from asrcli.recognizers.json_lines import parse_objects, quoted
from asrcli.recognizers.registry import RECOGNIZERS, RecognizerOptions
from asrcli.recognizers.scripted_answers import translations

DEFAULT_MS = 1000  # length of a sentence without a script


@dataclass(frozen=True, slots=True)
class ScriptedResult:
    """One sentence of a script."""

    begin_ms: int
    end_ms: int
    text: str
    partials: tuple[str, ...] = ()
    translations: Mapping[str, str] = field(default_factory=dict)


def parse(lines: Iterable[str], name: str = "script") -> tuple[ScriptedResult, ...]:
    """Return the results in lines of JSON; empty lines are skipped.

    Raises:
        UsageError: a line is not a result; the message has `name`, the number of the line and the wrong field.
    """
    return tuple(parse_objects(lines, name, "a result", _result))


def _result(value: Mapping[str, Any]) -> ScriptedResult:
    for key in ("begin_ms", "end_ms", "text"):
        if key not in value:
            raise ValueError(f"{key} is missing")
    begin_ms, end_ms, text = value["begin_ms"], value["end_ms"], value["text"]
    partials = value.get("partials", [])
    for key, ms, least in (("begin_ms", begin_ms, 0), ("end_ms", end_ms, begin_ms)):
        if isinstance(ms, bool) or not isinstance(ms, int) or not least <= ms <= MOST:
            raise ValueError(f"{key} {quoted(ms)} is not a whole number of milliseconds from {least} on")
    if not isinstance(text, str):
        raise ValueError(f"text {quoted(text)} is not a text")
    if not isinstance(partials, list) or not all(isinstance(partial, str) for partial in partials):
        raise ValueError("partials is not a list of texts")
    return ScriptedResult(begin_ms, end_ms, text, tuple(partials), translations(value))


class ScriptedEngine:
    """An Engine: each of its sessions replays the script from the beginning."""

    def __init__(self, script: tuple[ScriptedResult, ...] | None = None) -> None:
        self._script = script

    def open(self, recognition: RecognitionSettings) -> "ScriptedSession":
        """Begin a session at the first result."""
        return ScriptedSession(recognition, self._script)


def load(options: RecognizerOptions) -> ScriptedEngine:
    """Parse the script of the options, if there is one.

    Raises:
        UsageError: a line of it is not a result.
    """
    return ScriptedEngine(None if options.script is None else parse(options.script, options.script_name))


class Scripted(InProcessRecognizer):
    """The recognizer with results that the caller has parsed or made."""

    def __init__(self, script: tuple[ScriptedResult, ...] | None = None) -> None:
        super().__init__(RECOGNIZERS["scripted"], ScriptedEngine(script))


class ScriptedSession:
    """One replay of a script."""

    def __init__(self, recognition: RecognitionSettings, script: tuple[ScriptedResult, ...] | None = None) -> None:
        self._format = Format(recognition.rate)
        self._vad = recognition.vad
        self._target_language = recognition.translate
        self._results = iter(script) if script is not None else _every_second()
        self._endless = script is None
        self._bytes = self._number = self._committed_ms = 0
        self._next = next(self._results, None)
        self._partials_sent = -1  # of the next result; -1 before it has begun

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Yield the events that are due by now."""
        self._bytes += len(pcm)
        while self._vad and self._next is not None and self._now_ms > self._next.begin_ms:
            yield from self._progress(self._next)
            if self._now_ms < self._next.end_ms:
                return
            yield from self._close(self._next, self._next.end_ms)

    def commit(self) -> Iterator[Event]:
        """Yield the next result, with the times of the audio since the last commit."""
        self._number += 1
        result = self._next or ScriptedResult(0, 0, "")
        begin_ms = self._committed_ms
        self._committed_ms = self._now_ms
        yield Partial(str(self._number), begin_ms, "", result.text)
        yield self._final(result, begin_ms, self._now_ms)
        self._next = next(self._results, None)

    def clear(self) -> None:
        """Begin the next utterance here."""
        self._committed_ms = self._now_ms

    def finish(self) -> Iterator[Event]:
        """Yield the rest of the script; without a script, only the sentence that has begun."""
        while self._vad and self._next is not None and (not self._endless or self._next.begin_ms < self._now_ms):
            yield from self._progress(self._next)
            yield from self._close(self._next, min(self._next.end_ms, max(self._now_ms, self._next.begin_ms)))

    @property
    def _now_ms(self) -> int:
        return self._format.ms(self._bytes // SAMPLE_BYTES)

    def _progress(self, result: ScriptedResult) -> Iterator[Event]:
        if self._partials_sent < 0:
            self._number += 1
            self._partials_sent = 0
            yield SpeechStarted(str(self._number), result.begin_ms)
        every_ms = (result.end_ms - result.begin_ms) / (len(result.partials) + 1)
        while self._partials_sent < len(result.partials) and self._now_ms >= result.begin_ms + every_ms * (
            self._partials_sent + 1
        ):
            yield Partial(str(self._number), result.begin_ms, "", result.partials[self._partials_sent])
            self._partials_sent += 1

    def _close(self, result: ScriptedResult, end_ms: int) -> Iterator[Event]:
        yield SpeechStopped(str(self._number), end_ms)
        yield self._final(result, result.begin_ms, end_ms)
        self._next = next(self._results, None)
        self._partials_sent = -1

    def _final(self, result: ScriptedResult, begin_ms: int, end_ms: int) -> Final:
        final = Final(str(self._number), begin_ms, end_ms, result.text)
        translation = result.translations.get(self._target_language, "")
        if translation:
            return replace(final, translation=translation, translated_into=self._target_language)
        return final


def _every_second() -> Iterator[ScriptedResult]:
    for number in count(1):
        begin_ms = (number - 1) * DEFAULT_MS
        yield ScriptedResult(begin_ms, begin_ms + DEFAULT_MS, f"sentence {number}", (f"sentence {number}",))
