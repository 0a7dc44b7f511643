"""Where to commit when the server does not cut: at silences found with pydub on a bounded window."""

import warnings
from collections.abc import Iterator
from typing import Any

from asrcli.audio import Chunk, Format
from asrcli.events import Notice
from asrcli.seams import Source

SILENCE_MS = 600  # this much quiet ends an utterance
LONG_MS = 45_000  # from here on a shorter pause will do
SHORT_SILENCE_MS = 200
LIMIT_MS = 59_000  # the service advises at most 60 s for one commit
BELOW_SPEECH_DB = 16  # quieter than the utterance by this much is silence
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
        window = bytearray()  # the utterance so far: at most LIMIT_MS
        for chunk in self._source.chunks(start):
            if isinstance(chunk, Notice):
                yield chunk
                continue
            window += chunk.pcm
            if cut := is_end(bytes(window), self.format, self._silence_ms):
                window.clear()
            yield Chunk(chunk.position, chunk.pcm, cut_after=cut)


def is_end(utterance: bytes, audio_format: Format, silence_ms: int) -> bool:
    """Whether the utterance ends here: speech and then enough silence, or no room for more."""
    AudioSegment, detect_silence = _pydub()  # noqa: N806
    audio = AudioSegment(data=utterance, sample_width=2, frame_rate=audio_format.rate, channels=1)
    length_ms = len(audio)
    if length_ms >= LIMIT_MS:
        return True
    wanted_ms = silence_ms if length_ms < LONG_MS else min(silence_ms, SHORT_SILENCE_MS)
    if length_ms <= wanted_ms:
        return False
    threshold = max(FLOOR_DBFS, audio.dBFS - BELOW_SPEECH_DB)
    tail = audio[-wanted_ms:]
    is_quiet = bool(detect_silence(tail, min_silence_len=wanted_ms, silence_thresh=threshold))
    return is_quiet and audio[:-wanted_ms].max_dBFS > threshold + BELOW_SPEECH_DB


def _pydub() -> Any:
    with warnings.catch_warnings():  # it misses an ffmpeg that is not used, and an audioop that is not gone yet
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
        from pydub.silence import detect_silence
    return AudioSegment, detect_silence
