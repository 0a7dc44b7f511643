"""A source without what has text already."""

from collections.abc import Iterator
from pathlib import Path

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event, Final, Gap, Notice
from asrcli.core.interfaces import SourceWrapper, earlier_finals
from asrcli.core.transcript import Transcript
from asrcli.journal.reading import Journal
from asrcli.journal.source import SkippingSource, WholeOutput
from tests.support.journals import began, final, hear, session, spoken

RATE = Format(1000)  # a sample a millisecond


class Row:
    """A source of chunks of 100 ms, with what is said between them."""

    name, format, audio_format, begin_ms, realtime, speaker, label = "row", RATE, "pcm", 0, False, "", "row"

    def __init__(self, duration_ms: int | None, *items: Event) -> None:
        self.duration_ms, self._items = duration_ms, items

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """The events, then three chunks."""
        yield from self._items
        for number in range(3):
            yield Chunk(start + 100 * number, bytes([number + 1, 0]) * 100)


def test_only_what_is_behind_the_position_is_heard() -> None:
    """Audio from the sample on, gaps that reach behind it, and every other event."""
    early, late, notice = Gap(0, 100, "x"), Gap(0, 151, "x"), Notice("warning", "x")
    source = SkippingSource(Row(300, early, late, notice), 150)  # type: ignore[arg-type]
    assert (source.begin_ms, source.duration_ms) == (150, 150)
    first, second, *chunks = source.chunks(1000)
    assert [first, second] == [late, notice]
    assert [(chunk.position, len(chunk.pcm)) for chunk in chunks if isinstance(chunk, Chunk)] == [
        (1000, 100),
        (1050, 200),
    ]


def test_what_an_earlier_run_has_said_comes_with_the_source() -> None:
    """Also through a wrapper; a source that continues no run has nothing."""
    said = (Final("", 0, 140, "one"), Final("", 140, 160, "two", sure_ms=140))
    continued = SkippingSource(Row(300), 150, said)  # type: ignore[arg-type]
    assert earlier_finals(continued) == earlier_finals(SourceWrapper(continued)) == said  # type: ignore[arg-type]
    assert earlier_finals(Row(300)) == ()  # type: ignore[arg-type]


def test_a_length_that_nobody_knows_stays_unknown() -> None:
    """The rest of it is unknown too."""
    assert SkippingSource(Row(None), 150).duration_ms is None  # type: ignore[arg-type]


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
    whole = WholeOutput(output, journal, lambda: marks.append(" ".join(output.texts)))
    hear(whole, [began(400, "Anna"), final(400, 450, "three"), began(400, "Ben"), final(450, 500, "four")])
    assert output.texts == ["one", "two", "three", "four"]
    assert marks == ["one two"]
