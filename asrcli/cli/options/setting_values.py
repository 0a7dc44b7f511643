"""From the value of a setting to what the option of a command takes; checked as a flag would be."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import typer

from asrcli.cli.options import values
from asrcli.config.layers import Setting
from asrcli.config.reach import is_path
from asrcli.core.errors import UsageError, shorten
from asrcli.dashscope.endpoints import NAMED_REGIONS, REGIONS
from asrcli.dashscope.parameters import PARAMETERS

# The exception of the library behind Typer for a value that an option does not take. Typer exports a subclass only.
ValueRefused: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
_WORDS = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(("false", "0", "no", "off"), False)
# Checks that the commands make themselves, for texts that stand for something else.
_CHECKS: Mapping[str, Callable[[str], object]] = {
    "pace": values.parse_pace,
    "channel": values.parse_channel,
    "track": values.parse_track,
    "start": lambda text: values.parse_time("--start", text),
    "end": lambda text: values.parse_time("--end", text),
    "for": lambda text: values.parse_duration("--for", text),
    "library-max-age": values.parse_age,
    "library-max-size": values.parse_size,
    "until-silence": lambda text: values.parse_duration("--until-silence", text),
}


def option_name(parameter: Any) -> str:
    """The option as settings name it: `url` for --url and --base-url."""
    return str(parameter.opts[0]).lstrip("-")


def has_empty(value: Any) -> bool:
    """Whether a value, or one of several, is a text without any letter."""
    texts = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(text, str) and not text.strip() for text in texts)


def is_path_type(parameter: Any) -> bool:
    """Whether Typer makes a path of the value."""
    return type(parameter.type).__name__ == "TyperPath"


def option_value(parameter: Any, setting: Setting, ctx: Any) -> Any:
    """The value for the option: what its type converts again when the command runs.

    Raises:
        UsageError: the option does not take it; the error names where it stands.
    """
    option = option_name(parameter)
    where = f"{setting.origin}: {option}"
    found = _typed(parameter, setting, where)
    try:
        converted = parameter.type_cast_value(ctx, found)
        if parameter.callback is not None:
            parameter.callback(ctx, parameter, converted)
        if option in _CHECKS:
            _CHECKS[option](found)
    except ValueRefused as exc:
        from asrcli.cli.render.suggestions import plain  # most starts have no such error

        raise UsageError(f"{where}: {plain(str(exc.message).rstrip('.'))}") from None
    except UsageError as exc:
        raise UsageError(f"{setting.origin}: {str(exc).removeprefix('--')}") from None
    _check_known_values(option, converted, where)
    return found


def _check_known_values(option: str, value: Any, where: str) -> None:
    """Refuse what the service takes from nobody, as far as its table of parameters knows."""
    row = next((row for row in PARAMETERS if row.option.split("/")[0] == f"--{option}"), None)
    known: tuple[str, ...] = ()
    if row:
        known = row.values
    listed = ", ".join(known)
    if option == "region":
        known, listed = tuple(REGIONS), NAMED_REGIONS
    if known and value not in known:
        raise UsageError(f"{where}: no {option} {shorten(str(value), 40)}", f"there are {listed}")
    if row and row.bounds and not row.bounds[0] <= value <= row.bounds[1]:
        raise UsageError(f"{where}: {value} is not from {row.bounds[0]} to {row.bounds[1]}")


def is_number(parameter: Any) -> bool:
    """Whether the value of an option is a number."""
    return bool(parameter.count) or str(parameter.type.name).startswith(("int", "float"))


def written_value(parameter: Any, texts: list[str]) -> Any:
    """The value that a file gets for what stands on a command line: with its type in TOML, but not checked.

    Raises:
        UsageError: there are several, and the option takes one.
    """
    option = option_name(parameter)
    if parameter.multiple:
        if len(texts) > 1:
            return texts
        return texts[0]
    if len(texts) > 1:
        raise UsageError(f"{option} takes one value, not {len(texts)}", "put quotes around text with spaces")
    (text,) = texts
    if parameter.is_flag:
        return _switch(text, option)
    if is_number(parameter):
        for number in (int, float):
            with suppress(ValueError):
                return number(text)
    return text  # what is no number is refused by the check of the option


def _typed(parameter: Any, setting: Setting, where: str) -> Any:
    """A boolean for a switch, a number for a counter, a list of texts for what may be repeated, else a text."""
    value = setting.value
    if parameter.is_flag:
        if setting.is_text:
            return _switch(value, where)
        return _boolean(value, where)
    if parameter.multiple:
        listed = value
        if setting.is_text:
            listed = _listed(value, where)
        if not isinstance(listed, list):
            listed = [listed]
        return [_text(parameter, each, where) for each in listed]
    if isinstance(value, list):
        raise UsageError(f"{where}: must be one value, not a list")
    if parameter.count and isinstance(value, bool):
        return int(value)
    return _text(parameter, value, where)


def _boolean(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where}: must be true or false, not {_shown(value)}")
    return value


def _switch(text: str, where: str) -> bool:
    if text.strip().lower() not in _WORDS:
        raise UsageError(f"{where}: must be true or false, not {_shown(text)}")
    return _WORDS[text.strip().lower()]


def _listed(text: str, where: str) -> list[Any]:
    """The values in a variable: an array as TOML writes it, or one a line."""
    if not text.lstrip().startswith("["):
        return [line for line in text.splitlines() if line.strip()]
    import tomllib

    try:
        found: list[Any] = tomllib.loads(f"value = {text.strip()}")["value"]
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: not a list", 'write it as ["one", "two"], or one a line') from None
    return found


def _text(parameter: Any, value: object, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{where}: {_wanted(parameter)} belongs here, not {_shown(value)}")
    text = str(value)
    if is_path(option_name(parameter)) and text.startswith("~"):
        return os.path.expanduser(text)  # noqa: PTH111  a shell does it for flags; a Path would raise without a home
    return text


def _wanted(parameter: Any) -> str:
    return "a number" if is_number(parameter) else "text in quotes"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, str | int | float):
        return shorten(repr(value), 40)
    return "a date or time: put quotes around it"
