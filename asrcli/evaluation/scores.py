"""Counts the errors of an alignment, adds counts up, and estimates how certain a rate is. Pure; uses a fixed seed."""

import random
from collections.abc import Iterable, Sequence

from asrcli.core.dataclass import dataclass
from asrcli.evaluation.alignment import AlignedRun

RESAMPLES = 1000
MOST_UNITS = 400  # more segments are joined to this many, so that the time stays within a second
SEED = 20260101  # the same files give the same interval
COVERED = 0.95
FEWEST_UNITS = 5  # with fewer segments an interval would mean nothing


@dataclass(frozen=True, slots=True)
class Counts:
    """The errors of a comparison, in words or in characters.

    Attributes:
        reference: How many the reference has.
        substituted: How many of them are different in the transcript.
        deleted: How many of them are missing in the transcript.
        inserted: How many the transcript has beside those of the reference.
    """

    reference: int = 0
    substituted: int = 0
    deleted: int = 0
    inserted: int = 0

    @property
    def errors(self) -> int:
        """The sum of the three kinds."""
        return self.substituted + self.deleted + self.inserted

    @property
    def rate(self) -> float | None:
        """Errors per word of the reference, 1.0 for 100 %; may be more. None if the reference has no words."""
        if not self.reference:
            return None
        return self.errors / self.reference

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.reference + other.reference,
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
        )


def count(runs: Iterable[AlignedRun]) -> Counts:
    """Return the errors of an alignment."""
    total = Counts()
    for run in runs:
        total += _of_run(run.kind, run.ref_end - run.ref_begin, run.hyp_end - run.hyp_begin)
    return total


def count_by_segment(runs: Iterable[AlignedRun], segment_words: Sequence[int]) -> list[Counts]:
    """Return the errors of each segment of the reference, whose numbers of words are given.

    Words that are inserted between two segments belong to the first of them.
    """
    ends = []
    end = 0
    for words in segment_words:
        end += words
        ends.append(end)
    counts = [Counts() for _ in segment_words]
    number = 0
    for run in runs:
        at = run.ref_begin
        if run.kind == "insert":
            if counts:
                place = _segment_of(ends, max(0, at - 1), number)
                counts[place] += Counts(inserted=run.hyp_end - run.hyp_begin)
            continue
        while at < run.ref_end:
            number = _segment_of(ends, at, number)
            words = min(run.ref_end, ends[number]) - at
            counts[number] += _of_run(run.kind, words, words)
            at += words
    return counts


def _segment_of(ends: Sequence[int], word: int, first: int) -> int:
    """Return the segment that holds a word of the reference; `first` is one at or before it, if the word is in one."""
    while first > 0 and word < ends[first - 1]:
        first -= 1
    while first < len(ends) - 1 and word >= ends[first]:
        first += 1
    return first


def _of_run(kind: str, reference: int, hypothesis: int) -> Counts:
    if kind == "insert":
        return Counts(inserted=hypothesis)
    if kind == "delete":
        return Counts(reference, deleted=reference)
    if kind == "substitute":
        return Counts(reference, substituted=reference)
    return Counts(reference)


def interval(segments: Sequence[Counts]) -> tuple[float, float] | None:
    """Return the 95 % confidence interval of the rate, by resampling the segments (bootstrap).

    None if too few segments have words.
    """
    units = _joined([counts for counts in segments if counts.reference or counts.errors])
    if sum(counts.reference > 0 for counts in units) < FEWEST_UNITS:
        return None
    pairs = [(counts.errors, counts.reference) for counts in units]
    draw = random.Random(SEED)  # noqa: S311 - statistics, no secret
    rates = []
    for _ in range(RESAMPLES):
        sample = draw.choices(pairs, k=len(pairs))
        words = sum(reference for _, reference in sample)
        if words:
            rates.append(sum(errors for errors, _ in sample) / words)
    rates.sort()
    tail = (1 - COVERED) / 2
    return rates[round(tail * (len(rates) - 1))], rates[round((1 - tail) * (len(rates) - 1))]


def _joined(segments: Sequence[Counts]) -> list[Counts]:
    size = -(-len(segments) // MOST_UNITS) or 1
    return [sum(segments[at : at + size], Counts()) for at in range(0, len(segments), size)]
