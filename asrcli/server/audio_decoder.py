"""Decodes the compressed audio of one task to PCM, piece by piece, in a thread of its own that ends with the task.

The decoder reads as from a file, so it has to wait for the network: that is why it has a thread. At most MAX_PCM_BYTES
of decoded audio wait here, however much a small piece expands to.
"""

from collections.abc import Iterator
from threading import Condition, Thread
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import AsrError, SourceError
from asrcli.sources.audio_positions import MissingAudio, PlacedPiece
from asrcli.sources.decoder import Decoder

# The formats that clients announce, and the containers in which they come. Nothing else is looked for.
WAV = "wav"
CONTAINERS = {"mp3": "mp3", "opus": "ogg", "speex": "ogg", "aac": "aac", "amr": "amr", WAV: "wav"}
MAX_PCM_BYTES = 1 << 20
MAX_SILENCE_S = 60  # of a hole in the times of a container; a longer one is an error of the client
PROBE_BYTES = "4096"  # the least that libav reads before it decodes; with its default, a live stream waits for seconds
STUCK_S = 30.0  # longer than any piece takes to decode


class AudioDecoder:
    """Takes pieces of compressed audio and returns mono PCM.

    Args:
        audio_format: One of CONTAINERS.
        rate: Sample rate of the PCM in Hz, whatever the rate of the audio.
    """

    def __init__(self, audio_format: str, rate: int) -> None:
        self._container = CONTAINERS[audio_format]
        self._format = Format(rate)
        self._name = f"{audio_format} audio"
        self._changed = Condition()  # guards all that follows
        self._input = bytearray()
        self._pcm = bytearray()
        self._received = self._input_ended = self._waits = self._over = self._abandoned = self._emitted = False
        self._error: AsrError | None = None
        Thread(target=self._run, name="audio-decoder", daemon=True).start()

    def pcm(self, piece: bytes) -> Iterator[bytes]:
        """Yield the PCM that is decoded now that this piece is there. Blocks while it decodes.

        Raises:
            SourceError: the audio is not what the client announced.
        """
        with self._changed:
            self._input += piece
            self._received = self._received or bool(piece)
            self._waits = False
            self._changed.notify_all()
        return self._decoded()

    def rest(self) -> Iterator[bytes]:
        """Yield the PCM that is left at the end of the stream. Blocks while it decodes.

        Raises:
            SourceError: the audio is not what the client announced.
        """
        with self._changed:
            self._input_ended = True
            self._waits = False
            self._changed.notify_all()
        return self._decoded()

    def close(self) -> None:
        """End the thread, whatever it waits for."""
        with self._changed:
            self._abandoned = self._input_ended = True
            self._changed.notify_all()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes for the decoder; waits for some, and returns none at the end."""
        with self._changed:
            while not self._input and not self._input_ended:
                self._waits = True
                self._changed.notify_all()
                self._changed.wait()
            if self._abandoned:
                return b""
            taken = bytes(self._input[: size if size > 0 else None])
            del self._input[: len(taken)]
            return taken

    def _decoded(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                done = self._changed.wait_for(
                    lambda: self._waits or self._over or self._abandoned or len(self._pcm) >= MAX_PCM_BYTES, STUCK_S
                )
                taken = bytes(self._pcm)
                self._pcm.clear()
                self._changed.notify_all()
                error, last = self._error, self._waits or self._over or self._abandoned or not done
            if taken:
                yield taken
            if error is not None:
                raise error
            if last:
                return

    def _run(self) -> None:
        error: AsrError | None = None
        try:
            self._decode()
            if not self._emitted:
                error = SourceError(self._name, "holds no audio that can be decoded")
        except AsrError as exc:
            error = exc
        except Exception as exc:  # the client must get an answer, whatever the decoder raises
            error = SourceError(self._name, f"cannot be decoded: {exc}")
        with self._changed:
            if self._received:  # no audio at all is no wrong audio
                self._error = error
            self._over = True
            self._changed.notify_all()

    def _decode(self) -> None:
        options: dict[str, Any] = {"format": self._container, "options": {"probesize": PROBE_BYTES}}
        if self._container == WAV:
            options["options"]["ignore_length"] = "1"  # whoever streams a WAV cannot know its length
        decoder = Decoder(_Readable(self), self._name, **options)
        end = 0
        try:
            for item in decoder.pieces(self._format):
                if isinstance(item, MissingAudio):
                    end = self._silence(end, item.end)
                elif isinstance(item, PlacedPiece):
                    end = self._silence(end, item.position)
                    self._emit(item.pcm)
                    end += len(item.pcm) // SAMPLE_BYTES
                if self._abandoned:
                    return
        finally:
            decoder.close()

    def _silence(self, begin: int, end: int) -> int:
        """Emit silence between two positions, so that the times of what follows stay true; returns the later one."""
        if end <= begin:
            return begin
        if end - begin > MAX_SILENCE_S * self._format.rate:
            raise SourceError(self._name, f"has a hole of {(end - begin) / self._format.rate:.0f} s")
        self._emit(bytes((end - begin) * SAMPLE_BYTES))
        return end

    def _emit(self, pcm: bytes) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._pcm) < MAX_PCM_BYTES or self._abandoned)
            self._pcm += pcm
            self._emitted = True
            self._changed.notify_all()


class _Readable:
    """The decoder's view of the input: libav asks for `read` alone, and must not find the other methods."""

    def __init__(self, decoder: AudioDecoder) -> None:
        self.read = decoder.read
