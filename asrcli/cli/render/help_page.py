"""The help of a command as lines that fit the terminal: in two columns, or on a narrow one below each other.

It needs no library, because the help must be there at once. No word is broken or left out.
"""

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from asrcli.cli.render.help_content import COMMANDS, HelpContent, HelpEntry, read_help
from asrcli.cli.render.stdout import require_stdout
from asrcli.core.lazy_pattern import lazy_pattern

WIDEST = 100  # columns; longer lines are hard to read
TWO_COLUMNS = 60  # columns from which names and texts stand side by side
NAMES = 24  # most columns of names beside their text; longer names have it on the next line
INDENT = 2
STACKED_INDENT = 6
MANY = 30  # options from which a command has a short help in any case
USUAL = [
    "--start", "--end", "--model", "--language", "--local", "--region", "--api-key-file", "--estimate", "--budget",
    "--format", "--output", "--out", "--output-dir", "--timestamps", "--exec", "--quiet", "--verbose",
]  # fmt: skip
CONTINUED = " \\"  # at the end of a line of a command that the next line continues
_WORDS = lazy_pattern(r"""(?:'[^']*'|"[^"]*"|\S)+""")  # of a command, with their quotes
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


class Command(TyperCommand):
    """A command with a short help and a full one; one help is both where the command has few options.

    Attributes:
        common: The options of the short help. Where a command names none and has many, they are its own options, which
            stand in no group, and those that people use with any command.
    """

    common: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._help_all = _help_all(self)
        options = [parameter for parameter in self.params if parameter.param_type_name == "option"]
        if len(options) > MANY:
            own = [each.opts[0] for each in options if not getattr(each, "rich_help_panel", None)]
            self.common = [*own, *USUAL]

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, and the options that print a help; `params` has none of these."""
        self._help_all.hidden = not self.common
        return [*super().get_params(ctx), self._help_all]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the short help, or the full one of a command that has no other."""
        require_stdout()
        formatter.write(page(read_help(self, ctx, self.common), self.explained))

    def full_help(self, ctx: Any) -> str:
        """The help with all options."""
        return page(read_help(self, ctx), self.explained)

    @property
    def explained(self) -> str:
        """The last line of the help: where more is explained; empty if the help is the whole story."""
        if not self.common:
            return ""
        return "More: asr help TOPIC, as audio, models, recovery, pipelines or configuration."


class Group(TyperGroup):
    """A group of commands whose help fits the terminal."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of the commands."""
        require_stdout()
        last = "asr COMMAND --help shows the options of a command; asr help explains topics."
        formatter.write(page(read_help(self, ctx), last))


def _help_all(command: Command) -> TyperOption:
    """The option that prints all options of a command. It is hidden where the short help has all of them."""

    def show(ctx: Any, _parameter: Any, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            require_stdout()
            typer.echo(command.full_help(ctx), nl=False)
            ctx.exit()

    return TyperOption(
        param_decls=["--help-all"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show all options, in groups.",
    )


def page(content: HelpContent, last: str = "") -> str:
    """The help as lines, each ended by a line feed; `last` is its last paragraph."""
    columns = width()
    bold, plain = (BOLD, PLAIN) if has_colours() else ("", "")
    lines = wrapped(f"Usage: {content.usage}", columns, hanging=INDENT)
    for paragraph in content.paragraphs:
        lines += ["", *wrapped(paragraph, columns)]
    of_options = _indent([entry for title, group in content.groups.items() if title != COMMANDS for entry in group])
    for title, entries in content.groups.items():
        lines += ["", f"{bold}{title}:{plain}"]
        indent = of_options
        if title == COMMANDS:
            indent = _indent(entries)
        for entry in entries:
            lines += _entry(entry, columns, indent, bold, plain)
    if content.examples:
        lines += ["", f"{bold}Examples:{plain}"]
        for example in content.examples:
            lines += wrapped_command(example, columns, INDENT)
    if last:
        lines += ["", *wrapped(last, columns)]
    return "\n".join(lines) + "\n"


def _indent(entries: Sequence[HelpEntry]) -> int:
    """The column in which the texts of these entries begin."""
    return 2 * INDENT + max((len(entry.names) for entry in entries if len(entry.names) <= NAMES), default=0)


def _entry(entry: HelpEntry, columns: int, indent: int, bold: str, plain: str) -> Iterator[str]:
    if columns < TWO_COLUMNS:
        for line in wrapped(entry.names, columns, INDENT, hanging=INDENT):
            yield f"{bold}{line}{plain}"
        if entry.text:
            yield from wrapped(entry.text, columns, STACKED_INDENT)
        return
    text = wrapped(entry.text, columns - indent)
    first = " " * INDENT + entry.names
    if len(first) > indent - INDENT:
        yield f"{bold}{first}{plain}"
    else:
        yield f"{bold}{first}{plain}" + " " * (indent - len(first)) + text.pop(0)
    yield from (" " * indent + line for line in text)


def wrapped(text: str, columns: int, indent: int = 0, hanging: int = 0) -> list[str]:
    """The text in lines of at most `columns` columns, broken at spaces. All but the first are indented by `hanging`.

    A word that is longer than a line stays whole.
    """
    lines = [" " * indent]
    used = indent
    for word in text.split():
        needed = cells(word)
        if lines[-1].strip() and used + 1 + needed > columns:
            lines.append(" " * (indent + hanging))
            used = indent + hanging
        if lines[-1].strip():
            lines[-1] += " "
            used += 1
        lines[-1] += word
        used += needed
    return lines


def wrapped_command(command: str, columns: int, indent: int) -> list[str]:
    """A command in lines of at most `columns` columns, which a shell reads as one command when they are copied.

    It is broken at spaces outside of quotes. A quoted word that is longer than a line stays whole.
    """
    lines = [" " * indent]
    words = _WORDS.findall(command)
    for number, word in enumerate(words):
        room = columns - len(CONTINUED) * (number < len(words) - 1)
        if lines[-1].strip() and cells(f"{lines[-1]} {word}") > room:
            lines[-1] += CONTINUED
            lines.append(" " * 2 * indent)
        elif lines[-1].strip():
            lines[-1] += " "
        lines[-1] += word
    return lines


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def width() -> int:
    """The columns of the help: of the terminal, at most `WIDEST`; 80 where none says how wide it is."""
    given = os.environ.get("TERMINAL_WIDTH", "")
    if given.isdecimal() and int(given):
        return int(given)
    return min(WIDEST, shutil.get_terminal_size((80, 24)).columns)


def has_colours() -> bool:
    """Whether standard output is a terminal that shows bold letters, and nobody has switched that off."""
    if sys.stdout is None or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("TERM", "") != "dumb" and (os.name == "posix" or "WT_SESSION" in os.environ)
