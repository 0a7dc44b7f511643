"""Containers to PCM at its true place, packet by packet, through PyAV: what is damaged is skipped and named."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import EIO
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, cast

from asrcli.audio import Format
from asrcli.errors import SourceError
from asrcli.events import Notice
from asrcli.sources.clock import LEAD_MAX_S, Clock
from asrcli.sources.frames import UNDECODABLE, Ahead, Bad, frames
from asrcli.sources.lengths import ms_of, promised, size_bytes
from asrcli.sources.mixing import CANCELLED, Mixer
from asrcli.sources.placed import Item, Laid, Missing
from asrcli.sources.tracks import Track, choose, told

if TYPE_CHECKING:
    from av import AudioCodecContext, AudioFrame, AudioStream, Packet
    from av.container import InputContainer

HOLE_S = 0.2  # what is missing without a sign of damage, and shorter, is how some containers round
# Their times are counted by whoever reads them: they know nothing of what is missing.
COUNTING = {"mp3", "aac", "ac3", "eac3", "dts", "amr", "gsm", "wav", "w64", "aiff", "au", "caf"}
# Times that begin with the container: sound that begins late there begins late.
_FROM_ZERO = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
NOT_THERE, DAMAGED = "no audio in the file here", "the file is damaged here"
LOST = "the stream has no audio here"
_TROUBLE = (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError, AttributeError)

_LENIENT_TITLES = (
    19  # from this version of PyAV on a title that is not UTF-8 is no error, and nothing can be said about it
)

# Whoever sends somebody such a file has other files of theirs heard.
_PLAYLISTS = {"concat", "hls", "dash", "imf", "sdp", "applehttp"}


class Decoder:
    """One open container.

    Args:
        source: An address that libav opens (`file:PATH`, `https://...`), or an object with `read`.
        name: What the user calls it.
        track: Number or language of the sound track; None is the default one.
        patience_s: How long a network may give nothing.
        head: How the file begins, behind so much that was `skipped`: there may be a header that tells its length.
        options: For bare samples: the demuxer's name and its options.

    Raises:
        SourceError: not audio, or without sound.
    """

    def __init__(
        self,
        source: str | IO[bytes] | object,
        name: str,
        *,
        track: str | None = None,
        patience_s: float | None = None,
        head: Callable[[], bytes] = bytes,
        skipped: int = 0,
        **options: Any,
    ) -> None:
        import av

        self._name, self._patience_s, self._head, self._skipped = name, patience_s, head, skipped
        self.damaged = 0  # packets that could not be decoded
        with self._trouble("is not audio or video that can be decoded"):
            if int(av.__version__.split(".")[0]) < _LENIENT_TITLES:
                options["metadata_errors"] = "replace"
            opened = av.open(cast("Any", source), "r", timeout=patience_s, **options)
            self._container = cast("InputContainer", opened)
        try:
            if not _is_address(source) and _PLAYLISTS & set(self._container.format.name.split(",")):
                raise SourceError(name, "is a list of other files, whatever it is called: name those")
            with self._trouble("is not audio or video that can be decoded"):
                tracks = [_track(number, stream) for number, stream in enumerate(self._container.streams.audio, 1)]
            chosen = choose(name, tracks, track)
            self._stream = self._container.streams.audio[chosen.number - 1]
            self.note = told(name, tracks, chosen, asked=track is not None)
            if self.codec == "flac":  # a damaged frame is no sound
                self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
        except BaseException:
            self._container.close()
            raise

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
        return self._stream.codec_context.sample_rate or 0

    @property
    def channels(self) -> int:
        """How many there are."""
        return self._stream.codec_context.channels or 0

    @property
    def endless(self) -> bool:
        """Whether the other end of the network does not say how much there is."""
        if self.container in {"hls", "dash"}:
            return self._container.duration is None
        return size_bytes(self._container) is None

    @property
    def duration_ms(self) -> int | None:
        """How long it says it is, or seems to be: for show. None where there is no saying."""
        return ms_of(self._container, self._stream, self._zero_s or 0.0)

    @property
    def promised_ms(self) -> int | None:
        """How long the container itself says its sound is; None where it does not, or that is only a guess."""
        return promised(self._container, self._stream, self.duration_ms, self._head(), self._skipped)

    @property
    def _zero_s(self) -> float | None:
        """The container's time that is the beginning; None is that of the first frame."""
        start = self._container.start_time
        if start is None:
            return None
        start_s = start / 1_000_000
        if self.container in _FROM_ZERO and 0 <= start_s <= LEAD_MAX_S and self._container.duration is not None:
            return 0.0
        return start_s

    def measured_ms(self) -> int:
        """How long it is, by all of its packets: next to nothing is decoded. The container is at its end then.

        Raises:
            SourceError: it cannot be read.
        """
        clock, base = Clock(self._zero_s), float(self._stream.time_base or 1)
        counting = self.container in COUNTING
        for packet in self._packets():
            if packet.size:
                length_s = packet.duration * base if packet.duration else _length_s(packet)
                clock.place(None if counting or packet.pts is None else packet.pts * base, length_s, lambda: None)
        return round(clock.now * 1000)

    def pieces(self, audio_format: Format, channel: int | None = None) -> Iterator[Item]:
        """Mono PCM at a rate: one channel, counted from 0, or the mix of all; and what is missing between.

        Raises:
            SourceError: it stops being readable.
        """
        if self.note:
            yield Notice("warning", self.note)
        mixer, clock = Mixer(audio_format, channel), Clock(self._zero_s)
        ahead = Ahead(frames(self._packets(), self._stream, self._trouble))
        laid, counting, guard = Laid(audio_format), self.container in COUNTING, self._trouble(UNDECODABLE)
        for frame, bad in ahead:
            hole_s = _hole_s(clock, frame, bad, None if counting else ahead.time)
            if hole_s > 0:
                yield from laid.pieces(self._decoded(mixer.rest()))
                length_s = 0.0 if frame is None else frame.samples / frame.sample_rate
                yield from self._hole(laid, clock.now - length_s, hole_s, bad)
            elif hole_s < 0:
                laid.too_much += round(-hole_s * audio_format.rate)
            if frame is not None:
                with guard:
                    made = list(mixer.pcm(frame))
                yield from laid.pieces(made)
            self.damaged += bad.packets
            if mixer.tells_cancelled():
                yield Notice("warning", f"{self._name}: {CANCELLED}")
        yield from laid.pieces(self._decoded(mixer.rest()))

    def _decoded(self, made: Iterator[bytes]) -> list[bytes]:
        with self._trouble(UNDECODABLE):
            return list(made)

    def _hole(self, laid: Laid, until_s: float, hole_s: float, bad: Bad) -> Iterator[Item]:
        """Go on behind a hole: what is missing is named, what a speech codec left out is silence."""
        if bad.silent:
            yield from laid.silence(until_s)
            return
        began = laid.at
        laid.jump(until_s)
        if bad.packets or (began and hole_s >= HOLE_S):
            yield Missing(began, laid.at, self._why(bad))

    def _why(self, bad: Bad) -> str:
        if bad.packets:
            return f"{DAMAGED}: {bad.packets} packet{'s' * (bad.packets > 1)} could not be decoded"
        # Ogg and FLAC drop what fails their checksums without a word, and have no way to leave sound out.
        if self.container in {"ogg", "flac"}:
            return DAMAGED
        return NOT_THERE if self._patience_s is None else LOST

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        packets, guard = self._container.demux(self._stream), self._trouble("cannot be read any further")
        while True:
            with guard:
                try:
                    packet = next(packets, None)
                except OSError as exc:
                    # The end of an answer without a length looks to libav as if something were missing.
                    if exc.errno != EIO or self._patience_s is None or not self.endless:
                        raise
                    packet = None
            if packet is None:
                return
            yield packet

    def _trouble(self, what: str) -> "_Trouble":
        return _Trouble(self._name, what, self._patience_s)


class _Trouble:
    """A block in which whatever goes wrong is an error of this input. Entered for each packet, so it costs little."""

    __slots__ = ("_began", "_name", "_patience_s", "_what")

    def __init__(self, name: str, what: str, patience_s: float | None) -> None:
        self._name, self._what, self._patience_s = name, what, patience_s
        self._began = 0.0

    def __enter__(self) -> None:
        if self._patience_s is not None:
            self._began = monotonic()

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if exc is None:
            return
        from av.error import ExitError, FFmpegError

        if isinstance(exc, (FFmpegError, *_TROUBLE)):
            late = self._patience_s is not None and monotonic() - self._began >= self._patience_s
            if isinstance(exc, ExitError) or late:
                raise SourceError(self._name, f"no data for {self._patience_s or 0:.0f} s") from exc
            raise SourceError(self._name, _refusal(exc, self._what)) from exc


def _hole_s(clock: Clock, frame: "AudioFrame | None", bad: Bad, following: Callable[[], float | None] | None) -> float:
    """How much is missing before a frame, or before the end; below 0 so much of the frame is too much.

    `following` gives the time of the next frame; None where the times of the container are only counted.
    """
    length_s = 0.0 if frame is None else frame.samples / frame.sample_rate
    if frame is None or following is None:
        hole_s = bad.seconds
        clock.pass_over(hole_s + length_s)
        return hole_s
    return clock.place(frame.time, length_s, following, lossy=bad.packets > 0)


def _length_s(packet: "Packet[AudioStream]") -> float:
    """How long a packet is that does not say so: several frames in one, where files are joined."""
    from av.error import FFmpegError

    with suppress(FFmpegError, *_TROUBLE):
        return sum(frame.samples / frame.sample_rate for frame in packet.decode())
    return 0.0


def _is_address(source: object) -> bool:
    return isinstance(source, str) and "://" in source and not source.startswith("file:")


def _track(number: int, stream: "AudioStream") -> Track:
    context = cast("AudioCodecContext | None", stream.codec_context)  # None where no decoder knows the codec
    default = bool(int(stream.disposition) & 1)
    return Track(number, stream.language or "", default, context is not None, _tag(stream))


def _tag(stream: "AudioStream") -> str:
    """How the container names a codec that has no other name."""
    try:
        return stream.codec_context.codec.canonical_name if stream.codec_context else str(stream.codec_tag).strip("\0 ")
    except _TROUBLE:
        return ""


def _refusal(exc: BaseException, what: str) -> str:
    from av.error import DecoderNotFoundError, HTTPClientError, HTTPError

    if isinstance(exc, DecoderNotFoundError):
        return "its sound cannot be decoded: no decoder knows it"
    if isinstance(exc, MemoryError):
        return f"{what}: more memory is asked for than there is"
    said = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
    if what.startswith("is not"):
        return str(said).lower() if isinstance(exc, OSError | HTTPError | HTTPClientError) else what
    return f"{what}: {said}"
