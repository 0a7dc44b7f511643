"""The alignment of a transcript as lines of marked words, one line for each segment of the reference. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from asrcli.core.dataclass import dataclass
from asrcli.evaluation.alignment import AlignedRun, Kind
from asrcli.evaluation.comparison import Comparison
from asrcli.evaluation.normalization import is_unspaced


@dataclass(frozen=True, slots=True)
class MarkedWords:
    """Neighbouring words of one kind: those of the reference and those of the transcript, as text."""

    kind: Kind
    reference: str
    hypothesis: str


def aligned_lines(comparison: Comparison) -> list[list[MarkedWords]]:
    """Return a line for each segment of the reference that has words, or one line if it has none at all."""
    lines: list[list[MarkedWords]] = []
    end = 0
    rest = list(comparison.runs)
    sizes = [segment.reference for segment in comparison.segments if segment.reference]
    for number, size in enumerate(sizes):
        end += size
        here, rest = _split(rest, end, last=number == len(sizes) - 1)
        lines.append(_marked(here, comparison))
    if rest:
        lines.append(_marked(rest, comparison))
    return lines


def _split(runs: Sequence[AlignedRun], end: int, *, last: bool) -> tuple[list[AlignedRun], list[AlignedRun]]:
    """Divide runs at a position of the reference. Insertions there stay in front of it."""
    if last:
        return list(runs), []
    front: list[AlignedRun] = []
    for number, run in enumerate(runs):
        if run.ref_begin >= end and run.kind != "insert":
            return front, list(runs[number:])
        if run.ref_end > end:
            words = end - run.ref_begin
            there = run.hyp_begin
            if run.kind != "delete":
                there += words
            front.append(AlignedRun(run.kind, run.ref_begin, end, run.hyp_begin, there))
            return front, [AlignedRun(run.kind, end, run.ref_end, there, run.hyp_end), *runs[number + 1 :]]
        front.append(run)
    return front, []


def _marked(runs: Iterable[AlignedRun], comparison: Comparison) -> list[MarkedWords]:
    return [
        MarkedWords(
            run.kind,
            spaced(comparison.reference[run.ref_begin : run.ref_end]),
            spaced(comparison.hypothesis[run.hyp_begin : run.hyp_end]),
        )
        for run in runs
    ]


def spaced(words: Iterable[str]) -> str:
    """Return words as one text, without a space between two characters of a script that has no spaces."""
    return "".join(_pieces(words))


def _pieces(words: Iterable[str]) -> Iterator[str]:
    last = ""
    for word in words:
        if last and not (is_unspaced(last[0]) and is_unspaced(word[0])):
            yield " "
        yield word
        last = word
