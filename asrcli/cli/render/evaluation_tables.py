"""The result of `asr eval`: a table, the alignment with its errors marked, or JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from asrcli.cli.render.stdout import print_json, print_lines
from asrcli.cli.render.tables import print_table, print_texts
from asrcli.core.printable import harmless, quantity
from asrcli.evaluation.aligned_text import MarkedWords, aligned_lines
from asrcli.evaluation.comparison import Comparison, Spread, Total
from asrcli.evaluation.report_page import percent
from asrcli.evaluation.scores import Counts


def print_evaluation(comparisons: Sequence[Comparison], total: Total, normalization: str) -> None:
    """Print the table of all files, the times of captions, and what was made equal."""
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    for title in ("words", "sub", "del", "ins", "WER", "CER"):
        table.add_column(title, justify="right", no_wrap=True)
    for comparison in comparisons:
        name = harmless(comparison.name)
        if comparison.missing:
            name += " (no transcript)"
        table.add_row(name, *_cells(comparison.words, comparison.characters))
    if len(comparisons) > 1:
        table.add_section()
        table.add_row(quantity(len(comparisons), "file"), *_cells(total.words, total.characters))
    print_table(table)
    if total.interval is not None:
        low, high = total.interval
        print_lines(f"WER {percent(total.words.rate)}, with 95 % confidence between {percent(low)} and {percent(high)}")
    for what, spread in (("begin", total.begins), ("end", total.ends)):
        if spread is not None:
            print_lines(_times(what, spread))
    print_lines(f"made equal before the comparison: {normalization}")


def _cells(words: Counts, characters: Counts) -> list[str]:
    numbers = (words.reference, words.substituted, words.deleted, words.inserted)
    return [*map(str, numbers), percent(words.rate), percent(characters.rate)]


def _times(what: str, spread: Spread) -> str:
    return (
        f"captions {what} {spread.median_ms / 1000:+.2f} s from the reference (median of {spread.number}), "
        f"95 % within {spread.p95_ms / 1000:.2f} s"
    )


def print_alignments(comparisons: Sequence[Comparison]) -> None:
    """Print the words of each file, one line for each segment of its reference, with the errors marked."""
    for comparison in comparisons:
        lines = [_line(line) for line in aligned_lines(comparison)]
        print_texts([Text(f"== {harmless(comparison.name)}", style="bold"), *lines, Text()])


def _line(words: Sequence[MarkedWords]) -> "Text":
    return Text(" ").join(_marked(piece) for piece in words)


def _marked(words: MarkedWords) -> "Text":
    """Return words with their errors, which can be told apart without colours: [-missing-], {+added+}, {was→is}."""
    reference, hypothesis = harmless(words.reference), harmless(words.hypothesis)
    if words.kind == "delete":
        return Text(f"[-{reference}-]", style="red")
    if words.kind == "insert":
        return Text(f"{{+{hypothesis}+}}", style="green")
    if words.kind == "substitute":
        return Text(f"{{{reference}→{hypothesis}}}", style="yellow")
    return Text(hypothesis)


def print_evaluation_json(
    comparisons: Sequence[Comparison], total: Total, normalization: str, without_reference: Sequence[str]
) -> None:
    """Print everything as one JSON object. Rates are 1.0 for 100 %; times are milliseconds."""
    low, high = total.interval or (None, None)
    print_json(
        {
            "normalization": normalization,
            **_rates(total.words, total.characters),
            "wer_low": _rounded(low),
            "wer_high": _rounded(high),
            "begin": _spread(total.begins),
            "end": _spread(total.ends),
            "files": [
                {
                    "name": comparison.name,
                    "missing": comparison.missing,
                    **_rates(comparison.words, comparison.characters),
                    "begin": _spread(Spread.of(comparison.begins)),
                    "end": _spread(Spread.of(comparison.ends)),
                }
                for comparison in comparisons
            ],
            "without_reference": list(without_reference),
        }
    )


def _rates(words: Counts, characters: Counts) -> dict[str, Any]:
    return {
        "wer": _rounded(words.rate),
        "cer": _rounded(characters.rate),
        "words": words.reference,
        "substituted": words.substituted,
        "deleted": words.deleted,
        "inserted": words.inserted,
        "characters": characters.reference,
        "character_errors": characters.errors,
    }


def _rounded(rate: float | None) -> float | None:
    if rate is None:
        return None
    return round(rate, 6)


def _spread(spread: Spread | None) -> dict[str, int] | None:
    if spread is None:
        return None
    return {"captions": spread.number, "median_ms": spread.median_ms, "p95_ms": spread.p95_ms}
