"""Takes the PCM out of a stream that a client announces as pcm or wav: a RIFF header is left out. Pure."""

from struct import Struct

FORMAT = Struct("<HHI6xH")  # tag, channels, rate, (bytes per second, bytes per sample of all channels), bits
MAX_HEADER_BYTES = 1 << 16
PCM_TAG, EXTENSIBLE_TAG = 1, 0xFFFE  # of samples that are whole numbers
FIRST_CHUNK = 12  # after RIFF, its size and WAVE; each chunk has a name and a size, and is padded to an even length


class WavStream:
    """Takes pieces of a stream and returns pieces of PCM.

    A header may be cut anywhere. A stream that is announced as pcm may have one too.

    Attributes:
        described: What the header says of the samples: tag, channels, rate in Hz, bits; None where it does not.
    """

    def __init__(self) -> None:
        self.described: tuple[int, int, int, int] | None = None
        self._head: bytearray | None = bytearray()  # None once the PCM has begun
        self._at = FIRST_CHUNK  # where the next chunk of the header begins

    @property
    def has_begun(self) -> bool:
        """Whether the header is over, if there is one."""
        return self._head is None

    def needs_decoder(self, rate: int) -> bool:
        """Whether the samples are something else than 16 bits, mono, at this rate, by the header."""
        if self.described is None:
            return False
        tag, *samples = self.described
        if 0 in samples:  # whoever wrote the header did not know
            return False
        return tag not in {PCM_TAG, EXTENSIBLE_TAG} or samples != [1, rate, 16]

    def pcm(self, piece: bytes) -> bytes:
        """Return the PCM in the next piece."""
        if self._head is None:
            return piece
        self._head += piece
        at = self._data_offset(self._head)
        if at is None and len(self._head) < MAX_HEADER_BYTES:
            return b""
        data = bytes(self._head[at or 0 :])
        self._head = None
        return data

    def rest(self) -> bytes:
        """Return the bytes that were held back for a header, at the end of the stream."""
        rest = bytes(self._head or b"")
        self._head = None
        if rest.startswith(b"RIFF"):
            return b""
        return rest

    def _data_offset(self, head: bytearray) -> int | None:
        """Return where the PCM begins: 0 without a header, None while that is not known."""
        if not b"RIFF".startswith(head[:4]) and not head.startswith(b"RIFF"):
            return 0
        while len(head) >= self._at + 8:
            if head[self._at : self._at + 4] == b"data":
                return self._at + 8
            size = int.from_bytes(head[self._at + 4 : self._at + 8], "little")
            if head[self._at : self._at + 4] == b"fmt " and size >= FORMAT.size:
                if len(head) < self._at + 8 + FORMAT.size:
                    return None
                self.described = FORMAT.unpack_from(head, self._at + 8)
            self._at += 8 + size + size % 2
        return None
