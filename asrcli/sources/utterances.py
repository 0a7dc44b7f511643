"""Where to commit when the server does not cut: at silences found with pydub on a bounded window."""

from collections.abc import Iterator
from dataclasses import replace

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.events import Event
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.sources.loudness import is_silent, segment

SILENCE_MS = 600  # this much quiet ends an utterance
LONG_MS = 45_000  # from here on a shorter pause will do
SHORT_SILENCE_MS = 200
LIMIT_MS = 59_000  # the service advises at most 60 s for one commit
BELOW_LOUDEST_DB = 22  # quieter than the loudest of the utterance by this much is silence
FLOOR_DBFS = -50.0  # and quieter than this is silence in any company


class UtteranceCutter(SourceWrapper):
    """A source whose chunks say where an utterance ends. Speech is never held back for it.

    Without `at_silences` only a chunk that ends one by itself does, and the limit of the service.
    """

    def __init__(self, source: Source, silence_ms: int | None = None, *, at_silences: bool = True) -> None:
        super().__init__(source)
        self._silence_ms, self._at_silences = silence_ms or SILENCE_MS, at_silences

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """The chunks of the source, those at the end of an utterance marked."""
        utterance = _Utterance(self.format, self._silence_ms, at_silences=self._at_silences)
        for chunk in self._before_jumps(start):
            if not isinstance(chunk, Chunk):
                yield chunk
            elif utterance.ends_with(chunk) or chunk.cut_after:
                utterance = _Utterance(self.format, self._silence_ms, at_silences=self._at_silences)
                yield replace(chunk, cut_after=True)
            else:
                yield chunk

    def _before_jumps(self, start: int) -> Iterator[Chunk | Event]:
        """The chunks of a file, a cut before each jump: what stands behind a hole belongs to another utterance.

        What comes as it is spoken is not held back for that.
        """
        if self.realtime:
            yield from self._source.chunks(start)
            return
        held: Chunk | None = None
        between: list[Event] = []
        for item in self._source.chunks(start):
            if isinstance(item, Chunk):
                if held is not None:
                    yield held if item.position == held.end else replace(held, cut_after=True)
                yield from between
                held, between = item, []
            else:
                between.append(item)
        yield from [*([held] if held is not None else []), *between]


class _Utterance:
    """The utterance so far: how long, how loud, and its last moments as a window for pydub."""

    def __init__(self, audio_format: Format, silence_ms: int, *, at_silences: bool) -> None:
        self._format, self._silence_ms, self._at_silences = audio_format, silence_ms, at_silences
        self._samples = 0
        self._loudest = FLOOR_DBFS
        self._window = b""  # as long as the silence that is looked for

    def ends_with(self, chunk: Chunk) -> bool:
        """Take one more chunk; whether there was speech and then enough silence, or there is no room for more."""
        self._samples += chunk.samples
        if not self._at_silences:
            return self._format.ms(self._samples + chunk.samples) > LIMIT_MS
        self._loudest = max(self._loudest, segment(chunk.pcm, self._format).dBFS)
        window_bytes = self._format.samples(self._silence_ms) * SAMPLE_BYTES
        self._window = (self._window + chunk.pcm)[-window_bytes:]
        length_ms = self._format.ms(self._samples)
        if length_ms + self._format.ms(chunk.samples) > LIMIT_MS:
            return True
        threshold = max(FLOOR_DBFS, self._loudest - BELOW_LOUDEST_DB)
        wanted_ms = self._silence_ms if length_ms < LONG_MS else min(self._silence_ms, SHORT_SILENCE_MS)
        if length_ms <= wanted_ms or self._loudest < FLOOR_DBFS + BELOW_LOUDEST_DB:
            return False
        return is_silent(segment(self._window, self._format)[-wanted_ms:], threshold)
