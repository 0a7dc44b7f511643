"""What was recorded held against what was played: where it begins, how alike it is, whether a piece is gone or doubled.

Pure functions over mono s16le at one rate.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

WINDOW_MS = 500
QUIET = 0.05  # windows softer than this share of the whole have no shape to find again


@dataclass(frozen=True)
class Alignment:
    """How a recording lies on what was played.

    `lag`: the sample of the recording at which the played begins; negative when its beginning was missed.
    `correlation`: 1 for the same wave at any loudness; what is missing at either end counts as silence.
    `wander`: the farthest, in samples, that a window of 0.5 s lies from the lag of the whole; a steady recording has 0,
    a window found nowhere near counts as 0.5 s.
    """

    lag: int
    correlation: float
    wander: int


def alignment(played: bytes, recorded: bytes, rate: int = 16000) -> Alignment:
    """Find the played in the recorded, as a whole and window by window."""
    import numpy as np

    wanted, found = _samples(played), _samples(recorded)
    if not wanted.any() or not found.any():
        return Alignment(0, 0.0, 0)
    lag = int(np.argmax(_products(wanted, found))) - len(wanted) + 1
    there = _cut(found, lag, len(wanted))
    return Alignment(lag, _likeness(wanted, there), _wander(wanted, found, lag, rate * WINDOW_MS // 1000))


def _samples(pcm: bytes) -> "Samples":
    import numpy as np

    return np.frombuffer(pcm, "<i2").astype(np.float64)


def _products(wanted: "Samples", found: "Samples") -> "Samples":
    """Their product at every offset, from the first at which they touch; by Fourier transform, or it takes minutes."""
    import numpy as np

    count = len(wanted) + len(found) - 1
    size = 1 << (count - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(found, size) * np.fft.rfft(wanted[::-1], size), size)[:count]


def _cut(found: "Samples", begin: int, count: int) -> "Samples":
    """This many samples from there on, silence where there are none."""
    import numpy as np

    piece = found[max(0, begin) : max(0, begin + count)]
    return np.pad(piece, (before := min(count, max(0, -begin)), count - before - len(piece)))


def _likeness(one: "Samples", other: "Samples") -> float:
    import numpy as np

    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return round(float(one @ other) / size, 6) if size else 0.0


def _wander(wanted: "Samples", found: "Samples", lag: int, width: int) -> int:
    """Each window is looked for a window's length to either side of where it should be."""
    import numpy as np

    audible = float(np.sqrt(np.mean(wanted**2))) * QUIET
    farthest = 0
    for begin in range(0, len(wanted) - width + 1, width):
        window = wanted[begin : begin + width]
        if np.sqrt(np.mean(window**2)) < audible:
            continue
        around = _cut(found, begin + lag - width, 3 * width)
        fits = _products(window, around)[width - 1 : 3 * width]
        # By shape, not by size: a loud neighbour must not win over the softer original.
        energy = np.concatenate(([0.0], np.cumsum(around**2)))
        sizes = np.sqrt(np.maximum(energy[width:] - energy[:-width], 1.0))
        farthest = max(farthest, abs(int(np.argmax(fits / sizes)) - width))
    return farthest
