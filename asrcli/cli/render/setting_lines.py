"""The settings as lines of TOML: what holds, and what could be set."""

import json
from collections.abc import Iterator
from typing import Any

from asrcli.cli.app import load_command
from asrcli.cli.options.setting_values import is_number
from asrcli.cli.render.stdout import print_json, print_lines
from asrcli.config.document import TableName, suggested
from asrcli.config.files import read_user_file
from asrcli.config.reach import OPTIONS, can_be_general, commands_with, is_confirmation, is_general
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError, without_secrets

DEFAULT = "default"


@dataclass(frozen=True)
class ShownSetting:
    """One value for one command, or for all commands.

    Attributes:
        value: For JSON; None if the option is not set.
        origin: A variable, a file and line, or `default`.
        void: Why the value has no effect; empty if it has one.
    """

    option: str
    value: Any
    origin: str
    void: str = ""

    def line(self, *, origin: bool) -> str:
        """The line of TOML; what has no effect is a comment."""
        text = f"{self.option} is not set"
        if self.value is not None:
            text = f"{self.option} = {toml_value(self.value)}"
        if self.value is None or self.void:
            text = f"# {text}"
        notes = [self.origin] * origin + [f"without effect: {self.void}"] * bool(self.void)
        if notes:
            return f"{text}  # {', '.join(notes)}"
        return text


def show(words: list[str], profile: str | None, *, origin: bool, as_json: bool) -> None:
    """Print the settings that hold: of one command with its defaults, of one option, or of all commands without.

    Raises:
        UsageError: no such command or option, or settings that are not valid.
    """
    if len(words) > 1:
        raise UsageError("show takes one command or option", "as in asr config show mic")
    if words and words[0] not in OPTIONS:
        sections = _of_option(words[0], profile)
    elif words:
        sections = {words[0]: _settings(words[0], profile, with_defaults=True)}
    else:
        sections = _grouped({name: _settings(name, profile) for name in OPTIONS})
    if as_json:
        rows = [(name, each) for name, settings in sections.items() for each in settings]
        print_json([{"command": name or None, **_json(each)} for name, each in rows])
    elif not any(sections.values()):
        print_lines("# nothing is set: the defaults hold (asr config show COMMAND)")
    else:
        print_lines(*_toml(sections, origin=origin))


def _of_option(key: str, profile: str | None) -> dict[str, list[ShownSetting]]:
    """The settings of an option in all commands, or with its default in the one that stands before it: mic.device."""
    command, _, option = key.rpartition(".")
    if command in OPTIONS and option in OPTIONS[command]:
        found = _settings(command, profile, with_defaults=True)
        return {command: [each for each in found if each.option == option]}
    commands = commands_with(key)
    if not commands:
        raise UsageError(
            f"{key} is neither a command with options nor an option", suggested(key, [*OPTIONS, *_names()])
        )
    return _grouped({name: [each for each in _settings(name, profile) if each.option == key] for name in commands})


def _names() -> list[str]:
    return sorted({option for options in OPTIONS.values() for option in options})


def list_all() -> None:
    """Print every option that can be set as a settings file, in which what is not set is a comment.

    Raises:
        UsageError: the user's own file is not valid.
    """
    document = read_user_file()
    commands = {name: load_command(name) for name in OPTIONS}
    general = {option for name in OPTIONS for option in commands[name].options if can_be_general(option)}
    lines = [f"# {document.name}", *_options(document.tables.get(TableName(), {}), commands, general, None)]
    for name in OPTIONS:
        entries = document.tables.get(TableName(None, name), {})
        own = {option for option in OPTIONS[name] if not is_general(name, option)} | entries.keys()
        if own:
            lines += ["", f"[{name}]", *_options(entries, commands, own, name)]
    for table, entries in document.tables.items():
        if table.profile is not None and (entries or table.command is None):
            lines += ["", f"[{'.'.join(map(_key, table.path))}]"]
            lines += [f"{option} = {toml_value(_harmless(option, entry.value))}" for option, entry in entries.items()]
    print_lines(*lines)


def toml_value(value: Any) -> str:
    """The value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False)  # a text, a path, or the name of a choice


def _key(name: str) -> str:
    if name.replace("-", "").replace("_", "").isalnum() and name.isascii():
        return name
    return toml_value(name)


def _settings(name: str, profile: str | None, *, with_defaults: bool = False) -> list[ShownSetting]:
    command = load_command(name)
    context = command.context_class(command)
    found = command.effective_settings(context, profile, {})
    shown = []
    for option, parameter in command.options.items():
        if is_confirmation(option):
            continue
        if option in found.all:
            setting = found.all[option]
            value = setting.value
            if setting.is_ours:
                value = _native(parameter, value, context)
            shown.append(ShownSetting(option, _harmless(option, value), setting.origin, found.void.get(option, "")))
        elif with_defaults:
            shown.append(ShownSetting(option, parameter.default, DEFAULT))
    return shown


def _native(parameter: Any, value: Any, context: Any) -> Any:
    """The value as TOML has it: a number for the text of a number."""
    if isinstance(value, str):
        converted = parameter.type_cast_value(context, value)
        if isinstance(converted, int | float):
            return converted
        return value
    return value


def _harmless(option: str, value: Any) -> Any:
    """The value without secrets: an address may hold a password, a header a key."""
    if isinstance(value, list):
        return tuple(_harmless(option, each) for each in value)
    if option == "header":
        return f"{str(value).partition(':')[0]}: …"
    if option == "api-key-file" and not value:
        return "…"  # the key itself is in the variable
    if isinstance(value, str):
        return without_secrets(value)
    return value


def _grouped(by_command: dict[str, list[ShownSetting]]) -> dict[str, list[ShownSetting]]:
    """The settings by command. What is the same for all commands that have the option stands under an empty name."""
    same: list[ShownSetting] = []
    for each in dict.fromkeys(setting for settings in by_command.values() for setting in settings):
        if all(each in by_command[name] for name in commands_with(each.option) if is_general(name, each.option)):
            same.append(each)
    shared = [each for each in same if len([n for n in commands_with(each.option) if each in by_command[n]]) > 1]
    rest = {name: [each for each in settings if each not in shared] for name, settings in by_command.items()}
    return {"": shared, **{name: settings for name, settings in rest.items() if settings}}


def _toml(sections: dict[str, list[ShownSetting]], *, origin: bool) -> Iterator[str]:
    separator: list[str] = []
    for name, settings in sections.items():
        if name:
            yield from separator
            yield f"[{name}]"
        for each in settings:
            yield each.line(origin=origin)
        separator = []
        if settings or name:
            separator = [""]


def _json(setting: ShownSetting) -> dict[str, Any]:
    value = setting.value
    if value is not None and not isinstance(value, bool | int | float | tuple):
        value = str(value)  # a member of an enumeration
    return {"option": setting.option, "value": value, "origin": setting.origin, "without_effect": setting.void or None}


def _options(entries: Any, commands: dict[str, Any], options: set[str], name: str | None) -> Iterator[str]:
    """A line for each option: its value in the file, or a comment that says what it takes."""
    for each in (name,) if name else OPTIONS:
        for option, parameter in commands[each].options.items():
            if option not in options or is_confirmation(option):
                continue
            options = options - {option}
            if option in entries:
                yield f"{option} = {toml_value(_harmless(option, entries[option].value))}"
            else:
                yield f"# {option} = {_example(parameter)}"


def _example(parameter: Any) -> str:
    """What an option takes, as TOML writes it."""
    if parameter.is_flag:
        return "true" if parameter.default is not True else "false"
    choices = getattr(parameter.type, "choices", None)
    name = parameter.metavar or "N"
    if choices:
        name = "|".join(str(getattr(each, "value", each)) for each in choices)
    text = name if is_number(parameter) else f'"{name}"'
    if parameter.multiple:
        return f"[{text}]"
    return text
