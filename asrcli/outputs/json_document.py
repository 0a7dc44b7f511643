"""Writes a transcript as one JSON document: its entries while the run goes on, then its sources and the account."""

from dataclasses import asdict
from typing import Any

from asrcli.core.events import Began, Ended, Event, Final, Gap, Paused, Resumed
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import as_json
from asrcli.outputs.jsonl import JsonLines
from asrcli.outputs.line_writer import LineWriter

DOCUMENT_VERSION = 1


class JsonDocument(JsonLines):
    """An output that writes one document, whose parts have the shapes of JSON Lines.

    The document is an object: `type` (transcript), `version`, `entries` (finals, gaps and pauses, each on a line of its
    own and in the order in which it was decided), `sources` (the beginnings), and `end` (the account; null if the run
    did not end normally).
    """

    def __init__(self, lines: LineWriter) -> None:
        super().__init__(lines, partials=False)
        self._sources: list[dict[str, Any]] = []
        self._end: dict[str, Any] | None = None
        self._entries = 0

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Write the entry of a final, a gap or a pause that has ended; remember sources and the account."""
        if not isinstance(event, Began | Ended | Final | Gap | Resumed | Paused):
            return
        described = self._described(event, transcript)
        if isinstance(event, Began):
            self._open()
            self._sources.append(_without_type(described or {}))
        elif isinstance(event, Ended):
            self._end = _without_type(described or {})
        elif isinstance(event, Resumed):  # one entry for a pause: its beginning alone says too little
            self._add({"type": "pause", **asdict(event)})
        elif described is not None and not isinstance(event, Paused):
            self._add(described)

    def close(self) -> None:
        """Write the sources and the account, and close the file."""
        with self._lines.closed_after():
            if self._sources:
                self._lines.write(f'], "sources": {as_json(self._sources)}, "end": {as_json(self._end)}}}')

    def _open(self) -> None:
        if not self._sources:
            self._lines.begin(f'{{"type": "transcript", "version": {DOCUMENT_VERSION}, "entries": [')

    def _add(self, entry: dict[str, Any]) -> None:
        separator = "," if self._entries else " "
        self._entries += 1
        self._lines.write(f"{separator} {as_json(entry)}")


def _without_type(described: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in described.items() if key not in {"type", "version"}}
