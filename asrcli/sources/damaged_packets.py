"""Packets that cannot be decoded: how many, how long their sound was, and whether they were packets at all."""

from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet

_PADDING_BYTES = 512  # no packet has this many zeros in a row


@dataclass(slots=True)
class DamagedPackets:
    """Packets in a row that could not be decoded.

    Attributes:
        packets: How many.
        seconds: How long their sound is.
        silent: They are pauses in speech, which a speech codec does not store.
        padding: Zeros, if nothing follows them: how many of the packets, and how long they would be.
    """

    packets: int = 0
    seconds: float = 0.0
    silent: bool = False
    padding: tuple[int, float] = (0, 0.0)

    def note_zeros(self, packet: bytes, lost_s: float) -> None:
        """Note how much of the last packet, whose sound is `lost_s` long, is zeros that may be no sound at all."""
        zeros = len(packet) - len(packet.rstrip(b"\0"))
        packets, seconds = self.padding
        self.padding = 0, 0.0
        if zeros == len(packet):
            self.padding = packets + 1, seconds + lost_s
        elif zeros >= _PADDING_BYTES:  # a parser has joined them to the last packet
            self.padding = 0, lost_s * zeros / len(packet)

    def end(self) -> bool:
        """Count no zeros at the end of an input as damage, and return whether there are some."""
        packets, seconds = self.padding
        self.packets -= packets
        self.seconds -= seconds
        return seconds > 0


UNDAMAGED = DamagedPackets()  # never changed


class ByteRate:
    """How many bytes a second of sound takes, measured on the good packets."""

    def __init__(self, time_base: float, *, bare: bool) -> None:
        self._time_base = time_base
        self._bare = bare
        self._bytes = 0
        self._seconds = 0.0

    def add(self, packet: "Packet[AudioStream]", decoded: "list[AudioFrame]") -> None:
        """Add a good packet. Its own length counts: of the first packet the decoder leaves a part out."""
        self._bytes += packet.size
        if duration := packet.duration:
            self._seconds += duration * self._time_base
        else:
            self._seconds += sum(frame.samples / frame.sample_rate for frame in decoded)

    def lost_s(self, packet: "Packet[AudioStream]") -> float:
        """Return how long a bad packet is: by its size where a parser has joined all damaged data to one packet."""
        usual_s = (packet.duration or 0) * self._time_base
        if not self._bytes:
            return usual_s
        by_size_s = packet.size * self._seconds / self._bytes
        if self._bare or not usual_s or by_size_s > 2 * usual_s:
            return by_size_s
        return usual_s
