"""A synthetic library of a thousand hours in Chinese and English, and how long searches in it take.

Words are drawn by Zipf's law, half of the hours in each language: 3000 characters in words of one to four, and English
words of two to twelve letters. Searches are of every kind: a character, a word, a part of one, a phrase, several words,
and what is not there.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.events import Began, Event, Final
from asrcli.library.library_entry import LibraryEntry
from asrcli.library.library_file import reading, write
from asrcli.library.search_text import search_terms
from asrcli.library.transcript_library import insert
from asrcli.library.transcript_search import matches
from tests.bench.measure import OURS, Limit, Row

if TYPE_CHECKING:
    from sqlite3 import Connection

HOUR_MS = 3_600_000
SENTENCE_MS = 8000
CHARACTERS_PER_S, WORDS_PER_S = 4.5, 2.5
LIMIT = 20  # what the command shows
HOURS, SEARCHES = 1000, 600
P95_MS = 100.0


class SyntheticSpeech:
    """Words by Zipf's law: Chinese ones of one to four characters, English ones of two to ten letters."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        characters = [chr(0x4E00 + number) for number in self._random.sample(range(20_000), 3000)]
        syllables = [
            *"aeiou",
            "ta",
            "re",
            "in",
            "on",
            "er",
            "al",
            "st",
            "ne",
            "ro",
            "ma",
            "li",
            "de",
            "gra",
            "phi",
            "ent",
            "ing",
        ]
        self._chinese = self._vocabulary(
            40_000,
            lambda: "".join(self._zipf_choice(characters) for _ in range(self._random.choice((1, 2, 2, 2, 3, 4)))),
        )
        self._english = self._vocabulary(
            40_000, lambda: "".join(self._random.choices(syllables, k=self._random.choice((1, 2, 2, 3, 3, 4))))
        )

    def _vocabulary(self, size: int, make: Callable[[], str]) -> tuple[list[str], list[float]]:
        words = list(dict.fromkeys(make() for _ in range(size)))
        return words, list(accumulate(1 / (rank + 3) for rank in range(len(words))))

    def _zipf_choice(self, items: Sequence[str]) -> str:
        return items[min(len(items) - 1, int(len(items) ** self._random.random()) - 1)]

    def sentence(self, *, chinese: bool) -> str:
        """About eight seconds of speech."""
        words, weights = self._chinese if chinese else self._english
        if chinese:
            chosen = self._random.choices(words, cum_weights=weights, k=int(SENTENCE_MS / 1000 * CHARACTERS_PER_S / 2))
            return "".join(chosen[:8]) + "，" + "".join(chosen[8:]) + "。"
        chosen = self._random.choices(words, cum_weights=weights, k=int(SENTENCE_MS / 1000 * WORDS_PER_S))
        return " ".join(chosen).capitalize() + "."

    def entries(self, hours: int) -> Iterator[LibraryEntry]:
        """Transcripts of an hour each, in Chinese and English by turns."""
        for hour in range(hours):
            finals: list[Event] = [Began(f"talk-{hour}.opus", "m", "", 0)]
            for begin_ms in range(0, HOUR_MS, SENTENCE_MS):
                finals.append(Final("", begin_ms, begin_ms + SENTENCE_MS, self.sentence(chinese=hour % 2 == 0)))
            when = f"20{20 + hour // 3000:02}{1 + hour // 300 % 10:02}{1 + hour // 12 % 25:02}-{hour % 12:02}0000"
            begun = f"{when[:4]}-{when[4:6]}-{when[6:8]}T{when[9:11]}:00:00+00:00"
            yield LibraryEntry(f"{when}-{hour:04x}", begun, tuple(finals))

    def queries(self, count: int) -> Iterator[list[str]]:
        """The arguments of searches, of every kind in turn."""
        for number in range(count):
            chinese = self.sentence(chinese=True).replace("，", "").replace("。", "")
            english = self.sentence(chinese=False).strip(".").split(" ")
            at = self._random.randrange(len(chinese) - 6)
            longest = max(english, key=len)
            yield [
                [chinese[at]],
                [chinese[at : at + 2]],
                [chinese[at : at + 4]],
                [chinese[at : at + 2], chinese[at - 3 : at - 1] or "的"],
                [self._random.choice(english)],
                [longest[1:-1]],
                [" ".join(english[2:4])],
                [english[3], longest],
                [longest[:3]],
                [self._random.choice(self._english[0])],
                [self._random.choice(self._chinese[0])],
                ["zzqx"],
            ][number % 12]


def fill(path: Path, speech: SyntheticSpeech, hours: int) -> None:
    """Write a library of this many hours in one transaction."""

    def work(connection: "Connection") -> None:
        for entry in speech.entries(hours):
            insert(connection, entry, kept=False)

    write(path, work, print)


def search_ms(path: Path, speech: SyntheticSpeech, count: int) -> list[float]:
    """How long each search takes in the open library, in milliseconds, sorted."""
    taken: list[float] = []
    with reading(path) as connection:
        for words in speech.queries(count):
            began = time.perf_counter()
            matches(connection, search_terms(words), LIMIT)
            taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def search_row(folder: Path) -> Row:
    """What 95 of 100 searches take at most in a library of a thousand hours; the query alone, without the program."""
    path = folder / "library.db"
    speech = SyntheticSpeech(7)
    fill(path, speech, HOURS)
    taken = search_ms(path, speech, SEARCHES)
    size_mb = path.stat().st_size / 1e6
    name = f"`asr search` in {HOURS} hours of transcripts ({size_mb:.0f} MB), the query, p95 of {SEARCHES}"
    return Row(name, "ms", {OURS: [taken[int(len(taken) * 0.95)]]}, ((Limit(P95_MS),),))
