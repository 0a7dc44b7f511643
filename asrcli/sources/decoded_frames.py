"""Packets to frames, each with the damage that lies before it. One bad packet never ends a file."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asrcli.core.errors import SourceError
from asrcli.sources.decoding_errors import TROUBLE

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet

AMR_PACKET_S = 0.02
UNDECODABLE = "cannot be decoded"
_JOINTS = (b"TAG", b"ID3", b"APETAGEX")  # what lies between files that are joined
_HEADERS = (b"Xing", b"Info", b"VBRI")
_LOOKED_AT = 200  # bytes of a packet in which such a header stands


@dataclass(slots=True)
class DamagedPackets:
    """Packets in a row that gave no sound; `silent`: there was none in them."""

    packets: int = 0
    seconds: float = 0.0
    silent: bool = False


GOOD = DamagedPackets()  # nothing is; never changed
Heard = tuple["AudioFrame | None", DamagedPackets]


def frames(
    packets: "Iterable[Packet[AudioStream]]",
    stream: "AudioStream",
    trouble: Callable[[str], AbstractContextManager[None]],
    left_out: "Callable[[Packet[AudioStream]], float] | None" = None,
    *,
    bare: bool = False,
) -> Iterator[Heard]:
    """Frames, each with what was bad before it; at last None with what was bad at the end.

    `left_out` tells how much sound the container says is not there before a packet.
    `bare` is a stream without a container: a parser finds its packets, and finds wrong ones in what is damaged.

    Raises:
        SourceError: made by `trouble` of what no further packet can mend.
    """
    from av.error import DecoderNotFoundError, FFmpegError

    bad: DamagedPackets | None = None
    pace = _Pace(float(stream.time_base or 1), bare=bare)
    amr = stream.codec_context.name.startswith("amr")
    for packet in packets:
        found: list[AudioFrame] = []
        if left_out is not None and (absent_s := left_out(packet)):
            bad = bad or DamagedPackets()
            bad.seconds += absent_s
        try:
            found = packet.decode()
        except DecoderNotFoundError:
            with trouble(UNDECODABLE):
                raise
        except FFmpegError:
            bad = bad or DamagedPackets()
            if amr:  # what a speech codec leaves out is silence, and its packets last equally long
                bad.seconds, bad.silent = bad.seconds + AMR_PACKET_S, True
            elif packet.size and not _is_joint(packet):
                bad.packets, bad.seconds = bad.packets + 1, bad.seconds + pace.lost_s(packet)
        except TROUBLE:
            with trouble(UNDECODABLE):
                raise
        if found:
            pace.heard(packet, found)
        for frame in found:
            yield frame, bad or GOOD
            bad = None
    yield None, bad or GOOD


class FrameLookahead:
    """Frames, of which the next one may be looked at before it is its turn."""

    def __init__(self, heard: Iterator[Heard]) -> None:
        self._heard = heard
        self._next: Heard | None = None
        self._error: SourceError | None = None

    def __iter__(self) -> Iterator[Heard]:
        while True:
            if self._next is not None:
                heard, self._next = self._next, None
            elif self._error is not None:
                raise self._error
            else:
                try:
                    heard = next(self._heard)
                except StopIteration:
                    return
            yield heard

    def time(self) -> float | None:
        """When the next begins, in the container's time; None where there is none."""
        if self._next is None and self._error is None:
            try:
                self._next = next(self._heard, None)
            except SourceError as exc:
                self._error = exc  # first what was read before it
        frame = self._next[0] if self._next is not None else None
        return None if frame is None else frame.time


class _Pace:
    """How many bytes a second takes, by the packets that were good."""

    def __init__(self, time_base: float, *, bare: bool) -> None:
        self._time_base, self._bare = time_base, bare
        self._bytes, self._seconds = 0, 0.0

    def heard(self, packet: "Packet[AudioStream]", found: "list[AudioFrame]") -> None:
        """Take what a good packet says of itself: of the first, the decoder leaves some out."""
        self._bytes += packet.size
        if duration := packet.duration:
            self._seconds += duration * self._time_base
        else:
            self._seconds += sum(frame.samples / frame.sample_rate for frame in found)

    def lost_s(self, packet: "Packet[AudioStream]") -> float:
        """How long a bad packet is. A parser makes one of all that it cannot read: then only its size tells."""
        usual_s = (packet.duration or 0) * self._time_base
        by_size_s = packet.size * self._seconds / self._bytes if self._bytes else usual_s
        return by_size_s if self._bare or not usual_s or by_size_s > 2 * usual_s else usual_s


def _is_joint(packet: "Packet[AudioStream]") -> bool:
    head = bytes(packet)[:_LOOKED_AT]
    # Such a header is in a whole frame. What fills the frames of an encoder may hold a name as well.
    is_frame = head[:1] == b"\xff"
    return head.startswith(_JOINTS) or (is_frame and any(name in head for name in _HEADERS))


def packet_s(packet: "Packet[AudioStream]") -> float:
    """How long a packet is that does not say so: several frames in one, where files are joined."""
    from av.error import FFmpegError

    with suppress(FFmpegError, *TROUBLE):
        return sum(frame.samples / frame.sample_rate for frame in packet.decode())
    return 0.0
