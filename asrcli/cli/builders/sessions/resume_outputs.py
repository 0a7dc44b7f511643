"""From a journal to outputs that continue where its transcript ends."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from asrcli.cli.builders import outputs as show
from asrcli.cli.builders.open_outputs import open_outputs
from asrcli.cli.builders.output_formats import APPENDABLE
from asrcli.cli.builders.outputs import OutputBuilder
from asrcli.cli.builders.page_audio import with_resumed
from asrcli.cli.builders.sessions.left_transcripts import belongs_to_others, can_be_rewritten, repaired_part
from asrcli.cli.builders.sessions.recorded_length import holds_no_sentence, lacks_recorded, recorded_bytes
from asrcli.cli.builders.transcript_names import SUFFIXES
from asrcli.cli.console import print_message
from asrcli.cli.options.values import OutputFormat, TimestampStyle
from asrcli.core.errors import OutputError
from asrcli.journal.continued_outputs import ContinuedOutput, RewrittenOutput, has_gaps_to_fill
from asrcli.outputs.event_log import EventLog
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.output_paths import is_device
from asrcli.outputs.overwrite_check import check_overwrite
from asrcli.outputs.plain_text import StatusLines

if TYPE_CHECKING:
    from asrcli.cli.builders.open_outputs import Closable
    from asrcli.core.interfaces import Output
    from asrcli.journal.reading import Journal


class ResumedFile(NamedTuple):
    """How the output to one file of the session continues.

    Attributes:
        builder: Makes the output.
        finished: A file and its .part file, which gets the name of the file at the end without further text.
        rewrites: The output gets the earlier transcript too.
    """

    builder: OutputBuilder
    finished: tuple[Path, Path] | None = None
    rewrites: bool = False


@contextmanager
def resumed_outputs(
    journal: "Journal", level: int | None, extra_outputs: "Sequence[Output]", base_ms: int = 0, *, begun: bool = True
) -> "Iterator[list[Output]]":
    """Open the outputs of the session, each of which continues where it ended, and a live view; then `extra_outputs`.

    A .part file of the session gets its final name at the end. Times are `base_ms` later. If the session has not
    `begun` its files, they are new.

    Raises:
        OutputError: a file cannot be written.
    """
    from asrcli.outputs.terminal_view import TerminalView

    with ExitStack() as stack:
        made: list[Output] = []
        written: list[LineWriter] = []
        closing: list[Closable] = []
        for number, file in enumerate(_output_builders(journal, level, begun=begun)):
            output_builder = with_resumed(file.builder, journal, base_ms)
            since_ms = _since_ms(journal, output_builder.stamp)
            outputs, lines = show.outputs(output_builder, stack)
            written += lines
            closing += outputs
            if file.finished is not None:
                target, part = file.finished
                written.append(LineWriter(str(target), onto=part))
                closing.append(written[-1])
                written[-1].begin()
            for output in outputs:
                if isinstance(output, EventLog) and number:
                    continue
                whole = output
                if not isinstance(output, EventLog | StatusLines):
                    is_view = isinstance(output, TerminalView)
                    if since_ms and (is_view or output_builder.formats == (OutputFormat.TEXT,)):
                        whole = ContinuedOutput(whole, 0, since_ms)  # the others do not show the time of day
                    if file.rewrites and not is_view:
                        whole = RewrittenOutput(whole, journal, partial(_supersede, lines))
                made.append(ContinuedOutput(whole, journal.highest, base_ms))
        stack.enter_context(open_outputs(closing, written))
        yield [*made, *extra_outputs]


def _supersede(lines: "Sequence[LineWriter]") -> None:
    for each in lines:
        each.supersede()


def paths(journal: "Journal") -> list[str]:
    """The files that the session wrote; names that no file can have are left out."""
    return [path for path in _listed(journal.header.showing, "paths") if "\0" not in path]


def _output_builders(journal: "Journal", level: int | None, *, begun: bool = True) -> list[ResumedFile]:
    """How each file continues, the first one with the status; without files there is a single output."""
    stored = journal.header.showing
    formats = tuple(OutputFormat(name) for name in _listed(stored, "formats") if name in list(OutputFormat))
    formats = formats or (OutputFormat.TEXT,)
    common = OutputBuilder(
        formats=formats,
        partials=stored.get("partials") is True,
        stamp=next((stamp for stamp in TimestampStyle if stamp == stored.get("stamp")), None),
        template=_of(stored, "template", str),
        capitalize=stored.get("capitalize") is True,
        max_line=_within(stored, "max_line", range(10, 201)),
        max_lines=_within(stored, "max_lines", range(1, 5)),
        embed_audio=stored.get("embed_audio") is True,
        level=level,
        translated=journal.header.asked.both_texts,
    )
    files = paths(journal)
    if len(files) != len(formats):
        return [ResumedFile(common)]

    made: list[ResumedFile] = []
    for number, (name, path) in enumerate(zip(formats, map(Path, files), strict=True)):
        _check(path, name)
        one = replace(common, formats=(name,), level=None)
        if number == 0:
            one = replace(one, level=level)
        made.append(_file_builder(one, path, name, journal, begun=begun))
    return made


def _file_builder(
    one: OutputBuilder, path: Path, name: OutputFormat, journal: "Journal", *, begun: bool
) -> ResumedFile:
    """Decide how a file continues: in place, written again, or in a file beside it if it cannot be changed."""
    one = replace(one, path=str(path))
    append = journal.header.showing.get("append") is True
    part = repaired_part(path, journal)
    onto: tuple[str, ...] = ()
    finished: tuple[Path, Path] | None = None
    if part is not None:
        onto = (str(part),)
        finished = path, part
    if not begun and part is not None and holds_no_sentence(part, one):
        return ResumedFile(replace(one, onto=onto, onto_bytes=(0,)))
    if not begun:
        return ResumedFile(replace(one, append=append))
    failed = str(path) in journal.failed and not is_device(path)
    may_rewrite = not append and can_be_rewritten(path, part, journal)
    is_untrue = name not in APPENDABLE or has_gaps_to_fill(journal)  # after the rest is appended
    if may_rewrite and (failed or is_untrue or lacks_recorded(part or path, one, journal)):
        return ResumedFile(replace(one, onto=onto, rewrite=True), rewrites=True)
    if failed:
        print_message(f"asr: {path} cannot be rewritten: the whole transcript is written to {_beside(path)}")
        return ResumedFile(replace(one, path=str(_beside(path))), rewrites=True)
    if name not in APPENDABLE:
        print_message(f"asr: {path} cannot be rewritten: the rest is written to {_beside(path)}")
        return ResumedFile(replace(one, path=str(_beside(path))), finished)
    if part is not None:
        return ResumedFile(replace(one, onto=onto, onto_bytes=(recorded_bytes(part, one, journal),)))
    if belongs_to_others(path, journal):
        print_message(f"asr: something else has written to {path}: the rest is written to {_beside(path)}")
        return ResumedFile(replace(one, path=str(_beside(path))))
    onto_bytes = None
    if path.is_file():
        onto_bytes = recorded_bytes(path, one, journal)
    return ResumedFile(replace(one, append=True, onto_bytes=(onto_bytes,)))


def _check(path: Path, name: OutputFormat) -> None:
    """Refuse to append to, or replace, a file that is no longer such a transcript.

    Raises:
        OutputError: it is not.
    """
    ends = {each.value: suffix for each, suffix in SUFFIXES.items()}
    if problem := check_overwrite(path, name.value, ends, free=True):
        raise OutputError(str(path), problem)


def _beside(path: Path) -> Path:
    """A file name in the same folder that is free: NAME.resumed.srt."""
    for number in chain([""], count(2)):
        name = path.with_name(f"{path.stem}.resumed{number}{path.suffix}")
        if not name.exists():
            return name
    raise AssertionError


def _since_ms(journal: "Journal", stamp: TimestampStyle | None) -> int:
    """The time from now to the start of the session, in milliseconds: negative; 0 if no time of day is shown."""
    if stamp is not TimestampStyle.CLOCK:
        return 0
    try:
        return round(
            (datetime.fromisoformat(journal.header.begun) - datetime.now().astimezone()).total_seconds() * 1000
        )
    except (ValueError, TypeError, OverflowError):
        return 0


def _listed(stored: Mapping[str, Any], name: str) -> list[str]:
    value = stored.get(name)
    if not isinstance(value, list | tuple):
        return []
    return [str(each) for each in value]


def _within(stored: Mapping[str, Any], name: str, bounds: range) -> int | None:
    value = _of(stored, name, int)
    if value not in bounds:
        return None
    return int(value)


def _of(stored: Mapping[str, Any], name: str, kind: type) -> Any:
    value = stored.get(name)
    if not isinstance(value, kind):
        return None
    return value
