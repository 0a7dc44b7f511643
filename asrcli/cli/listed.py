"""What `asr vocab` puts out: tables for people, fields with tabs between for pipes, JSON for programs."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from asrcli.cli.printing import put, put_json, put_table, rows
from asrcli.cli.telling import tell
from asrcli.errors import UsageError
from asrcli.harmless import harmless
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
            put_json([_described(each) for each in found])
        elif not sys.stdout.isatty():
            rows((each.id, each.status, each.created, each.modified) for each in found)
        elif found:
            self._table(found)
        else:
            self.tell("no hot-word list here")

    def one(self, vocabulary: Vocabulary) -> None:
        """What is in a list, in a form that can be read again."""
        if self.as_json:
            described = _described(vocabulary)
            put_json(described | {"model": vocabulary.model, "words": [_word(each) for each in vocabulary.words]})
            return
        dates = f"{vocabulary.status}, created {vocabulary.created}, changed {vocabulary.modified}"
        put(f"# {vocabulary.id}", f"# for {vocabulary.model} only", f"# {dates}")
        for word in vocabulary.words:
            fields = (word.text, str(word.weight), word.language)
            rows([fields if word.language else fields[:2]])

    def done(self, vocabulary_id: str, done: str) -> None:
        """What was done with a list; its id alone on standard output."""
        if self.as_json:
            put_json({"id": vocabulary_id, "done": done})
        else:
            put(vocabulary_id)

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

    @staticmethod
    def _table(vocabularies: Iterable[Vocabulary]) -> None:
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0))
        for title in ("id", "status", "changed"):
            table.add_column(title, no_wrap=title == "id", overflow="fold")  # an id that is cut cannot be copied
        for each in vocabularies:
            table.add_row(*map(harmless, (each.id, each.status, each.modified)))
        put_table(table)


def _described(vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "id": vocabulary.id,
        "status": vocabulary.status,
        "created": vocabulary.created,
        "modified": vocabulary.modified,
    }


def _word(word: Any) -> dict[str, Any]:
    return {"text": word.text, "weight": word.weight} | ({"lang": word.language} if word.language else {})
