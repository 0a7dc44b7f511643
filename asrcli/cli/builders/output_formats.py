"""One row for each format of the transcript: what writes it, and what such a file allows."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.options.values import OutputFormat
from asrcli.core.dataclass import dataclass
from asrcli.core.lazy_module import LazyModule
from asrcli.outputs.formatting import block
from asrcli.outputs.plain_text import PlainText

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.interfaces import Output
    from asrcli.outputs import caption_lines, csv_table, json_document, jsonl, markdown, subtitles
    from asrcli.outputs.html import transcript_page
    from asrcli.outputs.line_writer import LineWriter

    Stamp = Callable[[int], str] | None
else:  # most runs write text
    caption_lines = LazyModule("asrcli.outputs.caption_lines")
    csv_table = LazyModule("asrcli.outputs.csv_table")
    json_document = LazyModule("asrcli.outputs.json_document")
    jsonl = LazyModule("asrcli.outputs.jsonl")
    markdown = LazyModule("asrcli.outputs.markdown")
    subtitles = LazyModule("asrcli.outputs.subtitles")
    transcript_page = LazyModule("asrcli.outputs.html.transcript_page")


@dataclass(frozen=True)
class FormatRow:
    """A format of the transcript.

    Attributes:
        make: Makes the output from the options, the file and the function that formats times.
        appendable: A file of this format can be continued.
        subtitles: It has lines of limited length.
    """

    make: "Callable[[OutputBuilder, LineWriter, Stamp], Output]"
    appendable: bool = False
    subtitles: bool = False


def _text(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    if output_builder.template is None:
        return PlainText(lines, lambda event, _: block(event, stamp), partials=output_builder.partials)
    return PlainText(lines, subtitles.template(output_builder.template), partials=output_builder.partials)


def _jsonl(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    del stamp
    return jsonl.JsonLines(lines, partials=output_builder.partials, level=output_builder.level or 0)


def _timed_lines(name: OutputFormat, output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    """The formats of outputs/subtitles.py."""
    del stamp
    if name is OutputFormat.LRC:
        return PlainText(lines, subtitles.lrc)
    if name is OutputFormat.TSV:
        return subtitles.tsv_output(lines, translated=output_builder.translated)
    layout = caption_lines.CaptionLayout(
        output_builder.max_line or caption_lines.MAX_LINE, output_builder.max_lines or caption_lines.MAX_LINES
    )
    return subtitles.Subtitles(lines, name.value, layout, held=output_builder.atomic)


def _csv(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    del output_builder, stamp
    return PlainText(lines, csv_table.csv_row, head=csv_table.HEAD)


def _markdown(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    del stamp
    return markdown.MarkdownTranscript(lines, held=output_builder.atomic)


def _json(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    del output_builder, stamp
    return json_document.JsonDocument(lines)


def _html(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    del stamp
    path = dict(zip(output_builder.formats, output_builder.paths(), strict=False)).get(OutputFormat.HTML, "-")
    folder = Path()
    if path != "-":
        folder = Path(path).resolve().parent
    return transcript_page.TranscriptPage(lines, output_builder.audio_of or (lambda _: None), folder)


FORMATS = {
    OutputFormat.TEXT: FormatRow(_text, appendable=True),
    OutputFormat.JSONL: FormatRow(_jsonl, appendable=True),
    OutputFormat.SRT: FormatRow(partial(_timed_lines, OutputFormat.SRT), subtitles=True),
    OutputFormat.VTT: FormatRow(partial(_timed_lines, OutputFormat.VTT), subtitles=True),
    OutputFormat.ASS: FormatRow(partial(_timed_lines, OutputFormat.ASS), subtitles=True),
    OutputFormat.LRC: FormatRow(partial(_timed_lines, OutputFormat.LRC)),
    OutputFormat.TSV: FormatRow(partial(_timed_lines, OutputFormat.TSV)),
    OutputFormat.CSV: FormatRow(_csv),
    OutputFormat.MD: FormatRow(_markdown),
    OutputFormat.JSON: FormatRow(_json),
    OutputFormat.HTML: FormatRow(_html),
}
APPENDABLE = {name for name, row in FORMATS.items() if row.appendable}
SUBTITLES = {name for name, row in FORMATS.items() if row.subtitles}
