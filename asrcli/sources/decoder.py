"""Containers to PCM at its true place, packet by packet, through PyAV: what is damaged is skipped and named."""

from collections.abc import Callable, Iterator
from errno import EIO
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, cast

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.core.events import Notice
from asrcli.sources.avi import Empty
from asrcli.sources.codec_delay import undeclared_s
from asrcli.sources.container_clock import LEAD_MAX_S, ContainerClock
from asrcli.sources.container_length import ms_of, promised, size_bytes
from asrcli.sources.decoded_frames import UNDECODABLE, DamagedPackets, FrameLookahead, frames, packet_s
from asrcli.sources.decoding_errors import TROUBLE, Trouble
from asrcli.sources.mixer import CANCELLED, Mixer
from asrcli.sources.placed_audio import Item, MissingAudio, TimelineLayout
from asrcli.sources.track_selection import SoundTrack, choose_track, track_notice

if TYPE_CHECKING:
    from av import AudioCodecContext, AudioFrame, AudioStream, Packet
    from av.container import InputContainer

HOLE_S = 0.2  # what is missing without a sign of damage, and shorter, is how some containers round
# Their times are counted by whoever reads them: they know nothing of what is missing.
BARE = {"mp3", "aac", "ac3", "eac3", "dts"}
COUNTING = BARE | {"amr", "gsm", "wav", "w64", "aiff", "au", "caf", "avi"}
# Times that begin with the container: sound that begins late there begins late.
_FROM_ZERO = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
NOT_THERE, DAMAGED = "no audio in the file here", "the file is damaged here"
LOST = "the stream has no audio here"

_LENIENT_TITLES = 19  # from this version of PyAV on nothing can be said about titles that are not UTF-8

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
        together: How many frames are converted at once.
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
        together: int = 1,
        **options: Any,
    ) -> None:
        import av

        self._name, self._patience_s, self._head, self._skipped = name, patience_s, head, skipped
        self._together, self._empty = together, cast("Empty | None", None)
        self._path = source.removeprefix("file:") if isinstance(source, str) and source.startswith("file:") else ""
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
            chosen = choose_track(name, tracks, track)
            self._stream = self._container.streams.audio[chosen.number - 1]
            self.note = track_notice(name, tracks, chosen, asked=track is not None)
            if self.codec == "flac":  # a damaged frame is no sound
                self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
        except BaseException:
            self._container.close()
            raise

    def close(self) -> None:
        """Close the container."""
        if self._empty is not None:
            self._empty.close()
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
        base, counting = float(self._stream.time_base or 1), self.container in COUNTING
        packets, clock, left_out = self._begun()
        for packet in packets:
            if left_out is not None:
                clock.advance(left_out(packet))
            if packet.size:
                length_s = packet.duration * base if packet.duration else packet_s(packet)
                clock.place(None if counting or packet.pts is None else packet.pts * base, length_s, lambda: None)
        return round(clock.now * 1000)

    def pieces(self, audio_format: Format, channel: int | None = None) -> Iterator[Item]:
        """Mono PCM at a rate: one channel, counted from 0, or the mix of all; and what is missing between.

        Raises:
            SourceError: it stops being readable.
        """
        if self.note:
            yield Notice("warning", self.note)
        mixer, laid = Mixer(audio_format, channel, together=self._together), TimelineLayout(audio_format)
        try:
            yield from self._laid(mixer, laid)
        except SourceError:
            yield from laid.pieces(self._decoded(mixer.rest))  # what was read until then is heard
            raise

    def _laid(self, mixer: Mixer, laid: TimelineLayout) -> Iterator[Item]:
        packets, clock, left_out = self._begun()
        bare = self.container in BARE
        ahead = FrameLookahead(frames(packets, self._stream, self._trouble, left_out, bare=bare))
        counting, guard = self.container in COUNTING, self._trouble(UNDECODABLE)
        laid.too_much = round(-clock.now * laid.format.rate)
        for frame, bad in ahead:
            hole_s = _hole_s(clock, frame, bad, None if counting else ahead.time)
            if hole_s > 0:
                yield from laid.pieces(self._decoded(mixer.rest))
                length_s = 0.0 if frame is None else frame.samples / frame.sample_rate
                yield from self._hole(laid, clock.now - length_s, hole_s, bad)
            elif hole_s < 0:
                yield from laid.pieces(self._decoded(mixer.held))
                laid.too_much += round(-hole_s * laid.format.rate)
            if frame is not None:
                with guard:
                    made = mixer.pcm(frame)
                if made:
                    yield from laid.pieces(made)
            self.damaged += bad.packets
            if mixer.tells_cancelled():
                yield Notice("warning", f"{self._name}: {CANCELLED}")
        yield from laid.pieces(self._decoded(mixer.rest))

    def _begun(
        self,
    ) -> "tuple[Iterator[Packet[AudioStream]], ContainerClock, Callable[[Packet[AudioStream]], float] | None]":
        """All packets, the clock that their sound begins with, and what tells of sound that is left out before one."""
        packets = self._packets()
        first = next(packets, None)
        clock = ContainerClock(self._zero_s, undeclared_s(self._container, self._stream, first, self._zero_s))
        if first is None:
            return packets, clock, None
        left_out = None
        if self.container == "avi":
            begin_s = min(max(0.0, (first.pts or 0) * float(self._stream.time_base or 1)), LEAD_MAX_S)
            self._empty = self._empty or Empty(self._path, self._stream.index)
            left_out = self._empty.teller(begin_s)
        return chain([first], packets), clock, left_out

    def _decoded(self, rest: Callable[[], list[bytes]]) -> list[bytes]:
        with self._trouble(UNDECODABLE):
            return rest()

    def _hole(self, laid: TimelineLayout, until_s: float, hole_s: float, bad: DamagedPackets) -> Iterator[Item]:
        """Go on behind a hole: what is missing is named, what a speech codec left out is silence."""
        if bad.silent:
            yield from laid.silence(until_s)
            return
        began = laid.at
        laid.jump(until_s)
        if bad.packets or (began and hole_s >= HOLE_S):
            yield MissingAudio(began, laid.at, self._why(bad))

    def _why(self, bad: DamagedPackets) -> str:
        if bad.packets:
            return f"{DAMAGED}: {bad.packets} packet{'s' * (bad.packets > 1)} could not be decoded"
        # Ogg and FLAC drop what fails their checksums without a word, and have no way to leave sound out.
        if self.container in {"ogg", "flac"}:
            return DAMAGED
        return NOT_THERE if self._patience_s is None else LOST

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        packets, guard = self._container.demux(self._stream), self._trouble("cannot be read any further")
        if self._patience_s is None:  # nobody waits: one guard for all of them, for speed
            with guard:
                yield from packets
            return
        while True:
            with guard:
                try:
                    packet = next(packets, None)
                except OSError as exc:
                    # The end of an answer without a length looks to libav as if something were missing.
                    if exc.errno != EIO or not self.endless:
                        raise
                    packet = None
            if packet is None:
                return
            yield packet

    def _trouble(self, what: str) -> Trouble:
        return Trouble(self._name, what, self._patience_s)


def _hole_s(
    clock: ContainerClock, frame: "AudioFrame | None", bad: DamagedPackets, following: Callable[[], float | None] | None
) -> float:
    """How much is missing before a frame, or before the end; below 0 so much of the frame is too much.

    `following` gives the time of the next frame; None where the times of the container are only counted.
    """
    length_s = 0.0 if frame is None else frame.samples / frame.sample_rate
    if frame is None or following is None:
        hole_s = bad.seconds
        clock.advance(hole_s + length_s)
        return hole_s
    return clock.place(frame.time, length_s, following, lossy=bad.packets > 0)


def _is_address(source: object) -> bool:
    return isinstance(source, str) and "://" in source and not source.startswith("file:")


def _track(number: int, stream: "AudioStream") -> SoundTrack:
    context = cast("AudioCodecContext | None", stream.codec_context)  # None where no decoder knows the codec
    default = bool(int(stream.disposition) & 1)
    return SoundTrack(number, stream.language or "", default, context is not None, _tag(stream))


def _tag(stream: "AudioStream") -> str:
    """How the container names a codec that has no other name."""
    try:
        return stream.codec_context.codec.canonical_name if stream.codec_context else str(stream.codec_tag).strip("\0 ")
    except TROUBLE:
        return ""
