"""Aligns the words of a transcript with those of its reference. The only importer of jiwer."""

from collections.abc import Sequence
from typing import Any, Literal

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError
from asrcli.core.install_advice import install_extra

Kind = Literal["equal", "substitute", "delete", "insert"]


@dataclass(frozen=True, slots=True)
class AlignedRun:
    """Neighbouring words of one kind: `reference[ref_begin:ref_end]` stands against `hypothesis[hyp_begin:hyp_end]`.

    A substitution has as many words on both sides; a deletion has none in the hypothesis, an insertion none in the
    reference.
    """

    kind: Kind
    ref_begin: int
    ref_end: int
    hyp_begin: int
    hyp_end: int


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[AlignedRun]:
    """Return the alignment with the fewest errors, in order; together the runs hold each word of both sides once.

    Raises:
        UsageError: jiwer is not installed.
    """
    jiwer = require_jiwer()
    if reference and hypothesis:
        # As numbers: the words may hold anything, and jiwer splits its texts at spaces.
        numbers: dict[str, str] = {}
        texts = [
            " ".join(numbers.setdefault(word, str(len(numbers))) for word in side) for side in (reference, hypothesis)
        ]
        chunks = jiwer.process_words(texts[0], texts[1]).alignments[0]
        return [
            AlignedRun(chunk.type, chunk.ref_start_idx, chunk.ref_end_idx, chunk.hyp_start_idx, chunk.hyp_end_idx)
            for chunk in chunks
        ]
    if reference:
        return [AlignedRun("delete", 0, len(reference), 0, 0)]
    if hypothesis:
        return [AlignedRun("insert", 0, 0, 0, len(hypothesis))]
    return []


def require_jiwer() -> Any:
    """Return the module jiwer.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import jiwer
    except ImportError as exc:
        raise UsageError("the comparison needs jiwer", install_extra("eval")) from exc
    return jiwer
