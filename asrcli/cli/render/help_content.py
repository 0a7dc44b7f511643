"""What the help says of a command, as data: usage, paragraphs, options by group, examples. Lays out nothing."""

import inspect
from collections.abc import Collection
from enum import Enum
from typing import Any

from asrcli.core.dataclass import dataclass

ARGUMENTS, COMMANDS, OPTIONS, HELP = "Arguments", "Commands", "Options", "Help"
HELP_ALL = "help_all"  # the name of the parameter that shows all options
_DEFAULT = "Default: "


@dataclass(frozen=True)
class HelpEntry:
    """An option, an argument or a command: its names, and one or more sentences about it."""

    names: str
    text: str


@dataclass(frozen=True)
class HelpContent:
    """The help of a command.

    Attributes:
        usage: The command line in short.
        paragraphs: What the command does.
        groups: The entries of each group by its title, in the order in which they are shown.
        examples: Command lines that can be copied.
    """

    usage: str
    paragraphs: list[str]
    groups: dict[str, list[HelpEntry]]
    examples: list[str]


def read_help(command: Any, ctx: Any, common: Collection[str] = ()) -> HelpContent:
    """The help of a command; with `common` only the options that have one of these names, beside those of the help."""
    groups: dict[str, list[HelpEntry]] = {ARGUMENTS: [], COMMANDS: [], OPTIONS: []}
    asking: list[HelpEntry] = []  # the options that print a help
    left_out = 0
    for parameter in command.get_params(ctx):
        if getattr(parameter, "hidden", False):
            continue
        entry = HelpEntry(_names(parameter, ctx), _text(parameter))
        title = getattr(parameter, "rich_help_panel", None) or OPTIONS
        if parameter.param_type_name == "argument":
            groups[ARGUMENTS].append(entry)
        elif parameter.name in {"help", HELP_ALL}:
            asking.append(entry)
        elif common and not set(common) & set(parameter.opts):
            left_out += 1
        else:
            groups.setdefault(title, []).append(entry)
    if hasattr(command, "list_commands"):
        listed = ((name, command.get_command(ctx, name)) for name in command.list_commands(ctx))
        groups[COMMANDS] = [HelpEntry(name, paragraphs(each.help)[0]) for name, each in listed if each and each.help]
    if left_out:
        asking[-1] = HelpEntry(asking[-1].names, f"Show the other {left_out} options too, in groups.")
    groups[HELP] = asking
    examples = [example for example in paragraphs(command.epilog) if example != "Examples:"]
    hidden = [
        piece for each in command.params if getattr(each, "hidden", False) for piece in each.get_usage_pieces(ctx)
    ]
    pieces = [piece for piece in command.collect_usage_pieces(ctx) if piece not in hidden]
    usage = f"{ctx.command_path} {' '.join(pieces)}".translate({ord("{"): None, ord("}"): None})
    shown = {title: entries for title, entries in groups.items() if entries}
    return HelpContent(usage, paragraphs(command.help), shown, examples)


def paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a text, each on one line."""
    parts = inspect.cleandoc(text or "").split("\n\n")
    return [" ".join(part.split()) for part in parts if part.strip()]


def _names(parameter: Any, ctx: Any) -> str:
    """The names of a parameter, the long one first, and what stands for its value."""
    if parameter.param_type_name == "argument":
        return str(parameter.make_metavar(ctx))
    names = ", ".join(sorted([*parameter.opts, *parameter.secondary_opts], key=lambda name: not name.startswith("--")))
    if parameter.is_flag or parameter.count:
        return names
    return f"{names} {_value(parameter, ctx)}"


def _value(parameter: Any, ctx: Any) -> str:
    """The placeholder of the value: the metavar, or the possible values."""
    if parameter.metavar:
        return str(parameter.metavar)
    if choices := getattr(parameter.type, "choices", None):
        return "|".join(str(_plain(choice)) for choice in choices)
    return str(parameter.make_metavar(ctx))


def _text(parameter: Any) -> str:
    """The help of a parameter with its range and its default, where its own words do not name them."""
    text = " ".join((parameter.help or "").split()).replace("\\[", "[")
    text, default = (part.strip() for part in (text.partition(_DEFAULT)[0], _default(parameter, text)))
    return " ".join(part for part in (text, _range(parameter), default) if part)


def _range(parameter: Any) -> str:
    smallest, largest = (getattr(parameter.type, name, None) for name in ("min", "max"))
    if smallest is None or getattr(parameter, "count", False):
        return ""
    if largest is None and not smallest:
        return ""  # that a number is not negative goes without saying
    if largest is None:
        return f"At least {smallest}."
    return f"From {smallest} to {largest}."


def _default(parameter: Any, text: str) -> str:
    """The sentence about the default; empty without one."""
    if _DEFAULT in text:
        return _DEFAULT + text.partition(_DEFAULT)[2]
    value = _plain(parameter.default)
    if value in (None, "", ()) or value == [] or parameter.show_default is False or parameter.required:
        return ""
    if parameter.param_type_name == "option" and (parameter.is_flag or parameter.count):
        if not parameter.secondary_opts:
            return ""
        value = "on" if value else "off"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{_DEFAULT}{value}."


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value
