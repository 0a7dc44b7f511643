"""What `asr vocab` prints: tables for people, fields between tabs for pipes, JSON for programs."""

import sys
from collections.abc import Iterable
from typing import Any

from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import print_json, print_lines, print_rows
from asrcli.cli.render.tables import new_table, print_table
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import OutputClosed, OutputError
from asrcli.core.printable import harmless
from asrcli.protocol.http.hotword_lists import HotWordList


@dataclass(frozen=True)
class HotWordListPrinter:
    """Prints hot-word lists and messages about them."""

    as_json: bool
    quiet: bool

    def print_all(self, vocabularies: Iterable[HotWordList]) -> None:
        """Print all lists."""
        found = list(vocabularies)
        if self.as_json:
            print_json([_described(each) for each in found])
        elif not sys.stdout.isatty():
            print_rows((each.id, each.status, each.created, each.modified) for each in found)
        elif found:
            self._table(found)
        else:
            self.message("no hot-word list here")

    def print_one(self, vocabulary: HotWordList) -> None:
        """Print the words of a list, in a form that `create`, `update` and `sync` can read."""
        if self.as_json:
            described = _described(vocabulary)
            print_json(described | {"model": vocabulary.model, "words": [_word(each) for each in vocabulary.words]})
            return
        dates = f"{vocabulary.status}, created {vocabulary.created}, changed {vocabulary.modified}"
        print_lines(f"# {vocabulary.id}", f"# for {vocabulary.model} only", f"# {dates}")
        for word in vocabulary.words:
            fields = [word.text, str(word.weight)]
            if word.language:
                fields.append(word.language)
            print_rows([fields])

    def print_done(self, vocabulary_id: str, done: str) -> None:
        """Print the ID of a list with which something was done; on standard error if standard output takes nothing."""
        try:
            if self.as_json:
                print_json({"id": vocabulary_id, "done": done})
            else:
                print_lines(vocabulary_id)
        except (OutputError, OutputClosed):  # nobody could use a list, or delete it, without its ID
            print_message(f"asr: {done}: {vocabulary_id}")
            raise

    def message(self, words: str) -> None:
        """Print a line for a person, unless --quiet is given."""
        if not self.quiet:
            print_message(f"asr: {words}")

    @staticmethod
    def _table(vocabularies: Iterable[HotWordList]) -> None:
        table = new_table()
        for title in ("id", "status", "changed"):
            table.add_column(title, no_wrap=title == "id", overflow="fold")  # an ID that is cut off cannot be copied
        for each in vocabularies:
            table.add_row(*map(harmless, (each.id, each.status, each.modified)))
        print_table(table)


def _described(vocabulary: HotWordList) -> dict[str, Any]:
    return {
        "id": vocabulary.id,
        "status": vocabulary.status,
        "created": vocabulary.created,
        "modified": vocabulary.modified,
    }


def _word(word: Any) -> dict[str, Any]:
    fields = {"text": word.text, "weight": word.weight}
    if word.language:
        fields["lang"] = word.language
    return fields
