"""What `asr vocab` puts out: tables for people, fields with tabs between for pipes, JSON for programs."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from asrcli.cli.telling import tell
from asrcli.errors import UsageError
from asrcli.outputs.lines import Lines
from asrcli.outputs.text import harmless
from asrcli.protocol.customization import Vocabulary


@dataclass(frozen=True)
class Showing:
    """How the results are to be shown."""

    as_json: bool
    quiet: bool

    def all(self, vocabularies: Iterable[Vocabulary]) -> None:
        """Which lists there are."""
        found = list(vocabularies)
        if self.as_json:
            self._json([_described(each) for each in found])
        elif not sys.stdout.isatty():
            self._lines("\t".join(map(harmless, (each.id, each.status, each.created, each.modified))) for each in found)
        elif found:
            self._table(found)
        else:
            self.tell("no hot-word list here")

    def one(self, vocabulary: Vocabulary) -> None:
        """What is in a list, in a form that can be read again."""
        if self.as_json:
            described = _described(vocabulary)
            self._json(described | {"model": vocabulary.model, "words": [_word(each) for each in vocabulary.words]})
            return
        dates = f"{vocabulary.status}, created {vocabulary.created}, changed {vocabulary.modified}"
        self._lines(
            (f"# {harmless(vocabulary.id)}", f"# for {harmless(vocabulary.model)} only", f"# {harmless(dates)}")
        )
        for word in vocabulary.words:
            fields = (word.text, str(word.weight), word.language)
            self._lines(["\t".join(map(harmless, fields)).rstrip("\t")])

    def done(self, vocabulary_id: str, done: str) -> None:
        """What was done with a list; its id alone on standard output."""
        if self.as_json:
            self._json({"id": vocabulary_id, "done": done})
        else:
            self._lines([harmless(vocabulary_id)])

    def tell(self, words: str) -> None:
        """A line for a person."""
        if not self.quiet:
            tell(f"asr: {words}")

    @staticmethod
    def agreed(question: str) -> bool:
        """Whether the person at the terminal says yes.

        Raises:
            UsageError: there is nobody.
        """
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError("delete asks first, and here is nobody to ask", "add --yes")
        sys.stderr.write(f"asr: {harmless(question)} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def _json(self, value: Any) -> None:
        self._lines([json.dumps(value, ensure_ascii=False, indent=2)])

    @staticmethod
    def _lines(lines: Iterable[str]) -> None:
        output = Lines(None)
        for line in lines:
            output.write(line)

    @staticmethod
    def _table(vocabularies: Iterable[Vocabulary]) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0))
        for title in ("id", "status", "changed"):
            table.add_column(title, no_wrap=title == "id", overflow="fold")  # an id that is cut cannot be copied
        for each in vocabularies:
            table.add_row(*map(harmless, (each.id, each.status, each.modified)))
        Console(highlight=False, markup=False).print(table)


def _described(vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "id": vocabulary.id,
        "status": vocabulary.status,
        "created": vocabulary.created,
        "modified": vocabulary.modified,
    }


def _word(word: Any) -> dict[str, Any]:
    return {"text": word.text, "weight": word.weight} | ({"lang": word.language} if word.language else {})
