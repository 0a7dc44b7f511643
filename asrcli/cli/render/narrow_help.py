"""The help for narrow terminals: below 80 columns lines instead of tables, so that no word is broken or left out."""

import inspect
import io
import os
from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand, TyperGroup

TABLE_COLUMNS = 80  # the columns that a table of options needs
NAME_INDENT, TEXT_INDENT = 2, 6


class Command(TyperCommand):
    """A command whose help fits the terminal."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help: as a table if there is room for it, otherwise as lines."""
        if (columns := width()) >= TABLE_COLUMNS:
            _list_choices_once(self)
            super().format_help(ctx, formatter)
        else:
            formatter.write(narrow(self, ctx, columns))


class Group(TyperGroup):
    """A group of commands whose help fits the terminal."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help: as a table if there is room for it, otherwise as lines."""
        if (columns := width()) >= TABLE_COLUMNS:
            super().format_help(ctx, formatter)
        else:
            formatter.write(narrow(self, ctx, columns))


def width() -> int:
    """The width of the help, in columns."""
    from rich.console import Console

    given = os.environ.get("TERMINAL_WIDTH", "")
    if given.isdecimal():
        return int(given)
    return Console().width


def narrow(command: Any, ctx: Any, columns: int) -> str:
    """The help of a command as lines."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=io.StringIO(), width=columns, no_color=True, highlight=False, soft_wrap=False)
    usage = command.get_usage(ctx).split()
    console.print(Text(" ".join(usage)))
    for paragraph in _paragraphs(command.help):
        console.print()
        console.print(Text.from_markup(paragraph))
    for title, entries in _panels(command, ctx).items():
        console.print(f"\n{title}:", markup=False)
        for names, text, limits in entries:
            console.print(Padding(Text(names), (0, 0, 0, NAME_INDENT)))
            if text or limits:
                entry = Text.from_markup(text).append(" " * bool(text and limits) + limits)
                console.print(Padding(entry, (0, 0, 0, TEXT_INDENT)))
    console.print()
    for paragraph in _paragraphs(command.epilog):
        console.print(Text.from_markup(paragraph))
    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def _list_choices_once(command: Any) -> None:
    """Leave the choices of an argument out of the column of types: its metavar or its help lists them."""
    for parameter in command.params:
        if parameter.param_type_name == "argument" and parameter.metavar and hasattr(parameter.type, "choices"):
            parameter.type.get_metavar = lambda **_given: ""


def _panels(command: Any, ctx: Any) -> dict[str, list[tuple[str, str, str]]]:
    """The entries of each panel by its title, in the order of the table: names, help, default and range."""
    panels: dict[str, list[tuple[str, str, str]]] = {"Arguments": [], "Options": []}
    for parameter in command.get_params(ctx):
        if getattr(parameter, "hidden", False):
            continue
        usual = {"argument": "Arguments"}.get(parameter.param_type_name, "Options")
        title = getattr(parameter, "rich_help_panel", None) or usual
        said = " ".join((parameter.help or "").split())
        panels.setdefault(title, []).append((" ".join(_names(parameter, ctx)), said, _limits(parameter, ctx)))
    if isinstance(command, Group):
        commands = ((name, command.get_command(ctx, name)) for name in command.list_commands(ctx))
        panels["Commands"] = [(name, _paragraphs(each.help)[0], "") for name, each in commands if each and each.help]
    return {title: entries for title, entries in panels.items() if entries}


def _limits(parameter: Any, ctx: Any) -> str:
    """The default and the range of a parameter, as Typer writes them after its help."""
    _, said = parameter.get_help_record(ctx) or ("", "")
    said = said.replace("\\[", "[")
    return said.removeprefix((parameter.help or "").replace("\\[", "[")).strip()


def _names(parameter: Any, ctx: Any) -> Iterator[str]:
    """The names of a parameter, and the metavar of its value."""
    if parameter.param_type_name == "argument":
        yield parameter.make_metavar(ctx)
        return
    yield ", ".join([*parameter.opts, *parameter.secondary_opts])
    if not parameter.is_flag and not parameter.count:
        yield parameter.make_metavar(ctx)


def _paragraphs(said: str | None) -> list[str]:
    return [" ".join(part.split()) for part in inspect.cleandoc(said or "").split("\n\n") if part.strip()]
