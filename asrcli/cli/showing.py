"""From options to outputs: what the transcript is written as, and where."""

import logging
import os
import stat
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from asrcli.cli.telling import tell
from asrcli.cli.values import OutputFormat, Stamp
from asrcli.errors import AsrError, OutputError, UsageError

if TYPE_CHECKING:
    from asrcli.outputs.bars import Bar
    from asrcli.outputs.lines import Lines
    from asrcli.run import Together
    from asrcli.seams import Output, Source

SUFFIXES = {OutputFormat.TEXT: ".txt"} | {f: f".{f.value}" for f in OutputFormat if f is not OutputFormat.TEXT}
SUBTITLES = {OutputFormat.SRT, OutputFormat.VTT, OutputFormat.ASS}
APPENDABLE = {OutputFormat.TEXT, OutputFormat.JSONL}


@dataclass(frozen=True)
class Showing:
    """How the transcript is to be shown.

    Attributes:
        formats: What it is written as, each once.
        path: Where to; with several formats each adds its suffix. None is standard output.
        folder: Where to write one transcript for each source.
        level: How much status; None is none at all.
        pace: As in the plan.
        keys: A microphone is heard, with or without keys; None for files.
        translated: There is a translation beside the text.
    """

    formats: tuple[OutputFormat, ...] = (OutputFormat.TEXT,)
    path: str | None = None
    folder: Path | None = None
    append: bool = False
    partials: bool = False
    stamp: Stamp | None = None
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

    def check(self, inputs: Sequence[str], log_file: Path | None, saved: Sequence[Path] = ()) -> None:
        """Refuse what cannot be written so; `saved` is where audio is written.

        Raises:
            UsageError: options that contradict each other, or a file that would be written over.
        """
        to_file = self.path is not None or self.folder is not None
        if self.path is not None and self.folder is not None:
            raise UsageError("--output with --output-dir: one file or one for each input")
        if len(self.formats) > 1 and not to_file:
            raise UsageError("several --format need --output", "name a file: each format adds its suffix")
        if self.append and not to_file:
            raise UsageError("--append without --output: standard output is never replaced")
        if self.append and (fixed := set(self.formats) - APPENDABLE):
            raise UsageError(f"--append with --format {min(fixed)}: such a file cannot be continued")
        text = OutputFormat.TEXT in self.formats
        if self.template is not None and (not text or self.stamp is not None):
            raise UsageError("--template is for --format text without --timestamps", "put {begin} and {end} into it")
        if self.partials and not text and OutputFormat.JSONL not in self.formats:
            raise UsageError(f"--partials with --format {self.formats[0]}: it holds finished sentences only")
        if (self.max_line or self.max_lines) and not SUBTITLES & set(self.formats):
            raise UsageError(
                "--max-line and --max-lines are for subtitles", "ask for them with --format srt, vtt or ass"
            )
        if self.stamp is not None and not text:
            raise UsageError(f"--timestamps with --format {self.formats[0]}: it has its own times")
        self._check_files(inputs, [*([log_file] if log_file is not None else []), *saved])

    def _check_files(self, inputs: Sequence[str], others: Sequence[Path]) -> None:
        read = {Path(path).resolve() for path in inputs if path != "-"}
        written = {path.resolve() for path in others}
        if written & read:
            raise UsageError(f"--log-file {others[0]} is an input: it would be written over")
        if len(written) < len(others):
            raise UsageError(f"{others[-1]} would be written twice", "choose another name for one of the two")
        for showing in self.each(inputs):
            for path in map(Path, showing.paths()):
                if path.resolve() in read:
                    raise UsageError(f"{path} is an input: it would be written over", "choose another --output")
                if path.resolve() in written:
                    raise UsageError(f"{path} would be written twice", "choose another name for one of the two")
                written.add(path.resolve())

    def each(self, names: Sequence[str]) -> "list[Showing]":
        """The one showing of all sources, or with a folder one for each."""
        if self.folder is None:
            return [self]
        return [self._beside(self.folder, name) for name in names]

    def paths(self) -> list[str]:
        """The file of each format; none for standard output."""
        if self.path is None:
            return []
        if len(self.formats) == 1:
            return [self.path]
        base = Path(self.path)
        base = base.with_suffix("") if base.suffix in SUFFIXES.values() else base
        return [f"{base}{SUFFIXES[name]}" for name in self.formats]

    def _beside(self, folder: Path, source: str) -> "Showing":
        stem = "stdin" if source == "-" else Path(source).stem
        path = folder / (stem if len(self.formats) > 1 else stem + SUFFIXES[self.formats[0]])
        return replace(self, path=str(path), folder=None)


def outputs(showing: Showing, stack: ExitStack) -> "list[Output]":
    """The outputs, each closed when the stack is.

    A terminal gets the live line, beside a file if one is written; anything else gets lines.
    """
    from asrcli.outputs.capitalized import Capitalized
    from asrcli.outputs.log import Log

    stamp = _stamp(showing.stamp)
    may_draw = showing.level is not None and not showing.plain
    on_screen = may_draw and _can_redraw(sys.stdout)
    bare = showing.formats == (OutputFormat.TEXT,) and showing.template is None
    spoken: list[Output] = []
    written: list[Lines] = []
    if showing.path is not None or not bare or not on_screen:
        written = [_lines(showing, name) for name in showing.formats]
        spoken += [_written(showing, *each, stamp) for each in zip(showing.formats, written, strict=True)]
    screen = sys.stdout if on_screen and (showing.path is not None or bare) else None
    piped = screen is None and showing.path is None
    if may_draw and not on_screen and _can_redraw(sys.stderr) and not (piped and showing.partials):
        screen = sys.stderr  # standard output goes elsewhere
    if piped:
        spoken = [_into_pipe(output, stamp) for output in spoken]
    if screen is not None:
        terminal = _drawn(showing, screen, stack, finals=not piped or not _is_pipe(sys.stdout))
        spoken.insert(0, terminal)  # it clears the screen before the reader of our pipe may write there
    if showing.command is not None:
        from asrcli.outputs.command import Command

        spoken.append(Command(showing.command, lambda text: tell(f"asr: {text}")))
    made: list[Output] = [Log(logging.getLogger("asrcli"))]
    made += [Capitalized(output) for output in spoken] if showing.capitalize else spoken
    if showing.level is not None and screen is None:
        from asrcli.outputs.plain import Status

        made.append(Status(tell, level=showing.level))
    for output in made:
        stack.callback(output.close)
    stack.push(lambda kind, *_: _leave(written, kind, live=showing.keys is not None))
    return made


def _drawn(showing: Showing, screen: TextIO, stack: ExitStack, *, finals: bool) -> "Output":
    """The live view on a terminal, which is given back whatever ends us, and shows nothing of what is typed."""
    from asrcli.engine.keyboard import is_ours, without_echo
    from asrcli.engine.restoring import restoring
    from asrcli.outputs.terminal import Terminal

    if hasattr(screen, "reconfigure"):
        screen.reconfigure(errors="replace")  # a terminal that cannot show Chinese shows question marks
    drawn_on = screen.fileno()
    terminal = Terminal(
        screen,
        time.monotonic,
        stamp=_stamp(showing.stamp),
        level=showing.level or 0,
        bar=_bar(showing),
        finals=finals,
        folds=_folds(os.environ),
        ours=lambda: os.name != "posix" or is_ours(drawn_on),
    )
    stack.enter_context(without_echo(drawn_on))
    stack.enter_context(restoring(terminal.leave))
    return terminal


def _leave(written: "Sequence[Lines]", kind: type[BaseException] | None, *, live: bool) -> None:
    """A run that was torn in its middle by a fault of ours or of an output leaves parts, and replaces nothing."""
    whole = kind is None or issubclass(kind, KeyboardInterrupt | AsrError)
    if not whole or (kind is not None and issubclass(kind, OutputError) and not live):
        for lines in written:
            lines.leave()


def _is_pipe(file: TextIO | None) -> bool:
    """Whether another program reads it, and may show on our screen what it reads."""
    try:
        mode = os.fstat(file.fileno()).st_mode if file is not None else 0
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _into_pipe(output: "Output", stamp: Callable[[int], str] | None) -> "Output":
    """The output, which outlives a reader that died of the Ctrl-C that was meant for us."""
    from asrcli.engine.interrupts import was_asked
    from asrcli.outputs.piped import Piped

    def closed() -> None:
        # Python flushes standard output once more on its way out: that must not meet the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return Piped(output, was_asked, closed, tell, stamp)


def runs(
    showing: Showing, sources: "Sequence[Source | Together]", stack: ExitStack
) -> "list[tuple[Sequence[Source | Together], list[Output]]]":
    """Which sources go through one run, and its outputs: all through one, or with a folder each through its own."""
    if showing.folder is not None:
        try:
            showing.folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise OutputError(str(showing.folder), exc.strerror or str(exc)) from exc
    from asrcli.run import flat

    together = [sources] if showing.folder is None else [[source] for source in sources]
    shown = [outputs(each, stack) for each in showing.each([flat([source])[0].name for source in sources])]
    return list(zip(together, shown, strict=True))


def _bar(showing: Showing) -> "Bar":
    from asrcli.outputs.bars import FileBar, MicrophoneBar

    if showing.keys is None:
        return FileBar(time.monotonic, paced=showing.pace is not None)
    return MicrophoneBar(keys=showing.keys)


def _lines(showing: Showing, name: OutputFormat) -> "Lines":
    from asrcli.outputs.lines import Lines

    written = dict(zip(showing.formats, showing.paths(), strict=False))
    return Lines(written.get(name), append=showing.append)


def _written(showing: Showing, name: OutputFormat, lines: "Lines", stamp: Callable[[int], str] | None) -> "Output":
    from asrcli.outputs.plain import Plain
    from asrcli.outputs.text import block

    if name is OutputFormat.JSONL:
        from asrcli.outputs.jsonl import JsonLines

        return JsonLines(lines, partials=showing.partials, level=showing.level or 0)
    if name is OutputFormat.TEXT and showing.template is None:
        return Plain(lines, lambda event, _: block(event, stamp), partials=showing.partials)
    from asrcli.outputs.captions import MAX_LINE, MAX_LINES, Layout
    from asrcli.outputs.subtitles import Subtitles, lrc, table, template

    if name in SUBTITLES:
        return Subtitles(lines, name.value, Layout(showing.max_line or MAX_LINE, showing.max_lines or MAX_LINES))
    if name is OutputFormat.LRC:
        return Plain(lines, lrc)
    if name is OutputFormat.TSV:
        return table(lines, translated=showing.translated)
    return Plain(lines, template(showing.template or ""), partials=showing.partials)


def _stamp(wanted: Stamp | None) -> Callable[[int], str] | None:
    from asrcli.outputs.text import clock, wall_clock

    if wanted is None:
        return None
    return clock if wanted is Stamp.RELATIVE else wall_clock(datetime.now().astimezone())


def _can_redraw(file: object) -> bool:
    return bool(getattr(file, "isatty", bool)()) and os.environ.get("TERM", "") not in {"dumb", "unknown"}


def _folds(environment: Mapping[str, str]) -> bool:
    """Whether the terminal folds what is on it when it gets narrower: nearly all do, the oldest cut it off."""
    return "XTERM_VERSION" not in environment and not environment.get("TERM", "").startswith(("linux", "rxvt"))
