"""Where to commit when the server does not cut: at silences found with pydub on a bounded window."""

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

from asrcli.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.events import Notice
from asrcli.seams import Source

SILENCE_MS = 600  # this much quiet ends an utterance
LONG_MS = 45_000  # from here on a shorter pause will do
SHORT_SILENCE_MS = 200
LIMIT_MS = 59_000  # the service advises at most 60 s for one commit
BELOW_LOUDEST_DB = 22  # quieter than the loudest of the utterance by this much is silence
FLOOR_DBFS = -50.0  # and quieter than this is silence in any company


class Utterances:
    """A source whose chunks say where an utterance ends. Speech is never held back for it."""

    def __init__(self, source: Source, silence_ms: int | None = None) -> None:
        self._source = source
        self._silence_ms = silence_ms or SILENCE_MS
        self.name, self.format = source.name, source.format

    @property
    def duration_ms(self) -> int | None:
        """As long as the source."""
        return self._source.duration_ms

    def chunks(self, start: int) -> Iterator[Chunk | Notice]:
        """The chunks of the source, those at the end of an utterance marked."""
        utterance = _Utterance(self.format, self._silence_ms)
        for chunk in self._source.chunks(start):
            if isinstance(chunk, Notice):
                yield chunk
            elif utterance.ends_with(chunk):
                utterance = _Utterance(self.format, self._silence_ms)
                yield Chunk(chunk.position, chunk.pcm, cut_after=True)
            else:
                yield chunk


class _Utterance:
    """The utterance so far: how long, how loud, and its last moments as a window for pydub."""

    def __init__(self, audio_format: Format, silence_ms: int) -> None:
        self._format, self._silence_ms = audio_format, silence_ms
        self._samples = 0
        self._loudest = FLOOR_DBFS
        self._window = b""  # as long as the silence that is looked for

    def ends_with(self, chunk: Chunk) -> bool:
        """Take one more chunk; whether there was speech and then enough silence, or there is no room for more."""
        AudioSegment, detect_silence = _pydub()  # noqa: N806
        self._samples += chunk.samples
        about = {"sample_width": SAMPLE_BYTES, "frame_rate": self._format.rate, "channels": 1}
        self._loudest = max(self._loudest, AudioSegment(data=chunk.pcm, **about).dBFS)
        window_bytes = self._format.samples(self._silence_ms) * SAMPLE_BYTES
        self._window = (self._window + chunk.pcm)[-window_bytes:]
        length_ms = self._format.ms(self._samples)
        if length_ms + self._format.ms(chunk.samples) > LIMIT_MS:
            return True
        threshold = max(FLOOR_DBFS, self._loudest - BELOW_LOUDEST_DB)
        wanted_ms = self._silence_ms if length_ms < LONG_MS else min(self._silence_ms, SHORT_SILENCE_MS)
        if length_ms <= wanted_ms or self._loudest < FLOOR_DBFS + BELOW_LOUDEST_DB:
            return False
        tail = AudioSegment(data=self._window, **about)[-wanted_ms:]
        return bool(detect_silence(tail, min_silence_len=wanted_ms, silence_thresh=threshold))


@cache
def _pydub() -> Any:
    with warnings.catch_warnings():  # it misses an ffmpeg that is not used, and an audioop that is not gone yet
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
        from pydub.silence import detect_silence
    return AudioSegment, detect_silence
