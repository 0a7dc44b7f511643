"""One row for each format of the transcript: what writes it, and what such a file allows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.options.values import OutputFormat
from asrcli.outputs.formatting import block
from asrcli.outputs.plain_text import PlainText

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.interfaces import Output
    from asrcli.outputs.line_writer import LineWriter

    Stamp = Callable[[int], str] | None


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
    from asrcli.outputs.subtitles import template

    return PlainText(lines, template(output_builder.template), partials=output_builder.partials)


def _jsonl(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    from asrcli.outputs.jsonl import JsonLines

    del stamp
    return JsonLines(lines, partials=output_builder.partials, level=output_builder.level or 0)


def _subtitles(name: OutputFormat) -> "Callable[[OutputBuilder, LineWriter, Stamp], Output]":
    def make(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
        from asrcli.outputs.caption_lines import MAX_LINE, MAX_LINES, CaptionLayout
        from asrcli.outputs.subtitles import Subtitles

        del stamp
        layout = CaptionLayout(output_builder.max_line or MAX_LINE, output_builder.max_lines or MAX_LINES)
        return Subtitles(lines, name.value, layout)

    return make


def _lrc(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    from asrcli.outputs.subtitles import lrc

    del output_builder, stamp
    return PlainText(lines, lrc)


def _tsv(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    from asrcli.outputs.subtitles import table

    del stamp
    return table(lines, translated=output_builder.translated)


def _csv(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    from asrcli.outputs.csv_table import HEAD, csv_row

    del output_builder, stamp
    return PlainText(lines, csv_row, head=HEAD)


def _markdown(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    from asrcli.outputs.markdown import MarkdownTranscript

    del output_builder, stamp
    return MarkdownTranscript(lines)


def _json(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    from asrcli.outputs.json_document import JsonDocument

    del output_builder, stamp
    return JsonDocument(lines)


def _html(output_builder: "OutputBuilder", lines: "LineWriter", stamp: "Stamp") -> "Output":
    from asrcli.outputs.html.transcript_page import TranscriptPage

    del stamp
    path = dict(zip(output_builder.formats, output_builder.paths(), strict=False)).get(OutputFormat.HTML, "-")
    folder = Path() if path == "-" else Path(path).resolve().parent
    return TranscriptPage(lines, output_builder.audio_of or (lambda _: None), folder)


FORMATS = {
    OutputFormat.TEXT: FormatRow(_text, appendable=True),
    OutputFormat.JSONL: FormatRow(_jsonl, appendable=True),
    OutputFormat.SRT: FormatRow(_subtitles(OutputFormat.SRT), subtitles=True),
    OutputFormat.VTT: FormatRow(_subtitles(OutputFormat.VTT), subtitles=True),
    OutputFormat.ASS: FormatRow(_subtitles(OutputFormat.ASS), subtitles=True),
    OutputFormat.LRC: FormatRow(_lrc),
    OutputFormat.TSV: FormatRow(_tsv),
    OutputFormat.CSV: FormatRow(_csv),
    OutputFormat.MD: FormatRow(_markdown),
    OutputFormat.JSON: FormatRow(_json),
    OutputFormat.HTML: FormatRow(_html),
}
APPENDABLE = {name for name, row in FORMATS.items() if row.appendable}
SUBTITLES = {name for name, row in FORMATS.items() if row.subtitles}
