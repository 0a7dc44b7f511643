"""Writes a transcript as Markdown, in which no text from outside is markup."""

from asrcli.core.events import Began, Event, Final, Gap, Resumed
from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import INTO, clock, pause, spoken_text, translated
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.ordered_blocks import OrderedBlocks

MARK = "<!-- transcript -->"  # the first line, which readers do not show: by it such a file is known again
# With a backslash before it, each of these is an ordinary character in every reader of Markdown.
_MARKUP = lazy_pattern(r"([\\`*_{}\[\]<>#+~|&$!^=])")


class MarkdownTranscript:
    """An output that writes a heading for each source, and a paragraph for each final, gap and pause."""

    def __init__(self, lines: LineWriter, *, held: bool = False) -> None:
        self._lines = lines
        self._blocks = OrderedBlocks(lines, held=held)
        self._source: Began | None = None  # the last source that has a heading

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Write the heading of a source, or the paragraph of a final, a gap or a pause that has ended."""
        del transcript
        if isinstance(event, Began):
            self._head(event)
        elif isinstance(event, Gap):
            times = f"{clock(event.begin_ms)} → {clock(event.end_ms)}"
            self._write(event.begin_ms, f"\n> **{times}** {plain(spoken_text(event))}")
        elif isinstance(event, Resumed):
            self._write(event.begin_ms, f"\n> {plain(pause(event, None))}")
        elif isinstance(event, Final) and event.text.strip():
            self._write(event.begin_ms, _paragraph(event))

    def close(self) -> None:
        """Put the paragraphs into the order of their times, and close the file."""
        self._blocks.arrange()
        self._lines.close()

    def _write(self, begin_ms: int, block: str) -> None:
        self._blocks.write([(begin_ms, block)])

    def _head(self, began: Began) -> None:
        before = self._source
        name = plain(began.source)
        if before is None:
            self._lines.begin(
                f"{MARK}\n\n# {name}\n\n{plain(' · '.join(dict.fromkeys(filter(None, (began.model, began.engine)))))}"
            )
        elif began.source != before.source and began.begin_ms != before.begin_ms:  # sources at once have labels instead
            self._write(began.begin_ms, f"\n## {name}")
        else:
            return
        self._source = began


def plain(text: str) -> str:
    """Return the text on one line, with a backslash before each character that Markdown could take for markup."""
    return _MARKUP.sub(r"\\\1", harmless(text).strip())


def _paragraph(event: Final) -> str:
    speaker = ""
    if event.speaker.strip():
        speaker = f"**{plain(event.speaker)}:** "
    lines = [f"\n`{clock(event.begin_ms)}` {speaker}{plain(event.text)}"]
    if translation := translated(event):
        lines.append(f"\n> {INTO}{plain(translation)}")
    if heard := harmless(event.heard).strip():
        lines.append(f"\n> heard: {plain(heard)}")
    return "\n".join(lines)
