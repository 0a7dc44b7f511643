"""G.711: the bytes of telephone audio as s16le PCM, by two tables for each of its two laws. Pure."""

from functools import cache

RATE = 8000  # Hz
MU_LAW, A_LAW = "audio/pcmu", "audio/pcma"
LAWS = (MU_LAW, A_LAW)
_MU_BIAS = 0x84
_SIGNS = (1, -1)  # by the highest bit


def decoded(law: str, data: bytes) -> bytes:
    """The PCM of these bytes, two bytes for each."""
    low, high = _tables(law)
    pcm = bytearray(2 * len(data))
    pcm[::2] = data.translate(low)
    pcm[1::2] = data.translate(high)
    return bytes(pcm)


@cache
def _tables(law: str) -> tuple[bytes, bytes]:
    """The low and the high byte of the sample that each byte means."""
    sample = {MU_LAW: _mu_sample, A_LAW: _a_sample}[law]
    table = b"".join(sample(byte).to_bytes(2, "little", signed=True) for byte in range(256))
    return table[::2], table[1::2]


def _mu_sample(byte: int) -> int:
    """Mu-law: the bits are inverted; sign, three bits of exponent, four of mantissa, above a bias."""
    bits = ~byte & 0xFF
    size = (((bits & 0x0F) << 3) + _MU_BIAS << (bits >> 4 & 7)) - _MU_BIAS
    return size * _SIGNS[bits >> 7]


def _a_sample(byte: int) -> int:
    """A-law: every other bit is inverted; the sign bit means a positive sample."""
    bits = byte ^ 0x55
    exponent = bits >> 4 & 7
    size = ((bits & 0x0F) << 4) + 8
    if exponent:
        size = size + 0x100 << exponent - 1
    return -size * _SIGNS[bits >> 7]
