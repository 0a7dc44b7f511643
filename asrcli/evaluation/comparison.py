"""Compares a transcript with its reference: the errors in words and characters, and how far captions are off."""

from collections.abc import Iterable, Sequence

from asrcli.core.dataclass import dataclass, field
from asrcli.evaluation.alignment import AlignedRun, align
from asrcli.evaluation.normalization import Normalization
from asrcli.evaluation.scores import Counts, count, count_by_segment, interval
from asrcli.evaluation.transcript_files import Segment


@dataclass(frozen=True, slots=True)
class Offset:
    """How much later a time of the transcript is than that of the reference, `at_ms`; negative where it is earlier."""

    at_ms: int
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One transcript against its reference.

    Attributes:
        name: What the pair is called in tables.
        reference, hypothesis: The words of both sides, normalized.
        runs: Their alignment.
        segments: The errors in words of each segment of the reference.
        characters: The errors in characters.
        begins, ends: Offsets between captions and those of the reference with the same first or last word, in ms.
            Empty if one side has no times.
        missing: There is no transcript; all words count as deleted.
    """

    name: str
    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]
    runs: tuple[AlignedRun, ...]
    segments: tuple[Counts, ...]
    characters: Counts
    begins: tuple[Offset, ...] = ()
    ends: tuple[Offset, ...] = ()
    missing: bool = False

    @property
    def words(self) -> Counts:
        """The errors in words."""
        return sum(self.segments, Counts())


def compare(
    name: str, reference: Sequence[Segment], hypothesis: Sequence[Segment] | None, normalization: Normalization
) -> Comparison:
    """Compare a transcript with its reference; None stands for a transcript that is missing.

    Raises:
        UsageError: jiwer is not installed.
    """
    said = [normalization.words(segment.text) for segment in reference]
    found = [normalization.words(segment.text) for segment in hypothesis or ()]
    said_words = [word for words in said for word in words]
    found_words = [word for words in found for word in words]
    runs = align(said_words, found_words)
    segments = count_by_segment(runs, [len(words) for words in said])
    if not segments:
        segments = [count(runs)]
    begins, ends = _offsets(runs, _Captions.of(reference, said), _Captions.of(hypothesis or (), found))
    return Comparison(
        name,
        tuple(said_words),
        tuple(found_words),
        tuple(runs),
        tuple(segments),
        count(align(_characters(reference, normalization), _characters(hypothesis or (), normalization))),
        tuple(begins),
        tuple(ends),
        missing=hypothesis is None,
    )


def _characters(segments: Iterable[Segment], normalization: Normalization) -> list[str]:
    return [char for segment in segments for char in normalization.characters(segment.text)]


@dataclass(frozen=True, slots=True)
class _Captions:
    """The times at which captions begin and end, by the position of their first and of their last word."""

    begins: dict[int, int] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, segments: Sequence[Segment], words: Sequence[Sequence[str]]) -> "_Captions":
        begins, ends = {}, {}
        at = 0
        for segment, tokens in zip(segments, words, strict=True):
            if tokens and segment.begin_ms is not None:
                begins[at] = segment.begin_ms
            at += len(tokens)
            if tokens and segment.end_ms is not None:
                ends[at - 1] = segment.end_ms
        return cls(begins, ends)


def _offsets(runs: Iterable[AlignedRun], said: _Captions, found: _Captions) -> tuple[list[Offset], list[Offset]]:
    """Compare the times of captions that begin, or end, with the same word in the same place."""
    begins: list[Offset] = []
    ends: list[Offset] = []
    for run in runs:
        if run.kind != "equal":
            continue
        for offset in range(run.ref_end - run.ref_begin):
            here, there = run.ref_begin + offset, run.hyp_begin + offset
            if here in said.begins and there in found.begins:
                begins.append(Offset(said.begins[here], found.begins[there] - said.begins[here]))
            if here in said.ends and there in found.ends:
                ends.append(Offset(said.ends[here], found.ends[there] - said.ends[here]))
    return begins, ends


@dataclass(frozen=True, slots=True)
class Spread:
    """The spread of offsets in milliseconds: their median, and the size that 95 % of them do not exceed."""

    number: int
    median_ms: int
    p95_ms: int

    @classmethod
    def of(cls, offsets: Iterable[Offset]) -> "Spread | None":
        """Return the spread of offsets; None if there are none."""
        ordered = sorted(offset.offset_ms for offset in offsets)
        if not ordered:
            return None
        sizes = sorted(map(abs, ordered))
        return cls(len(ordered), ordered[(len(ordered) - 1) // 2], sizes[-(-len(sizes) * 95 // 100) - 1])


@dataclass(frozen=True, slots=True)
class Total:
    """All comparisons together: each word counts the same, in whichever file it is."""

    words: Counts
    characters: Counts
    interval: tuple[float, float] | None
    begins: Spread | None
    ends: Spread | None


def total(comparisons: Sequence[Comparison]) -> Total:
    """Return the sum of comparisons."""
    return Total(
        sum((one.words for one in comparisons), Counts()),
        sum((one.characters for one in comparisons), Counts()),
        interval([counts for one in comparisons for counts in one.segments]),
        Spread.of(offset for one in comparisons for offset in one.begins),
        Spread.of(offset for one in comparisons for offset in one.ends),
    )
