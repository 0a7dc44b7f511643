"""How often Python looks for garbage: while it looks at all objects, no thread runs, and no session sends audio."""

import gc

# New objects between two collections, then collections of a generation before the next. A thousand new objects are
# looked at in 1.5 ms; that long no thread runs.
THRESHOLDS = (1_000, 200, 20)


def collect_less_often() -> None:
    """Leave what is loaded by now out of every collection, and collect less often than Python does by itself.

    With 500 sessions in a process a collection of all objects takes about 100 ms. Python's own thresholds
    (700, 10, 10) bring one every few seconds, and one chunk of audio in ten is then more than 50 ms late. What is
    looked at in between is kept small: 10,000 new objects took 15 ms, and results came late by as much.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
