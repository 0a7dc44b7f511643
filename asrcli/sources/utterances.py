"""Finds the ends of utterances when the server does not: at silences that pydub finds in a short window."""

from collections.abc import Iterator
from dataclasses import replace

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.events import Event
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.sources.loudness import is_silent, loudness

SILENCE_MS = 600  # a silence this long ends an utterance
LONG_MS = 45_000  # in a longer utterance a shorter silence is enough
SHORT_SILENCE_MS = 200
LIMIT_MS = 59_000  # the service advises at most 60 s for one commit
BELOW_LOUDEST_DB = 22  # silence is this much quieter than the loudest chunk of the utterance
FLOOR_DBFS = -50.0  # and anything quieter than this is silence


class UtteranceCutter(SourceWrapper):
    """A source around another one whose chunks mark the ends of utterances. Live speech is never delayed for it.

    Args:
        source: Gives the audio.
        silence_ms: How long a silence ends an utterance; None is the default.
        at_silences: Whether silences end one. Otherwise only marks of the source and the limit of the service do.
    """

    def __init__(self, source: Source, silence_ms: int | None = None, *, at_silences: bool = True) -> None:
        super().__init__(source)
        self._silence_ms = silence_ms or SILENCE_MS
        self._at_silences = at_silences

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the chunks of the source; those at the end of an utterance have `cut_after` set."""
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
        """Yield the chunks of a file with a cut before each jump: after a hole another utterance begins.

        Live audio is not held back for that.
        """
        if self.realtime:
            yield from self._source.chunks(start)
            return
        held: Chunk | None = None
        between: list[Event] = []
        for item in self._source.chunks(start):
            if isinstance(item, Chunk):
                if held is not None and item.position != held.end:
                    held = replace(held, cut_after=True)
                if held is not None:
                    yield held
                yield from between
                held = item
                between = []
            else:
                between.append(item)
        if held is not None:
            yield held
        yield from between


class _Utterance:
    """The utterance so far: its length, its loudest level, and its end as a window for pydub."""

    def __init__(self, audio_format: Format, silence_ms: int, *, at_silences: bool) -> None:
        self._format = audio_format
        self._silence_ms = silence_ms
        self._at_silences = at_silences
        self._samples = 0
        self._loudest = FLOOR_DBFS
        self._window = b""  # the last audio, as long as the silence that is searched for

    def ends_with(self, chunk: Chunk) -> bool:
        """Add a chunk. Return True after speech and enough silence, or if the limit leaves no room for more."""
        self._samples += chunk.samples
        if not self._at_silences:
            return self._format.ms(self._samples + chunk.samples) > LIMIT_MS
        self._loudest = max(self._loudest, loudness(chunk.pcm, self._format)[0])
        window_bytes = self._format.samples(self._silence_ms) * SAMPLE_BYTES
        self._window = (self._window + chunk.pcm)[-window_bytes:]
        length_ms = self._format.ms(self._samples)
        if length_ms + self._format.ms(chunk.samples) > LIMIT_MS:
            return True
        threshold = max(FLOOR_DBFS, self._loudest - BELOW_LOUDEST_DB)
        wanted_ms = self._silence_ms
        if length_ms >= LONG_MS:
            wanted_ms = min(wanted_ms, SHORT_SILENCE_MS)
        if length_ms <= wanted_ms or self._loudest < FLOOR_DBFS + BELOW_LOUDEST_DB:
            return False
        wanted_bytes = self._format.samples(wanted_ms) * SAMPLE_BYTES
        return is_silent(self._window[-wanted_bytes:], self._format, threshold)
