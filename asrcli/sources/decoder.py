"""Decodes containers with PyAV to PCM at its right place. Damaged packets are skipped and reported."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.core.events import Notice
from asrcli.sources.audio_positions import DAMAGED, Item, MissingAudio, TimelineLayout
from asrcli.sources.avi_chunks import AviChunks
from asrcli.sources.container_beginning import longest_hole_s, must_begin_with_sound, zero_s
from asrcli.sources.container_clock import BARE, COUNTING, LEAD_MAX_S, PADDED, ContainerClock
from asrcli.sources.container_length import READS_HEAD, ms_of, promised, size_bytes
from asrcli.sources.container_opening import NOT_AUDIO, beginning, first_sound, open_container
from asrcli.sources.damaged_packets import DamagedPackets
from asrcli.sources.decoded_frames import (
    UNDECODABLE,
    FrameLookahead,
    FrameRun,
    frame_s,
    frames,
    hole_s,
    missing_reason,
    runs,
    times_in_samples,
)
from asrcli.sources.decoding_errors import DecodingGuard
from asrcli.sources.demuxed_packets import follow, received_packets, stored_packets
from asrcli.sources.dts_frames import lost_behind
from asrcli.sources.encoder_delay import undeclared_s
from asrcli.sources.large_frames import can_be_large, large_runs
from asrcli.sources.mixer import CANCELLED, Mixer
from asrcli.sources.ogg_page_times import COUNTED_ON, LAST_COUNTED_ON, true_times
from asrcli.sources.skipped_bytes import SKIPPING, SkippedBytes
from asrcli.sources.track_selection import choose_track, describe_track, track_notice

if TYPE_CHECKING:
    from av import AudioStream, Packet

ROUNDED_MS = 50  # sound that is shorter than promised by no more than this is complete
PRIMED_S = 0.1  # this much sound before a hole may be only the start of a codec: the sound begins after the hole
HOLE_S = 0.2  # a shorter hole without damage is not reported: some containers round their times
CHECKED = {"flac", "tta", "wavpack"}  # codecs whose frames have checksums that decoders do not look at unasked


class Decoder:
    """One open container.

    Args:
        source: An address that libav opens (`file:PATH`, `https://...`), or an object with `read`.
        name: The name that the user knows, for errors.
        track: Number or language of the sound track; None is the default track.
        timeout_s: How long a network may give nothing; None for files.
        head: Returns the beginning of the file after `skipped` bytes: a header there may tell the length.
        skipped: How many bytes are before `head`.
        together: How many frames are converted at once.
        last_granule: For Ogg: returns the granule position of its last intact page when all is read; 0 if unknown.
        in_bulk: Whether the time that passes before a piece of sound is of no concern, but only the work.
        options: For raw PCM: the name of the demuxer and its options.

    Attributes:
        damaged: Packets that could not be decoded so far.
        padded: The sound ends with zeros.
        note: A notice about the choice of the track; empty if there is none.

    Raises:
        SourceError: the input cannot be read, is no audio or video, or has no sound.
    """

    def __init__(
        self,
        source: str | IO[bytes] | object,
        name: str,
        *,
        track: str | None = None,
        timeout_s: float | None = None,
        head: Callable[[], bytes] = bytes,
        skipped: int = 0,
        together: int = 1,
        in_bulk: bool = False,
        last_granule: Callable[[], int] = int,
        **options: Any,
    ) -> None:
        self._source = source
        self._name = name
        self._timeout_s = timeout_s
        self._head = head
        self._skipped = skipped
        self._together = together
        self._in_bulk = in_bulk
        self._last_granule = last_granule
        self._read_beside: AviChunks | SkippedBytes | None = None  # reads the file too, for what libav leaves out
        self._path = ""
        if isinstance(source, str) and source.startswith("file:"):
            self._path = source.removeprefix("file:")
        self.damaged = 0
        self.padded = False
        self._container = open_container(source, name, options, head, timeout_s)
        try:
            with self._guard(NOT_AUDIO):
                tracks = [
                    describe_track(number, stream) for number, stream in enumerate(self._container.streams.audio, 1)
                ]
            chosen = choose_track(name, tracks, track)
            self._stream = self._container.streams.audio[chosen.number - 1]
            self.note = track_notice(name, tracks, chosen, by_user=track is not None)
            codec = self._stream.codec_context
            self._kind = codec.sample_rate or 0, codec.channels or 0
            if self._path and not all(self._kind):
                self._kind = first_sound(self._path, chosen.number - 1)
            if self.codec in CHECKED:  # do not decode damaged frames to noise, or to silence
                self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
        except BaseException:
            self._container.close()
            raise

    def close(self) -> None:
        """Close the container."""
        if self._read_beside is not None:
            self._read_beside.close()
        self._container.close()

    @property
    def container(self) -> str:
        """Name of the container format, as libav calls it."""
        return self._container.format.name

    @property
    def codec(self) -> str:
        """Name of the codec, whichever decoder reads it."""
        return self._stream.codec_context.codec.canonical_name

    @property
    def stream_id(self) -> int:
        """The number of the stream in its container; in MPEG-TS its packets have it."""
        return self._stream.id

    @property
    def step_s(self) -> float:
        """Seconds of a step in which the stream states its times."""
        return float(self._stream.time_base or 1)

    @property
    def rate(self) -> int:
        """Sample rate of the sound in the container, in Hz; 0 if it is unknown."""
        return self._kind[0]

    @property
    def channels(self) -> int:
        """Number of channels; 0 if it is unknown."""
        return self._kind[1]

    @property
    def endless(self) -> bool:
        """Whether a network stream has no known length."""
        if self.container in {"hls", "dash"}:
            return self._container.duration is None
        return size_bytes(self._container) is None

    @property
    def duration_ms(self) -> int | None:
        """How long the sound seems to be, in milliseconds; may be a guess. None if that is unknown."""
        return ms_of(self._container, self._stream, zero_s(self._container) or 0.0)

    @property
    def promised_ms(self) -> int | None:
        """How long the container promises its sound to be, in milliseconds; None if it does not, or only guesses."""
        head = b""
        if self.container in READS_HEAD:
            head = self._head()
            if not head and isinstance(self._source, str):  # to read another source would take bytes from the decoder
                head = beginning(self._source, self._timeout_s)
        return promised(self._container, self._stream, self.duration_ms, head, self._skipped)

    def measured_ms(self) -> int:
        """Return the length by all packets, in milliseconds. Decodes almost nothing; leaves the container at its end.

        What cannot be read any further has the length of what can be read.

        Raises:
            SourceError: nothing of the input can be read.
        """
        base_s = float(self._stream.time_base or 1)
        packets, clock, left_out = self._open_packets()
        lost_after = lost_behind(self.container, base_s)
        follow(packets, clock, left_out, lost_after, base_s, counting=self.container in COUNTING)
        return round(clock.now * 1000)

    def pieces(self, audio_format: Format, channel: int | None = None) -> Iterator[Item]:
        """Yield mono PCM of one channel (counted from 0) or of the mix of all, and the audio that is missing between.

        Raises:
            SourceError: the input cannot be read any further.
        """
        if self.note:
            yield Notice("warning", self.note)
        mixer = Mixer(audio_format, channel, together=self._together)
        layout = TimelineLayout(audio_format)
        try:
            yield from self._placed(mixer, layout)
        except SourceError:
            yield from layout.pieces(self._decoded(mixer.rest))  # first yield what was read before the error
            whole_ms = self.promised_ms
            if not whole_ms or layout.format.ms(layout.at) < whole_ms - ROUNDED_MS:  # else the error is after the sound
                raise

    def _placed(self, mixer: Mixer, layout: TimelineLayout) -> Iterator[Item]:
        packets, clock, left_out = self._open_packets()
        behind = lost_behind(self.container, float(self._stream.time_base or 1))
        decoded = frames(packets, self._stream, self._guard, left_out, behind, bare=self.container in BARE)
        if self.container == "flac":
            decoded = times_in_samples(decoded)
        ahead = FrameLookahead(decoded)
        in_order: Iterable[FrameRun] = ahead
        following: Callable[[], float | None] | None = ahead.time
        if self.container in COUNTING:  # no frame has a time to look at, so many of them are handled at once
            in_order, following = runs(decoded, self._together), None
            if self._in_bulk and self._path and can_be_large(self._container):
                in_order = large_runs(self._path, in_order)
        guard = self._guard(UNDECODABLE)
        layout.too_much = round(-clock.now * layout.format.rate)
        for run, bad in in_order:
            length_s = sum(map(frame_s, run))
            if not run and bad.seconds:
                self._end_at(clock.now, bad)
            missing_s = hole_s(clock, run, length_s, bad, following)
            if missing_s > 0:
                yield from layout.pieces(self._decoded(mixer.rest))
                yield from self._hole(layout, clock.now - length_s, missing_s, bad)
            elif missing_s < 0:
                yield from layout.pieces(self._decoded(mixer.held))
                layout.too_much += round(-missing_s * layout.format.rate)
            with guard:
                made = mixer.pcm(run)
            if made:
                yield from layout.pieces(made)
            self.damaged += bad.packets
            if mixer.take_cancelled():
                yield Notice("warning", f"{self._name}: {CANCELLED}")
        yield from layout.pieces(self._decoded(mixer.rest))

    def _end_at(self, now_s: float, bad: DamagedPackets) -> None:
        """Let damage at the end of the sound end where the container promises; it may be the end of something else."""
        self.padded = self.container in PADDED and bad.end()
        promised_s = (self.promised_ms or 0) / 1000
        if promised_s >= now_s and self.container in COUNTING:
            bad.seconds = min(bad.seconds, promised_s - now_s)

    def _open_packets(
        self,
    ) -> "tuple[Iterator[Packet[AudioStream]], ContainerClock, Callable[[Packet[AudioStream]], float] | None]":
        """Return all packets, a clock for their sound, and a function that returns the seconds missing before one."""
        packets = self._packets()
        if self.container == "ogg" and self.codec in COUNTED_ON | LAST_COUNTED_ON:
            packets = true_times(packets, self._last_granule, every_page=self.codec in COUNTED_ON)
        first = next(packets, None)
        zero = zero_s(self._container)
        primed_s = undeclared_s(self._container, self._stream, first, zero)
        clock = ContainerClock(zero, primed_s, longest_hole_s(self._container))
        if first is None:
            return packets, clock, None
        if self._read_beside is not None:
            self._read_beside.close()
        left_out = None
        if self.container == "avi":
            begin_s = min(max(0.0, (first.pts or 0) * float(self._stream.time_base or 1)), LEAD_MAX_S)
            self._read_beside = AviChunks(self._path, self._stream.index)
            left_out = self._read_beside.missing_before(begin_s)
        elif self.container in SKIPPING:
            self._read_beside = SkippedBytes(self._path, float(self._stream.time_base or 1))
            left_out = self._read_beside.missing_before
        return chain([first], packets), clock, left_out

    def _decoded(self, rest: Callable[[], list[bytes]]) -> list[bytes]:
        with self._guard(UNDECODABLE):
            return rest()

    def _hole(self, layout: TimelineLayout, until_s: float, missing_s: float, bad: DamagedPackets) -> Iterator[Item]:
        """Go on after a hole: report what is missing, but fill with silence what a speech codec left out."""
        if bad.silent:
            yield from layout.silence(until_s)
            return
        began = layout.at
        layout.jump(until_s)
        began_with_sound = began > PRIMED_S * layout.format.rate
        if bad.packets or ((began_with_sound or must_begin_with_sound(self._container)) and missing_s >= HOLE_S):
            reason = missing_reason(bad, self.container, is_file=self._timeout_s is None)
            if isinstance(self._read_beside, AviChunks) and self._read_beside.is_damaged and not bad.packets:
                reason = DAMAGED
            yield MissingAudio(began, layout.at, reason)

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        guard = self._guard("cannot be read any further")
        if self._timeout_s is not None:
            return received_packets(self._container.demux(self._stream), guard, lambda: self.endless)
        return stored_packets(lambda: self._container.demux(self._stream), guard)

    def _guard(self, action: str) -> DecodingGuard:
        return DecodingGuard(self._name, action, self._timeout_s)
