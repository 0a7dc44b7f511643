"""Makes Python look for garbage less often. While it looks at all objects, no thread runs and no audio is sent."""

import gc

Thresholds = tuple[int, int, int]
# How many objects more than at the last collection bring one, then collections of a generation before the next one is
# looked at too. Sessions make no garbage of the kind that only a collection finds, and one looks at all objects made
# since the last that are still there. With 500 sessions 3,000 more come twice in a second, and take 5 to 19 ms each
# time; 30,000 more come once in seven seconds, and took 52 ms.
THRESHOLDS: Thresholds = (50_000, 20, 20)
# Of a server, whose clients all wait meanwhile: 2 ms for 10,000 objects, and 10 ms for the 50,000 of 20 collections.
SERVER_THRESHOLDS: Thresholds = (2_500, 5, 40)


def collect_less_often(thresholds: Thresholds = THRESHOLDS) -> None:
    """Leave what is loaded by now out of every collection, and collect less often than Python does by itself.

    With 500 sessions in a process a collection of all objects takes about 100 ms. Python's own thresholds
    (700, 10, 10) bring one every few seconds, and one chunk of audio in ten is then more than 50 ms late.
    """
    gc.freeze()
    gc.set_threshold(*thresholds)
