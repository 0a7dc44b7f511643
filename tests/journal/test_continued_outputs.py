"""Outputs of a session that is continued."""

from pathlib import Path

from asrcli.core.events import Event, Final
from asrcli.core.transcript import Transcript
from asrcli.journal.continued_outputs import RewrittenOutput
from asrcli.journal.reading import Journal
from tests.support.journals import began, final, hear, session, spoken


class Listed:
    """An output that keeps the texts of finals."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Keep the text of a final."""
        del transcript
        if isinstance(event, Final):
            self.texts.append(event.text)

    def close(self) -> None:
        """Nothing is open."""


def test_a_new_file_gets_what_was_said_before_once_however_many_sources_begin(tmp_path: Path) -> None:
    """Each speaker of a continued run begins, and begins again after a renewal: the earlier text stands once, first."""
    journal = Journal.open(session(tmp_path, spoken(0, 500), [began(), final(0, 200, "one"), final(200, 400, "two")]))
    output, marks = Listed(), list[str]()
    rewritten = RewrittenOutput(output, journal, lambda: marks.append(" ".join(output.texts)))
    hear(rewritten, [began(400, "Anna"), final(400, 450, "three"), began(400, "Ben"), final(450, 500, "four")])
    assert output.texts == ["one", "two", "three", "four"]
    assert marks == ["one two"]
