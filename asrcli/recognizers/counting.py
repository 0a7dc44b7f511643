"""The counting recognizer: its transcript is the list of the chunks of audio that it received. For tests.

Counted audio is made so that it contains its own position. Chunk `i` is the tenth of a second that begins at `i`
tenths. Its sample number `o` has, from the highest bit down, o % 4 (2 bits), a figure (13 bits), and a 1, so that no
sample is zero:

    o % 4   figure, all modulo 8192; low and high are i % 8192 and i // 8192
    0       low
    1       o // 4  XOR  low * 2731 + high * 1013 + 77
    2       high    XOR  low * 5021
    3       low * 6151 + high * 3571 + 4097

Any ten samples in a row give their exact position, and every other sample is compared with the expected one. In the
text a whole chunk is its number, and a chunk of which only some samples came is `7[800:1600]`; `?[12]` stands for 12
samples that are not counted audio. Zeros are silence, which has no text and ends a sentence; otherwise five chunks are
one sentence.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.dataclass import dataclass
from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.in_process import InProcessRecognizer
from asrcli.recognizers.registry import RECOGNIZERS, RecognizerOptions

CHUNKS_PER_SECOND = 10
CHUNKS_PER_SENTENCE = 5
PLACEABLE = 10  # samples that give their position wherever they are cut: six of cut groups, four of a whole one
_GROUP = struct.Struct("<4H")
_FIGURE = 8191


def chunk(index: int, samples: int) -> bytes:
    """Return chunk number `index` of counted audio, with this many samples."""
    key = _GROUP.pack(*(figure << 1 for figure in _figures(index)))
    keys = (key * (samples // 4 + 1))[: samples * SAMPLE_BYTES]
    return (_template(samples) ^ int.from_bytes(keys, "little")).to_bytes(len(keys), "little")


@lru_cache(maxsize=8)
def _template(samples: int) -> int:
    """Return the bits that all chunks of this length have in common."""
    words = ((o % 4) << 14 | (o // 4 << 1 if o % 4 == 1 else 0) | 1 for o in range(samples))
    return int.from_bytes(struct.pack(f"<{samples}H", *words), "little")


def _figures(index: int) -> tuple[int, int, int, int]:
    low, high = index & _FIGURE, index >> 13
    mixed = high ^ low * 5021 & _FIGURE
    return low, low * 2731 + high * 1013 + 77 & _FIGURE, mixed, low * 6151 + high * 3571 + 4097 & _FIGURE


def _place(held: bytes | bytearray, samples: int) -> tuple[int, int] | None:
    """Find the first whole group in these bytes; returns the samples before it and its position in all audio."""
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
    """Samples of one kind in a row, within one chunk.

    `place` counts from the first sample of chunk 0; None for silence and for samples that are not counted audio.
    """

    samples: int
    place: int | None = None
    silent: bool = False


class ChunkDetector:
    """Finds pieces of counted audio in a stream of bytes that may be cut anywhere."""

    def __init__(self, samples: int) -> None:
        self._samples = samples  # in a chunk
        self._held = bytearray()
        self._next: int | None = None  # the position of the next sample, as long as the audio continues as expected
        self._chunk = -1, b""  # index and bytes of the chunk that samples are compared with

    def feed(self, pcm: bytes) -> Iterator[CountedPiece]:
        """Take bytes; yields pieces. A few samples wait until their position is known."""
        self._held += pcm
        return self._pieces(ended=False)

    def rest(self) -> Iterator[CountedPiece]:
        """Yield the samples that still wait, at the end of the audio."""
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
        """Return the samples that continue as expected; none, and a new search, when they do not."""
        wanted = self._expected(place, min(len(self._held) // SAMPLE_BYTES, self._samples - place % self._samples))
        samples = len(wanted) // SAMPLE_BYTES
        if not self._held.startswith(wanted):
            samples = _alike(self._held, wanted)
        self._next = None
        if samples * SAMPLE_BYTES == len(wanted):
            self._next = place + samples
        return CountedPiece(samples, place)

    def _search(self, *, ended: bool) -> CountedPiece | None:
        zeros = (len(self._held) - len(self._held.lstrip(b"\0"))) // SAMPLE_BYTES
        if zeros:
            return CountedPiece(zeros, silent=True)
        if len(self._held) < PLACEABLE * SAMPLE_BYTES and not ended:
            return None
        position = _place(self._held, self._samples)
        if position is None:
            return CountedPiece(1)
        before, place = position
        if before and not self._belongs(before, place - before):
            return CountedPiece(before)
        self._next = place - before
        return CountedPiece(0)

    def _belongs(self, samples: int, place: int) -> bool:
        """Return whether the first samples are those expected at `place`."""
        head = min(samples, -place % self._samples)  # the border of a chunk may lie in it
        if place < 0:
            return False
        expected = self._expected(place, head) + self._expected(place + head, samples - head)
        return bool(expected) and self._held.startswith(expected)

    def _expected(self, place: int, samples: int) -> bytes:
        """Return counted audio from `place` on, within one chunk."""
        index, offset = divmod(place, self._samples)
        if self._chunk[0] != index:
            self._chunk = index, chunk(index, self._samples)
        return self._chunk[1][offset * SAMPLE_BYTES : (offset + samples) * SAMPLE_BYTES]


def _alike(one: bytes | bytearray, other: bytes) -> int:
    """Return how many samples at the beginning are the same; the caller knows that not all are."""
    least, most = 0, len(other) // SAMPLE_BYTES
    while most - least > 1:
        half = (least + most) // 2
        if one.startswith(other[: half * SAMPLE_BYTES]):
            least = half
        else:
            most = half
    return least


@dataclass(slots=True)
class CountedChunk:
    """A chunk of the sentence, or the part of it that came; `at` is its first sample, counted in the task."""

    index: int | None
    begin: int
    samples: int
    at: int

    def text(self, whole: int) -> str:
        """Return the chunk as text; `whole` is the samples of a whole chunk."""
        if self.index is None:
            return f"?[{self.samples}]"
        part = "" if self.samples == whole else f"[{self.begin}:{self.begin + self.samples}]"
        return f"{self.index}{part}"


class CountingEngine:
    """An Engine of counting sessions."""

    def __init__(self, chunks_per_sentence: int = CHUNKS_PER_SENTENCE) -> None:
        self._chunks_per_sentence = chunks_per_sentence

    def open(self, recognition: RecognitionSettings) -> "CountingSession":
        """Begin a session."""
        return CountingSession(recognition, self._chunks_per_sentence)


def load(options: RecognizerOptions) -> CountingEngine:
    """Return the engine; it reads no option."""
    del options
    return CountingEngine()


class Counting(InProcessRecognizer):
    """The recognizer with sentences of a length that the caller chooses."""

    def __init__(self, chunks_per_sentence: int = CHUNKS_PER_SENTENCE) -> None:
        super().__init__(RECOGNIZERS["counting"], CountingEngine(chunks_per_sentence))


class CountingSession:
    """One task of the counting recognizer."""

    def __init__(self, recognition: RecognitionSettings, chunks_per_sentence: int = CHUNKS_PER_SENTENCE) -> None:
        self._format = Format(recognition.rate)
        self._vad = recognition.vad
        self._max_chunks = chunks_per_sentence
        self._whole = max(PLACEABLE, recognition.rate // CHUNKS_PER_SECOND)
        self._detector = ChunkDetector(self._whole)
        self._chunks: list[CountedChunk] = []  # of the open sentence, or since the last commit
        self._now = self._committed = self._number = 0

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Take audio; in VAD mode a partial follows each whole chunk."""
        for piece in self._detector.feed(pcm):
            yield from self._take(piece)

    def commit(self) -> Iterator[Event]:
        """Yield a partial and the final of all chunks since the last commit."""
        self._number += 1
        begin_ms, end_ms = self._format.ms(self._committed), self._format.ms(self._now)
        if self._chunks:
            yield self._partial(begin_ms)
        yield Final(str(self._number), begin_ms, end_ms, self._text(), self._words())
        self._committed = self._now
        self._chunks.clear()

    def clear(self) -> None:
        """Forget the chunks since the last commit."""
        self._now += sum(piece.samples for piece in self._detector.rest())
        self._committed = self._now
        self._chunks.clear()

    def finish(self) -> Iterator[Event]:
        """End the open sentence; in manual mode, chunks that were not committed have no result."""
        for piece in self._detector.rest():
            yield from self._take(piece)
        yield from self._end()

    def _take(self, piece: CountedPiece) -> Iterator[Event]:
        at = self._now
        self._now += piece.samples
        if piece.silent:
            yield from self._end(at)
            return
        if self._vad and not self._chunks:
            self._number += 1
            yield SpeechStarted(str(self._number), self._format.ms(at))
        if self._add(piece, at) and self._vad:
            yield self._partial(self._format.ms(self._chunks[0].at))
            if len(self._chunks) >= self._max_chunks:
                yield from self._end()

    def _add(self, piece: CountedPiece, at: int) -> bool:
        """Add a piece to the last chunk, or begin another; returns whether that chunk has come to its end."""
        index: int | None = None
        begin = 0
        if piece.place is not None:
            index, begin = divmod(piece.place, self._whole)
        last = self._chunks[-1] if self._chunks else None
        if last is not None and last.index == index and last.at + last.samples == at and self._fits(last, begin):
            last.samples += piece.samples
        else:
            self._chunks.append(last := CountedChunk(index, begin, piece.samples, at))
        return last.begin + last.samples >= self._whole

    def _fits(self, last: CountedChunk, begin: int) -> bool:
        if last.index is None:
            return last.samples < self._whole
        return last.begin + last.samples == begin

    def _end(self, at: int | None = None) -> Iterator[Event]:
        if not self._vad or not self._chunks:
            return
        key = str(self._number)
        end_ms = self._format.ms(self._now if at is None else at)
        yield SpeechStopped(key, end_ms)
        yield Final(key, self._format.ms(self._chunks[0].at), end_ms, self._text(), self._words())
        self._chunks.clear()

    def _partial(self, begin_ms: int) -> Partial:
        """Return the open sentence; its last chunk counts as unsettled."""
        text = self._text()
        last = self._chunks[-1].text(self._whole)
        settled = text[: -len(last)].rstrip()
        return Partial(str(self._number), begin_ms, settled, text[len(settled) :], self._words())

    def _text(self) -> str:
        return " ".join(chunk.text(self._whole) for chunk in self._chunks)

    def _words(self) -> tuple[Word, ...]:
        ms = self._format.ms
        return tuple(
            Word(chunk.text(self._whole), ms(chunk.at), ms(chunk.at + chunk.samples)) for chunk in self._chunks
        )
