"""Transcripts for tests of the library."""

import time

from asrcli.core.events import Began
from asrcli.library.library_entry import LibraryEntry
from asrcli.library.library_limits import LibraryLimits
from tests.support.journals import final

NONE = LibraryLimits()
DAY_S = 86_400
BEGUN_S = 1_795_561_501  # of an entry with the number 0


def entry(number: int, *texts: str, words: int = 0) -> LibraryEntry:
    """A transcript of one sentence a second, a day after the one with the number before."""
    finals = [final(1000 * at, 1000 * at + 900, text) for at, text in enumerate([*texts, *["word"] * words])]
    begun = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(BEGUN_S + number * DAY_S))
    return LibraryEntry(f"20261124-230501-{number:04x}", begun, (Began("a.wav", "m", "", 0), *finals))
