"""A recognizer that hears numbers: its transcript is the list of the chunks of audio it was sent. For tests.

Counted audio says of itself where it belongs. Chunk `i` is the tenth of a second that begins at `i` tenths, and its
sample number `o` is, from the highest bit down, o % 4 (2 bits), a figure (13 bits), and a 1, so that none is zero:

    o % 4   figure, all modulo 8192; low and high are i % 8192 and i // 8192
    0       low
    1       o // 4  XOR  low * 2731 + high * 1013 + 77
    2       high    XOR  low * 5021
    3       low * 6151 + high * 3571 + 4097

Any ten samples in a row name their place to the sample, and every other sample is held against what belongs there. The
text says a whole chunk as its number, and a chunk of which only some samples came as `7[800:1600]`; `?[12]` are samples
that are no counted audio. Zeros are silence, which has no text and ends a sentence; else five chunks are one.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.scripted import InProcess

CHUNKS_PER_SECOND = 10
CHUNKS_PER_SENTENCE = 5
PLACEABLE = 10  # samples that name their place wherever they are cut: six of cut groups, four of a whole one
_GROUP = struct.Struct("<4H")
_FIGURE = 8191


def chunk(index: int, samples: int) -> bytes:
    """Chunk number `index`, of so many samples."""
    key = _GROUP.pack(*(figure << 1 for figure in _figures(index)))
    keys = (key * (samples // 4 + 1))[: samples * SAMPLE_BYTES]
    return (_template(samples) ^ int.from_bytes(keys, "little")).to_bytes(len(keys), "little")


@lru_cache(maxsize=8)
def _template(samples: int) -> int:
    """What all chunks of this length have in common."""
    words = ((o % 4) << 14 | (o // 4 << 1 if o % 4 == 1 else 0) | 1 for o in range(samples))
    return int.from_bytes(struct.pack(f"<{samples}H", *words), "little")


def _figures(index: int) -> tuple[int, int, int, int]:
    low, high = index & _FIGURE, index >> 13
    mixed = high ^ low * 5021 & _FIGURE
    return low, low * 2731 + high * 1013 + 77 & _FIGURE, mixed, low * 6151 + high * 3571 + 4097 & _FIGURE


def _place(held: bytes | bytearray, samples: int) -> tuple[int, int] | None:
    """Where the first whole group in these bytes is: how many samples lie before it, and its place in all audio."""
    for before in range(min(PLACEABLE, len(held) // SAMPLE_BYTES) - 3):
        group = _GROUP.unpack_from(held, before * SAMPLE_BYTES)
        if any(word >> 14 != tag or not word & 1 for tag, word in enumerate(group)):
            continue
        low, nth, mixed, check = (word >> 1 & _FIGURE for word in group)
        index = (mixed ^ low * 5021 & _FIGURE) << 13 | low
        expected = _figures(index)
        offset = (nth ^ expected[1]) * 4
        if check == expected[3] and offset + 4 <= samples:
            return before, index * samples + offset
    return None


@dataclass(frozen=True, slots=True)
class CountedPiece:
    """Samples in a row of one kind, none of them across the border of a chunk.

    `place` counts from the first sample of chunk 0; None for silence and for what is no counted audio.
    """

    samples: int
    place: int | None = None
    silent: bool = False


class ChunkDetector:
    """Bytes in, cut anywhere; pieces out."""

    def __init__(self, samples: int) -> None:
        self._samples = samples  # in a chunk
        self._held = bytearray()
        self._next: int | None = None  # the place of the next sample, as long as audio goes on as it began
        self._chunk = -1, b""  # the one that is compared with

    def feed(self, pcm: bytes) -> Iterator[CountedPiece]:
        """What came; a few samples wait until their place is known."""
        self._held += pcm
        return self._pieces(ended=False)

    def rest(self) -> Iterator[CountedPiece]:
        """What still waits."""
        return self._pieces(ended=True)

    def _pieces(self, *, ended: bool) -> Iterator[CountedPiece]:
        while len(self._held) >= SAMPLE_BYTES:
            piece = self._search(ended=ended) if self._next is None else self._follow(self._next)
            if piece is None:
                return
            del self._held[: piece.samples * SAMPLE_BYTES]
            if piece.samples:
                yield piece

    def _follow(self, place: int) -> CountedPiece:
        """What goes on as it should; no samples, and another search, where it does not."""
        wanted = self._expected(place, min(len(self._held) // SAMPLE_BYTES, self._samples - place % self._samples))
        samples = len(wanted) // SAMPLE_BYTES
        if not self._held.startswith(wanted):
            samples = _alike(self._held, wanted)
        self._next = place + samples if samples * SAMPLE_BYTES == len(wanted) else None
        return CountedPiece(samples, place)

    def _search(self, *, ended: bool) -> CountedPiece | None:
        zeros = (len(self._held) - len(self._held.lstrip(b"\0"))) // SAMPLE_BYTES
        if zeros:
            return CountedPiece(zeros, silent=True)
        if len(self._held) < PLACEABLE * SAMPLE_BYTES and not ended:
            return None
        found = _place(self._held, self._samples)
        if found is None:
            return CountedPiece(1)
        before, place = found
        if before and not self._belongs(before, place - before):
            return CountedPiece(before)
        self._next = place - before
        return CountedPiece(0)

    def _belongs(self, samples: int, place: int) -> bool:
        """Whether what comes first is what should stand there."""
        head = min(samples, -place % self._samples)  # the border of a chunk may lie in it
        wanted = self._expected(place, head) + self._expected(place + head, samples - head) if place >= 0 else b""
        return bool(wanted) and self._held.startswith(wanted)

    def _expected(self, place: int, samples: int) -> bytes:
        """Audio of one chunk."""
        index, offset = divmod(place, self._samples)
        if self._chunk[0] != index:
            self._chunk = index, chunk(index, self._samples)
        return self._chunk[1][offset * SAMPLE_BYTES : (offset + samples) * SAMPLE_BYTES]


def _alike(one: bytes | bytearray, other: bytes) -> int:
    """How many samples from the first on are the same; they are not all."""
    least, most = 0, len(other) // SAMPLE_BYTES
    while most - least > 1:
        half = (least + most) // 2
        least, most = (half, most) if one.startswith(other[: half * SAMPLE_BYTES]) else (least, half)
    return least


@dataclass(slots=True)
class CountedChunk:
    """A chunk, or what came of it, in the sentence; `at` is its first sample in the task."""

    index: int | None
    begin: int
    samples: int
    at: int

    def text(self, whole: int) -> str:
        """As the transcript says it."""
        if self.index is None:
            return f"?[{self.samples}]"
        part = "" if self.samples == whole else f"[{self.begin}:{self.begin + self.samples}]"
        return f"{self.index}{part}"


class Counting:
    """The Recognizer. It computes next to nothing, so its sessions live in the server's own process."""

    name = "counting"
    described = "counting engine: tells which chunks of counted audio it heard, recognizes nothing"
    languages: frozenset[str] | None = None

    def __init__(self, chunks_per_sentence: int = CHUNKS_PER_SENTENCE) -> None:
        self._chunks_per_sentence = chunks_per_sentence

    def warm(self) -> None:
        """Nothing takes time here."""

    async def open(self, recognition: RecognitionSettings) -> InProcess:
        """A session that has heard nothing."""
        return InProcess(CountingSession(recognition, self._chunks_per_sentence))

    async def close(self) -> None:
        """Nothing was started."""


class CountingSession:
    """One task."""

    def __init__(self, recognition: RecognitionSettings, chunks_per_sentence: int = CHUNKS_PER_SENTENCE) -> None:
        self._format, self._vad, self._most = Format(recognition.rate), recognition.vad, chunks_per_sentence
        self._whole = max(PLACEABLE, recognition.rate // CHUNKS_PER_SECOND)
        self._ear = ChunkDetector(self._whole)
        self._heard: list[CountedChunk] = []  # the open sentence, or what was not committed
        self._now = self._committed = self._number = 0

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """The chunks that are whole by now."""
        for piece in self._ear.feed(pcm):
            yield from self._take(piece)

    def commit(self) -> Iterator[Event]:
        """All chunks since the last commit."""
        self._number += 1
        begin_ms, end_ms = self._format.ms(self._committed), self._format.ms(self._now)
        if self._heard:
            yield self._partial(begin_ms)
        yield Final(str(self._number), begin_ms, end_ms, self._text(), self._words())
        self._committed = self._now
        self._heard.clear()

    def clear(self) -> None:
        """Forget the chunks since the last commit."""
        self._now += sum(piece.samples for piece in self._ear.rest())
        self._committed = self._now
        self._heard.clear()

    def finish(self) -> Iterator[Event]:
        """The open sentence; what was not committed has no text."""
        for piece in self._ear.rest():
            yield from self._take(piece)
        yield from self._end()

    def _take(self, piece: CountedPiece) -> Iterator[Event]:
        at, self._now = self._now, self._now + piece.samples
        if piece.silent:
            yield from self._end(at)
            return
        if self._vad and not self._heard:
            self._number += 1
            yield SpeechStarted(str(self._number), self._format.ms(at))
        if self._add(piece, at) and self._vad:
            yield self._partial(self._format.ms(self._heard[0].at))
            if len(self._heard) >= self._most:
                yield from self._end()

    def _add(self, piece: CountedPiece, at: int) -> bool:
        """Put it to what was heard of its chunk, or begin another; whether the chunk has come to its end."""
        index, begin = (None, 0) if piece.place is None else divmod(piece.place, self._whole)
        last = self._heard[-1] if self._heard else None
        goes_on = last is not None and last.index == index and last.at + last.samples == at
        if last is not None and goes_on and (last.samples < self._whole if index is None else self._meets(last, begin)):
            last.samples += piece.samples
        else:
            self._heard.append(last := CountedChunk(index, begin, piece.samples, at))
        return last.begin + last.samples >= self._whole

    @staticmethod
    def _meets(last: CountedChunk, begin: int) -> bool:
        return last.begin + last.samples == begin

    def _end(self, at: int | None = None) -> Iterator[Event]:
        if not self._vad or not self._heard:
            return
        key, end_ms = str(self._number), self._format.ms(self._now if at is None else at)
        yield SpeechStopped(key, end_ms)
        yield Final(key, self._format.ms(self._heard[0].at), end_ms, self._text(), self._words())
        self._heard.clear()

    def _partial(self, begin_ms: int) -> Partial:
        """The last chunk counts as unsettled, for whoever shows that."""
        text, last = self._text(), self._heard[-1].text(self._whole)
        settled = text[: -len(last)].rstrip()
        return Partial(str(self._number), begin_ms, settled, text[len(settled) :], self._words())

    def _text(self) -> str:
        return " ".join(heard.text(self._whole) for heard in self._heard)

    def _words(self) -> tuple[Word, ...]:
        ms = self._format.ms
        return tuple(Word(h.text(self._whole), ms(h.at), ms(h.at + h.samples)) for h in self._heard)
