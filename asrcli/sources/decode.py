"""Containers to PCM through PyAV, packet by packet: what is damaged is skipped and counted. Its only opener."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from asrcli.audio import SAMPLE_BYTES, Format
from asrcli.errors import SourceError

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, Packet
    from av.container import InputContainer

AMR_PACKET_MS = 20
# Containers without a length of their own: what is told is a guess from the first packets.
_GUESSING = {"aac", "ac3", "amr", "eac3", "gsm", "mp3", "mpegts"}
_MP3_LENGTHS = (b"Xing", b"Info", b"VBRI")


class Decoder:
    """One open container.

    Args:
        source: A path, an address, or an object with `read`.
        name: What the user calls it.
        options: For bare samples: the demuxer's name and its options.

    Raises:
        SourceError: not audio, or without sound.
    """

    def __init__(self, source: str | IO[bytes] | object, name: str, **options: Any) -> None:
        import av
        from av.error import FFmpegError

        self._name = name
        self._path = Path(source) if isinstance(source, str) and "://" not in source else None
        self.damaged = 0  # packets that could not be decoded
        try:
            self._container = cast("InputContainer", av.open(cast("Any", source), mode="r", **options))
        except FFmpegError as exc:
            raise SourceError(name, _refusal(exc)) from exc
        except OSError as exc:
            raise SourceError(name, exc.strerror or str(exc)) from exc
        if not self._container.streams.audio:
            self._container.close()
            raise SourceError(name, "has no sound in it")
        self._stream = self._container.streams.audio[0]

    def close(self) -> None:
        """Close the container."""
        self._container.close()

    @property
    def container(self) -> str:
        """The name of the container's format."""
        return self._container.format.name

    @property
    def codec(self) -> str:
        """The name of the codec, whichever decoder reads it."""
        return self._stream.codec_context.codec.canonical_name

    @property
    def rate(self) -> int:
        """Samples a second, as the container has them."""
        return self._stream.rate or 0

    @property
    def channels(self) -> int:
        """How many there are."""
        return self._stream.channels

    @property
    def duration_ms(self) -> int | None:
        """How long it says it is; None where it does not."""
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            return int(stream.duration * stream.time_base * 1000)
        return None if self._container.duration is None else self._container.duration // 1000

    @property
    def promised_ms(self) -> int | None:
        """How long the container itself says it is; None where its length is only a guess."""
        if self.container == "mp3" and self._path is not None:
            with self._path.open("rb") as file:
                head = file.read(1 << 16)
            return self.duration_ms if any(tag in head for tag in _MP3_LENGTHS) else None
        return None if self.container in _GUESSING else self.duration_ms

    def pcm(self, audio_format: Format, channel: int | None = None) -> Iterator[bytes]:
        """Mono PCM at a rate: one channel, counted from 0, or the mix of all.

        Raises:
            SourceError: it stops being readable.
        """
        from av.error import FFmpegError

        resampler = _Resampler(audio_format, channel)
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError) as exc:
                raise SourceError(self._name, f"cannot be read any further: {exc.strerror or exc}") from exc
            if packet is None:
                break
            try:
                frames = packet.decode()
            except FFmpegError:  # one bad packet must not end the file
                yield from self._in_place_of(packet, audio_format)
                continue
            for frame in frames:
                yield from resampler.pcm(frame)
        yield from resampler.rest()

    def _in_place_of(self, packet: "Packet[Any]", audio_format: Format) -> Iterator[bytes]:
        """Silence where a speech codec left some out: its packets last so long, and the times behind stay right."""
        if self._stream.codec_context.name.startswith("amr"):
            yield bytes(audio_format.samples(AMR_PACKET_MS) * SAMPLE_BYTES)
        elif packet.size:
            self.damaged += 1


class _Resampler:
    """Frames of any rate and layout to mono PCM of one; a change in mid-stream is a new beginning."""

    def __init__(self, audio_format: Format, channel: int | None) -> None:
        self._format, self._channel = audio_format, channel
        self._resampler: AudioResampler | None = None

    def pcm(self, frame: "AudioFrame") -> Iterator[bytes]:
        """The PCM of one more frame."""
        self._resampler = self._resampler or self._for(frame)
        try:
            yield from map(self._mono, self._resampler.resample(frame))
        except ValueError:  # another rate or layout than before
            yield from self.rest()
            self._resampler = self._for(frame)
            yield from map(self._mono, self._resampler.resample(frame))

    def rest(self) -> Iterator[bytes]:
        """What the filter still holds."""
        if self._resampler is not None:
            yield from map(self._mono, self._resampler.resample(None))

    def _for(self, frame: "AudioFrame") -> "AudioResampler":
        from av import AudioResampler

        layout = "mono" if self._channel is None else frame.layout
        return AudioResampler(format="s16", layout=layout, rate=self._format.rate)

    def _mono(self, frame: "AudioFrame") -> bytes:
        channels = 1 if self._channel is None else frame.layout.nb_channels
        data = bytes(frame.planes[0])[: frame.samples * channels * SAMPLE_BYTES]  # a plane may be padded
        if self._channel is None:
            return data
        # A stream that changes to fewer channels in its middle goes on with the last it has.
        return array("h", data)[min(self._channel, channels - 1) :: channels].tobytes()


def _refusal(exc: Exception) -> str:
    from av.error import HTTPClientError, HTTPError

    if isinstance(exc, OSError | HTTPError | HTTPClientError):
        return (getattr(exc, "strerror", None) or str(exc)).lower()
    return "is not audio or video that can be decoded"
