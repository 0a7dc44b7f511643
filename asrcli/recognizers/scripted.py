"""A recognizer that replays a script: results at given times of the audio, whatever the audio holds. For tests.

A script is a list of JSON objects, one per line in a file:

    {"begin_ms": 0, "end_ms": 900, "partials": ["hel", "hello"], "text": "hello there"}

With "translation": {"fr": "bonjour"} beside the text it says that to those who asked for a translation into French.
A result becomes final when the audio has reached its `end_ms`; its partials come evenly before that. Results the audio
does not reach come at its end, with their times cut to it. In manual mode each commit takes the next result. Without a
script there is one sentence a second, which says its number.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from asrcli.core.audio import Format
from asrcli.core.client_commands import Command
from asrcli.core.events import Event, Final, Finished, Partial, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_lines import objects, shown
from asrcli.protocol.json_messages import MOST
from asrcli.recognizers.interface import RecognizerSession, run_command
from asrcli.recognizers.scripted_answers import translations

DEFAULT_MS = 1000
MOST_EVENTS = 256  # that wait for a client


@dataclass(frozen=True, slots=True)
class ScriptedResult:
    """One sentence of a script."""

    begin_ms: int
    end_ms: int
    text: str
    partials: tuple[str, ...] = ()
    translations: Mapping[str, str] = field(default_factory=dict)


def parse(lines: Iterable[str], name: str = "script") -> tuple[ScriptedResult, ...]:
    """The results in lines of JSON; empty ones are passed over.

    Raises:
        UsageError: a line is not a result; it is named by `name` and its number, with the field that is wrong.
    """
    return tuple(objects(lines, name, "a result", _result))


def _result(value: Mapping[str, Any]) -> ScriptedResult:
    for key in ("begin_ms", "end_ms", "text"):
        if key not in value:
            raise ValueError(f"{key} is missing")
    begin_ms, end_ms, text, partials = value["begin_ms"], value["end_ms"], value["text"], value.get("partials", [])
    for key, ms, least in (("begin_ms", begin_ms, 0), ("end_ms", end_ms, begin_ms)):
        if isinstance(ms, bool) or not isinstance(ms, int) or not least <= ms <= MOST:
            raise ValueError(f"{key} {shown(ms)} is not a whole number of milliseconds from {least} on")
    if not isinstance(text, str):
        raise ValueError(f"text {shown(text)} is not a text")
    if not isinstance(partials, list) or not all(isinstance(each, str) for each in partials):
        raise ValueError("partials is not a list of texts")
    return ScriptedResult(begin_ms, end_ms, text, tuple(partials), translations(value))


class Scripted:
    """The Recognizer. It computes nothing, so its sessions live in the server's own process."""

    name = "scripted"
    described = "scripted engine: replays a script, recognizes nothing"
    languages: frozenset[str] | None = None

    def __init__(self, script: tuple[ScriptedResult, ...] | None = None) -> None:
        self._script = script

    def warm(self) -> None:
        """Nothing takes time here."""

    async def open(self, recognition: RecognitionSettings) -> "InProcess":
        """A session that begins the script anew."""
        return InProcess(ScriptedSession(recognition, self._script))

    async def close(self) -> None:
        """Nothing was started."""


class ScriptedSession:
    """One replay."""

    def __init__(self, recognition: RecognitionSettings, script: tuple[ScriptedResult, ...] | None = None) -> None:
        self._format, self._vad, self._into = Format(recognition.rate), recognition.vad, recognition.translate
        self._results = iter(script) if script is not None else _every_second()
        self._endless = script is None
        self._bytes = self._number = self._committed_ms = 0
        self._next = next(self._results, None)
        self._said = -1  # partials of the next result that are out; -1 before it has begun

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Whatever is due by now."""
        self._bytes += len(pcm)
        while self._vad and self._next is not None and self._now_ms >= self._next.begin_ms:
            yield from self._progress(self._next)
            if self._now_ms < self._next.end_ms:
                return
            yield from self._close(self._next, self._next.end_ms)

    def commit(self) -> Iterator[Event]:
        """The next result, over the audio since the last commit."""
        self._number += 1
        result = self._next or ScriptedResult(0, 0, "")
        begin_ms, self._committed_ms = self._committed_ms, self._now_ms
        yield Partial(str(self._number), begin_ms, "", result.text)
        yield self._final(result, begin_ms, self._now_ms)
        self._next = next(self._results, None)

    def clear(self) -> None:
        """Nothing of the audio was kept."""
        self._committed_ms = self._now_ms

    def finish(self) -> Iterator[Event]:
        """The rest of the script; of the endless one only what has begun."""
        while self._vad and self._next is not None and (not self._endless or self._next.begin_ms < self._now_ms):
            yield from self._progress(self._next)
            yield from self._close(self._next, min(self._next.end_ms, max(self._now_ms, self._next.begin_ms)))

    @property
    def _now_ms(self) -> int:
        return self._format.ms(self._bytes // 2)

    def _progress(self, result: ScriptedResult) -> Iterator[Event]:
        if self._said < 0:
            self._number, self._said = self._number + 1, 0
            yield SpeechStarted(str(self._number), result.begin_ms)
        every_ms = (result.end_ms - result.begin_ms) / (len(result.partials) + 1)
        while self._said < len(result.partials) and self._now_ms >= result.begin_ms + every_ms * (self._said + 1):
            yield Partial(str(self._number), result.begin_ms, "", result.partials[self._said])
            self._said += 1

    def _close(self, result: ScriptedResult, end_ms: int) -> Iterator[Event]:
        yield SpeechStopped(str(self._number), end_ms)
        yield self._final(result, result.begin_ms, end_ms)
        self._next, self._said = next(self._results, None), -1

    def _final(self, result: ScriptedResult, begin_ms: int, end_ms: int) -> Final:
        final = Final(str(self._number), begin_ms, end_ms, result.text)
        translation = result.translations.get(self._into, "")
        return replace(final, translation=translation, translated_into=self._into) if translation else final


def _every_second() -> Iterator[ScriptedResult]:
    for number in count(1):
        begin_ms = (number - 1) * DEFAULT_MS
        yield ScriptedResult(begin_ms, begin_ms + DEFAULT_MS, f"sentence {number}", (f"sentence {number}",))


class InProcess:
    """A Stream over a session that costs next to nothing."""

    def __init__(self, session: RecognizerSession) -> None:
        self._session = session
        self._events: asyncio.Queue[Event] = asyncio.Queue(MOST_EVENTS)

    async def ask(self, request: Command) -> None:
        """Answered at once; waits while nobody takes the answers."""
        for event in run_command(self._session, request):
            await self._events.put(event)

    async def events(self) -> AsyncIterator[Event]:
        """What the session said."""
        event: Event | None = None
        while not isinstance(event, Finished):
            event = await self._events.get()
            yield event

    async def close(self) -> None:
        """Nothing to end."""
