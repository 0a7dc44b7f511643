"""What a search has found: sentences with their places on the screen, or as JSON for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import PurePath
from typing import Any

from rich.text import Text

from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import print_json
from asrcli.cli.render.tables import print_texts
from asrcli.core.errors import shorten
from asrcli.core.printable import harmless
from asrcli.library.library_entry import LibrarySentence
from asrcli.library.library_file import library_path
from asrcli.library.search_text import search_terms
from asrcli.library.transcript_search import SearchHit, find_sentences
from asrcli.outputs.formatting import short_clock


def print_found(words: Sequence[str], limit: int, context: int, *, as_json: bool) -> None:
    """Search, and print at most `limit` sentences (0 for all of them), with `context` sentences on both sides.

    Raises:
        UsageError: there is nothing in the words that can be searched for.
        SourceError: the library cannot be read.
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    most: int | None = None
    if limit:
        most = limit + 1
    hits = find_sentences(library_path(), words, most, context)
    has_more = most is not None and len(hits) == most
    shown = hits[: limit or None]
    if as_json:
        print_json([_described(hit) for hit in shown])
        return
    if shown:
        print_texts(_lines(shown, search_terms(words)))
    else:
        print_message(f"asr: no transcript in the library contains {shorten(' '.join(words))}")
    if has_more:
        print_message("asr: there is more: --limit N shows more sentences, --limit 0 all of them")


def _described(hit: SearchHit) -> dict[str, Any]:
    around = {"before": list(map(_fields, hit.before)), "after": list(map(_fields, hit.after))}
    return {"session": hit.session, "begun": hit.begun, **_fields(hit.sentence), **around}


def _fields(sentence: LibrarySentence) -> dict[str, Any]:
    """A sentence with its times in the transcript, and as `source_ms` where it begins in its source."""
    fields = asdict(sentence)
    return {"source": fields.pop("source"), "source_ms": sentence.begin_ms - fields.pop("at_ms"), **fields}


def _lines(hits: Sequence[SearchHit], terms: list[str]) -> Iterator[Text]:
    """A heading for each transcript, its sentences by their time, and a blank line between two transcripts."""
    for number, (_, group) in enumerate(groupby(hits, key=lambda hit: hit.session)):
        found = sorted(group, key=lambda hit: (hit.sentence.begin_ms, hit.sentence.end_ms))
        if number:
            yield Text("")
        begun = found[0].begun[:16].replace("T", " ")
        yield Text(f"{found[0].session}  {begun}", "bold")
        is_hit = {hit.sentence for hit in found}
        around = {each: None for hit in found for each in (*hit.before, hit.sentence, *hit.after)}
        source = ""
        for sentence in sorted(around, key=lambda each: (each.begin_ms, each.end_ms)):
            if sentence.source != source:
                source = sentence.source
                yield Text(f"  {harmless(PurePath(source).name)}", "cyan")
            yield _line(sentence, terms * (sentence in is_hit))


def _line(sentence: LibrarySentence, terms: Sequence[str]) -> Text:
    line = Text("  ")
    if terms:
        line = Text("> ")
    line.append(short_clock(max(0, sentence.begin_ms - sentence.at_ms)), "dim")
    line.append("  ")
    if sentence.speaker:
        line.append(f"{sentence.speaker}: ", "dim")
    line.append_text(_marked(harmless(sentence.text), terms))
    if sentence.translation:
        line.append(" → ", "dim")
        line.append_text(_marked(harmless(sentence.translation), terms))
    if not terms:
        line.stylize("dim")
    return line


def _marked(text: str, terms: Sequence[str]) -> Text:
    """The text with the terms in it shown bold, where they stand in it as they are or in other case."""
    marked = Text(text)
    folded = text.casefold()
    if len(folded) != len(text):  # some letters become two
        folded = text
    for term in terms:
        begin = folded.find(term)
        while begin >= 0:
            marked.stylize("bold green", begin, begin + len(term))
            begin = folded.find(term, begin + len(term))
    return marked
