"""How often Python looks for garbage: while it looks at all objects, no thread runs, and no session sends audio."""

import gc

Thresholds = tuple[int, int, int]
# New objects between two collections, then collections of a generation before the next one is looked at too. With 500
# sessions 3,000 objects take 2 ms, and 10,000 take 4, and sometimes 18; results come late by as much.
THRESHOLDS: Thresholds = (3_000, 70, 20)
# Of a server, whose clients all wait meanwhile: 2 ms for 10,000 objects, and 10 ms for the 50,000 of 20 collections.
SERVER_THRESHOLDS: Thresholds = (2_500, 5, 40)


def collect_less_often(thresholds: Thresholds = THRESHOLDS) -> None:
    """Leave what is loaded by now out of every collection, and collect less often than Python does by itself.

    With 500 sessions in a process a collection of all objects takes about 100 ms. Python's own thresholds
    (700, 10, 10) bring one every few seconds, and one chunk of audio in ten is then more than 50 ms late.
    """
    gc.freeze()
    gc.set_threshold(*thresholds)
