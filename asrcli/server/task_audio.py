"""The audio of one task as PCM, whatever the client sends: raw PCM, WAV, or a compressed format."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from asrcli.server.audio_decoder import CONTAINERS, WAV, AudioDecoder
from asrcli.server.wav_stream import WavStream

FORMATS = frozenset({"pcm", *CONTAINERS})


def unknown_format(audio_format: str) -> str:
    """Return why no audio can be taken in this format, in words; empty if it can."""
    if audio_format in FORMATS:
        return ""
    return f"format {audio_format}: this server takes {', '.join(sorted(FORMATS))}"


class TaskAudio:
    """Takes pieces of what a client sends and returns pieces of PCM.

    Args:
        audio_format: One of FORMATS.
        rate: Sample rate of the PCM in Hz. Samples without a container have it already. A WAV whose header says
            otherwise, or that is not 16 bits and mono, is decoded.
    """

    def __init__(self, audio_format: str, rate: int) -> None:
        self._decoder: AudioDecoder | None = None
        self._wav = WavStream()
        self._rate = rate
        self._header: bytearray | None = None  # of a WAV, until it has said what follows
        if audio_format == WAV:
            self._header = bytearray()
        elif audio_format in CONTAINERS:
            self._decoder = AudioDecoder(audio_format, rate)

    @property
    def is_uncompressed(self) -> bool:
        """Whether the samples come without compression: then `uncompressed_pcm` gives the PCM without a wait."""
        return self._decoder is None and self._header is None

    def uncompressed_pcm(self, piece: bytes) -> bytes:
        """Return the PCM in the next piece of audio that `is_uncompressed`."""
        return self._wav.pcm(piece)

    def pcm(self, piece: bytes) -> AsyncIterator[bytes]:
        """Yield the PCM in the next piece.

        Raises:
            SourceError: the audio is not what the client announced.
        """
        if self._header is not None:
            return self._read_header(self._header, piece)
        if self._decoder is None:
            return _at_once(self._wav.pcm(piece))
        return _in_thread(self._decoder.pcm(piece))

    def _read_header(self, header: bytearray, piece: bytes) -> AsyncIterator[bytes]:
        header += piece
        pcm = self._wav.pcm(piece)
        if not self._wav.has_begun:
            return _at_once(b"")
        self._header = None
        if not self._wav.needs_decoder(self._rate):
            return _at_once(pcm)
        self._decoder = AudioDecoder(WAV, self._rate)
        return _in_thread(self._decoder.pcm(bytes(header)))

    def rest(self) -> AsyncIterator[bytes]:
        """Yield the PCM that was held back, at the end of the stream.

        Raises:
            SourceError: the audio is not what the client announced.
        """
        if self._decoder is None:
            return _at_once(self._wav.rest())
        return _in_thread(self._decoder.rest())

    def close(self) -> None:
        """End the decoder, if there is one."""
        if self._decoder is not None:
            self._decoder.close()


async def _at_once(pcm: bytes) -> AsyncIterator[bytes]:
    if pcm:
        yield pcm


async def _in_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces that are waited for in a thread, so that other clients are served meanwhile."""
    while (pcm := await asyncio.to_thread(next, pieces, None)) is not None:
        yield pcm
