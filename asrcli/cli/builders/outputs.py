"""From options to outputs: the formats of the transcript, its files, and the live view."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.builders.live_view import drawn, into_pipe, is_pipe, screen_for
from asrcli.cli.builders.open_outputs import open_outputs
from asrcli.cli.builders.output_formats import APPENDABLE, FORMATS, SUBTITLES
from asrcli.cli.builders.transcript_names import OVERWRITE, SUFFIXES, check_earlier, check_origins, stems, with_suffixes
from asrcli.cli.console import print_message
from asrcli.cli.options.values import OutputFormat, TimestampStyle
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import OutputError, UsageError, bare_url, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.outputs.event_log import EventLog
from asrcli.outputs.formatting import clock, wall_clock
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.output_paths import check
from asrcli.outputs.overwrite_check import check_overwrite
from asrcli.outputs.plain_text import StatusLines
from asrcli.runs.run import HURRY_S, flatten_sources
from asrcli.terminal.interrupts import stop_requested, time_left_s

if TYPE_CHECKING:
    from asrcli.cli.builders import atomic_file
    from asrcli.core.interfaces import Output, Source
    from asrcli.outputs import capitalization, exec_command
    from asrcli.outputs.html.heard_audio import AudioOf
    from asrcli.runs.run import ConcurrentSources

    Opens = Callable[[], AbstractContextManager[list[Output]]]
else:
    atomic_file = LazyModule("asrcli.cli.builders.atomic_file")
    capitalization = LazyModule("asrcli.outputs.capitalization")
    exec_command = LazyModule("asrcli.outputs.exec_command")


@dataclass(frozen=True)
class OutputBuilder:
    """The formats of the transcript and where each is written.

    Attributes:
        formats: The formats, each once.
        path: The file; with several formats each adds its suffix. None is standard output.
        folder: Where one transcript for each source is written.
        files: The file of each format, if it does not follow from the path.
        onto: The .part file of each format that an earlier run left and that is continued; may be empty.
        onto_bytes: The size of each of them, or of each file that is appended to, that is kept; None keeps all of it.
        rewrite: The .part files are not continued, but written again from their start.
        append: The transcript is written after what its file holds.
        overwrite: Files may be replaced that are not transcripts, or are transcripts of another input.
        partials: Formats that can hold unfinished sentences hold them.
        stamp: The times in front of finals in text; None leaves them out.
        template: Formats finals in text; None for the usual form.
        capitalize: Sentences get a capital letter and a full stop.
        command: What --exec runs for each final; None for nothing.
        max_line: Width of a line of subtitles in cells; None for the default.
        max_lines: Lines of a subtitle; None for the default.
        plain: Nothing is redrawn on a terminal.
        level: How much status is printed; None is none.
        pace: How fast audio is sent, as times real time; None is as fast as it is taken.
        keys: For a microphone, whether there is a keyboard to control it; None for files.
        place: Which of several inputs is transcribed, as 3/20 and its name; empty for a single input.
        translated: There is a translation in addition to the text.
        audio_of: Finds the audio that a page can play; None if there is none.
        embed_audio: A page carries its audio with it.
        atomic: A file appears only as a whole: of a run that does not end in order nothing stays.
    """

    formats: tuple[OutputFormat, ...] = (OutputFormat.TEXT,)
    path: str | None = None
    folder: Path | None = None
    files: tuple[str, ...] = ()
    onto: tuple[str, ...] = ()
    onto_bytes: tuple[int | None, ...] = ()
    rewrite: bool = False
    append: bool = False
    overwrite: bool = False
    partials: bool = False
    stamp: TimestampStyle | None = None
    template: str | None = None
    capitalize: bool = False
    command: str | None = None
    max_line: int | None = None
    max_lines: int | None = None
    plain: bool = False
    level: int | None = 0
    pace: float | None = None
    keys: bool | None = None
    translated: bool = False
    place: str = ""
    audio_of: "AudioOf | None" = None
    embed_audio: bool = False
    atomic: bool = False

    def check(self, inputs: Sequence[str]) -> None:
        """Refuse options that contradict each other, and files that must not be replaced.

        Raises:
            UsageError: one of these.
        """
        self.check_options()
        self._check_files(inputs)

    def check_options(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            UsageError: some do.
        """
        to_file = self.path not in {None, "-"} or self.folder is not None
        if self.path is not None and self.folder is not None:
            raise UsageError("--output with --output-dir: one file or one for each input")
        if self.path is not None and self.path.endswith("/"):
            raise UsageError(f"--output {self.path} names a folder", "name a file, or use --output-dir")
        if len(self.formats) > 1 and not to_file:
            raise UsageError("several --format need --output", "name a file: each format adds its suffix")
        if self.append and not to_file:
            raise UsageError("--append without --output: standard output is never replaced")
        if self.append and (fixed := set(self.formats) - APPENDABLE):
            raise UsageError(f"--append with --format {min(fixed)}: such a file cannot be continued")
        text = OutputFormat.TEXT in self.formats
        if self.template is not None and (not text or self.stamp is not None):
            raise UsageError("--template is for --format text without --timestamps", "use {begin} and {end} in it")
        if self.partials and not text and OutputFormat.JSONL not in self.formats:
            raise UsageError(f"--partials with --format {self.formats[0]}: it holds finished sentences only")
        if (self.max_line or self.max_lines) and not SUBTITLES & set(self.formats):
            raise UsageError(
                "--max-line and --max-lines are for subtitles", "ask for them with --format srt, vtt or ass"
            )
        if self.stamp is not None and not text:
            raise UsageError(f"--timestamps with --format {self.formats[0]}: it has its own times")

    def _check_files(self, inputs: Sequence[str]) -> None:
        found = self.for_inputs(inputs)
        for output_builder in found:
            for name, path in zip(output_builder.formats, map(Path, output_builder.paths()), strict=False):
                self._check_existing(path, name)
        if self.folder is not None and not self.overwrite and not self.append:
            made = {source: output_builder.paths() for source, output_builder in zip(inputs, found, strict=True)}
            for files in zip(*made.values(), strict=True):
                check_origins(self.folder, dict(zip(made, map(Path, files), strict=True)))

    def _check_existing(self, path: Path, name: OutputFormat) -> None:
        if str(path) == "-":  # standard output, also where a file has that name
            return
        ends = {each.value: suffix for each, suffix in SUFFIXES.items()}
        free = self.template is not None
        if not self.overwrite and (problem := check_overwrite(path, name.value, ends, free=free)):
            raise UsageError(f"{path} {problem}", OVERWRITE)
        if self.keys is not None and not self.overwrite and not self.append:
            check_earlier(path, appendable=set(self.formats) <= APPENDABLE)

    def for_inputs(self, names: Sequence[str]) -> "list[OutputBuilder]":
        """One builder for all sources, or with a folder one for each."""
        if self.folder is None:
            return [self]
        return [self._beside(self.folder / stem) for stem in stems(names)]

    def paths(self) -> list[str]:
        """The file of each format; empty for standard output."""
        if self.path is None:
            return []
        return list(self.files) or with_suffixes(self.path, self.formats)

    def _beside(self, base: Path) -> "OutputBuilder":
        files = tuple(f"{base}{SUFFIXES[name]}" for name in self.formats)
        return replace(self, path=files[0], files=files, folder=None)


def outputs(output_builder: OutputBuilder, stack: ExitStack) -> "tuple[list[Output], list[LineWriter]]":
    """The outputs, which the caller closes, and the line writers among them. The stack restores the terminal.

    A terminal gets the live view, also if a file is written; anything else gets lines.

    Raises:
        OutputError: an output cannot be written.
    """
    stamp = _stamp(output_builder.stamp)
    screen = screen_for(output_builder)
    transcripts: list[Output] = []
    written: list[LineWriter] = []
    piped = output_builder.path is None and (screen is None or screen is not sys.stdout)
    if output_builder.path is not None or piped:
        written = [_lines(output_builder, name) for name in output_builder.formats]
        transcripts += [
            FORMATS[name].make(output_builder, lines, stamp)
            for name, lines in zip(output_builder.formats, written, strict=True)
        ]
    if piped:
        transcripts = [into_pipe(output, stamp) for output in transcripts]
    if screen is not None:
        terminal = drawn(output_builder, screen, stack, stamp, finals=not piped or not is_pipe(sys.stdout))
        # First, so that it clears the live line before the reader of our pipe writes to the screen.
        transcripts.insert(0, terminal)
    if output_builder.command is not None:
        time_left = partial(time_left_s, hurry_s=HURRY_S)
        transcripts.append(exec_command.ExecCommand(output_builder.command, _warn_of_command, "--exec", time_left))
    if output_builder.capitalize:
        transcripts = [capitalization.CapitalizedOutput(output) for output in transcripts]
    made: list[Output] = [EventLog(logging.getLogger("asrcli")), *transcripts]
    if output_builder.level is not None and screen is None:
        made.append(StatusLines(print_message, level=output_builder.level))
    return made, written


def _warn_of_command(text: str) -> None:
    print_message(f"asr: --exec: {text}")


def planned_runs(
    output_builder: OutputBuilder,
    sources: "Sequence[Source | ConcurrentSources]",
    inputs: Sequence[str],
    extra_outputs: "Sequence[Output]" = (),
) -> "list[tuple[Sequence[Source | ConcurrentSources], Opens]]":
    """The sources of each run, and a function that opens its outputs. One run for all sources, or one for each file.

    `inputs` are all that the user named, also those that cannot be read: the names of transcripts depend on all.

    Raises:
        OutputError: an output cannot be written. Nothing but the folder is created yet.
    """
    if output_builder.folder is None:
        found = [(sources, output_builder)]
    else:
        try:
            output_builder.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as exc:
            problem = f"--output-dir {output_builder.folder} is a file, or in one"
            raise UsageError(problem, "name a folder, or use -o for a file") from exc
        except OSError as exc:
            raise OutputError(str(output_builder.folder), system_reason(exc)) from exc
        by_input = dict(zip(inputs, output_builder.for_inputs(inputs), strict=True))
        names = [flatten_sources([source])[0].name for source in sources]
        places = [f"{number}/{len(names)} {bare_url(name)}" for number, name in enumerate(names, 1)]
        if len(names) == 1:
            places = [""]
        each_shown = [replace(by_input[name], place=place) for name, place in zip(names, places, strict=True)]
        found = [([source], each) for source, each in zip(sources, each_shown, strict=True)]
    for _, each in found:
        for path in each.paths():
            check(Path(path), append=output_builder.append)
    return [(run_sources, partial(run_outputs, each, extra_outputs)) for run_sources, each in found]


@contextmanager
def run_outputs(
    output_builder: OutputBuilder, extra_outputs: "Sequence[Output]" = (), *, go_on: bool = True
) -> "Iterator[list[Output]]":
    """Open the outputs of a builder; yield them followed by `extra_outputs`, which others close.

    With `go_on` the block goes on with the other outputs when one fails, so theirs are whole.

    Raises:
        OutputError: an output cannot be written.
    """
    if output_builder.place and output_builder.level is not None:
        print_message(f"asr: {output_builder.place}")
    with ExitStack() as stack:
        made, written = outputs(output_builder, stack)
        stack.enter_context(open_outputs(made, written, go_on=go_on))
        yield [*made, *extra_outputs]


def _lines(output_builder: OutputBuilder, name: OutputFormat) -> "LineWriter":
    number = output_builder.formats.index(name)
    path = dict(enumerate(output_builder.paths())).get(number)
    onto = dict(enumerate(map(Path, output_builder.onto))).get(number)
    onto_bytes = dict(enumerate(output_builder.onto_bytes)).get(number)
    kind: type[LineWriter] = LineWriter
    if output_builder.atomic:
        kind = atomic_file.AtomicFile
    return kind(
        path, append=output_builder.append, onto=onto, onto_bytes=onto_bytes, rewrite=output_builder.rewrite,
        stopped=partial(stop_requested, 0),
    )  # fmt: skip


def _stamp(wanted: TimestampStyle | None) -> Callable[[int], str] | None:
    if wanted is None:
        return None
    if wanted is TimestampStyle.RELATIVE:
        return clock
    return wall_clock(datetime.now().astimezone())
