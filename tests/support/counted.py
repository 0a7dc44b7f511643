"""Counted audio, which contains its own position, and the proof that a transcript of it is complete.

For `asr serve --engine counting`; its module tells how the audio is made.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from asrcli.core.audio import Format
from asrcli.core.events import Event, Final, Gap
from asrcli.recognizers.counting import CHUNKS_PER_SECOND, chunk

RATE = 16000
WITHIN_MS = 1  # times are whole milliseconds, rounded once for the task and once within it
_TOKEN = re.compile(r"(\d+)(?:\[(\d+):(\d+)\])?")


def counted(chunks: int, rate: int = RATE, silent: Container[int] = ()) -> bytes:
    """This many tenths of a second; those that are `silent` hold zeros, the others their number."""
    samples = rate // CHUNKS_PER_SECOND
    return b"".join(bytes(2 * samples) if index in silent else chunk(index, samples) for index in range(chunks))


@dataclass(frozen=True, slots=True)
class Span:
    """Samples that a text names, from the first to the one after the last, and when they are said to have been."""

    begin: int
    end: int
    begin_ms: int | None = None
    end_ms: int | None = None


def spans(text: str, rate: int = RATE) -> list[Span]:
    """What a text of the counting engine names.

    Raises:
        ValueError: it holds what is no counted audio.
    """
    return [_span(token, rate) for token in text.split()]


def covered(
    said: Iterable[Event | dict[str, Any]],
    chunks: int,
    rate: int = RATE,
    *,
    silent: Container[int] = (),
    gaps: bool = False,
    again_ms: int = 0,
) -> list[str]:
    """Yield what is wrong with a transcript of `counted(chunks, rate, silent)`; nothing if it is complete.

    Each sample that is not silent must be in one final, in order, and at its time. Events that are neither final nor
    gap are passed over; JSON Lines do as well as events.

    Args:
        said: The transcript.
        chunks: How many there were.
        rate: Samples a second.
        silent: Chunks of zeros, which nobody has to name.
        gaps: Whether a gap counts for what it names; else each is a problem.
        again_ms: This much audio may come twice where one task follows another.
    """
    return list(_Proof(chunks, rate, silent, gaps=gaps, again_ms=again_ms).problems(said))


def uncovered(said: Iterable[Event], chunks: int, silent: Container[int] = ()) -> tuple[list[str], int]:
    """The chunks that no final names, whatever its times, and how many chunks more than one final names whole."""
    finals = [event.text for event in said if isinstance(event, Final)]
    whole = Counter(int(token) for text in finals for token in text.split() if token.isdecimal())
    pieces = {span.begin // (RATE // CHUNKS_PER_SECOND) for text in finals for span in spans(text)}
    missing = [f"{index}: missing" for index in range(chunks) if index not in silent and index not in pieces]
    return missing, sum(count > 1 for count in whole.values())


class _Proof:
    def __init__(self, chunks: int, rate: int, silent: Container[int], *, gaps: bool, again_ms: int) -> None:
        self._format, self._chunks, self._silent, self._gaps = Format(rate), chunks, silent, gaps
        self._whole = rate // CHUNKS_PER_SECOND
        self._again = self._format.samples(again_ms)
        self._at = 0  # everything before is accounted for
        self._rounded = 0  # this many samples after a gap belong to it: it ends in whole milliseconds

    def problems(self, said: Iterable[Event | dict[str, Any]]) -> Iterator[str]:
        for event in said:
            kind, begin_ms, end_ms, text, words = _read(event)
            if kind == "gap":
                yield from self._gap(begin_ms, end_ms)
            if kind == "final":
                yield from self._final(begin_ms, end_ms, text, words)
        yield from self._missing(self._chunks * self._whole)

    def _gap(self, begin_ms: int, end_ms: int) -> Iterator[str]:
        if not self._gaps:
            yield f"gap from {begin_ms} to {end_ms} ms"
        yield from self._missing(self._format.samples(begin_ms))
        self._at, self._rounded = max(self._at, self._format.samples(end_ms)), self._format.samples(WITHIN_MS)

    def _final(self, begin_ms: int, end_ms: int, text: str, words: list[tuple[str, int, int]]) -> Iterator[str]:
        try:
            named = spans(text, self._format.rate)
            timed = [_span(word, self._format.rate, begin_ms, end_ms) for word, begin_ms, end_ms in words]
        except ValueError as exc:
            yield f"final at {begin_ms} ms: {exc}"
            return
        if timed and [(span.begin, span.end) for span in timed] != [(span.begin, span.end) for span in named]:
            yield f"final at {begin_ms} ms: its words are not its text"
        for span in named:
            yield from self._next(span)
        if named:
            timed = [Span(named[0].begin, named[-1].end, begin_ms, end_ms), *timed]
        for span in timed:
            yield from self._times(span)

    def _next(self, span: Span) -> Iterator[str]:
        if span.end > self._chunks * self._whole:
            yield f"{self._name(span.begin, span.end)}: was never sent"
        if span.begin < self._at - self._again:
            yield f"{self._name(span.begin, min(span.end, self._at))}: again"
        yield from self._missing(span.begin)
        self._at = max(self._at, span.end)

    def _missing(self, end: int) -> Iterator[str]:
        """Yield the samples up to a position that are not silent."""
        rounded, self._rounded = self._rounded, 0
        self._at = end if self._at < end <= self._at + rounded else self._at
        while self._at < end:
            border = min(end, (self._at // self._whole + 1) * self._whole)
            if self._at // self._whole not in self._silent:
                yield f"{self._name(self._at, border)}: missing"
            self._at = border

    def _times(self, span: Span) -> Iterator[str]:
        """A manual utterance may hold silence on both sides of what it names."""
        assert span.begin_ms is not None
        assert span.end_ms is not None
        begin, end = self._format.samples(span.begin_ms), self._format.samples(span.end_ms)
        ends = (("begin", span.begin, span.begin_ms, begin, span.begin), ("end", span.end, span.end_ms, span.end, end))
        for what, place, ms, first, behind in ends:
            off_ms = ms - self._format.ms(place)
            if abs(off_ms) > WITHIN_MS and not self._quiet(first, behind):
                yield f"{self._name(span.begin, span.end)}: its {what} is {off_ms:+d} ms off, at {ms} ms"

    def _quiet(self, first: int, behind: int) -> bool:
        """Whether there is something from here to there, all of it silent."""
        chunks = range(first // self._whole, (behind - 1) // self._whole + 1)
        return first < behind and all(index in self._silent for index in chunks)

    def _name(self, begin: int, end: int) -> str:
        first, last = begin // self._whole, (end - 1) // self._whole
        return f"{first}[{begin - first * self._whole}] to {last}[{end - last * self._whole}]"


def _span(token: str, rate: int, begin_ms: int | None = None, end_ms: int | None = None) -> Span:
    match, whole = _TOKEN.fullmatch(token), rate // CHUNKS_PER_SECOND
    if match is None:
        raise ValueError(f"{token} is no counted audio")
    first = int(match[1]) * whole
    begin, end = (first + int(match[2]), first + int(match[3])) if match[2] else (first, first + whole)
    return Span(begin, end, begin_ms, end_ms)


def _read(event: Event | dict[str, Any]) -> tuple[str, int, int, str, list[tuple[str, int, int]]]:
    """Kind, begin, end, text and words of a final or a gap, whatever it is written as."""
    if isinstance(event, Final):
        words = [(word.text, word.begin_ms, word.end_ms) for word in event.words]
        return "final", event.begin_ms, event.end_ms, event.text, words
    if isinstance(event, Gap):
        return "gap", event.begin_ms, event.end_ms, "", []
    if isinstance(event, dict) and event.get("type") in {"final", "gap"}:
        words = [(word["text"], word["begin_ms"], word["end_ms"]) for word in event.get("words", [])]
        return event["type"], event["begin_ms"], event["end_ms"], event.get("text", ""), words
    return "", 0, 0, "", []
