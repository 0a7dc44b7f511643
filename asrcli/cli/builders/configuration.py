"""Changes the user's own settings file for `asr config`. What would not be valid is not written."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

from asrcli.cli.app import load_command
from asrcli.cli.console import print_message
from asrcli.cli.options.setting_values import option_value, written_value
from asrcli.cli.render.stdout import print_lines
from asrcli.config.change_lock import changing
from asrcli.config.document import (
    PROFILE,
    TableName,
    canonical,
    check_no_key,
    check_option,
    read_document,
    suggested,
)
from asrcli.config.editing import HEADER, with_option, without_option
from asrcli.config.files import read_text, read_user_file, user_file, write_text
from asrcli.config.layers import Setting
from asrcli.config.reach import OPTIONS, commands_with, is_general
from asrcli.core.errors import UsageError, system_reason
from asrcli.core.settings import without_key

EDITORS = ("sensible-editor", "nano", "vi", "notepad")  # where VISUAL and EDITOR name none
SET, UNSET = "asr config set", "asr config unset"


def set_option(words: list[str], profile: str | None) -> None:
    """Set an option: KEY VALUE..., or KEY=VALUE.

    Raises:
        UsageError: no such option, a value that it does not take, or a file that is not valid.
        OutputError: the file cannot be written.
    """
    if len(words) == 1 and "=" in words[0]:
        words = list(words[0].partition("=")[::2])
    if len(words) < 2:
        raise UsageError("set takes a key and its value", "as in asr config set mic.device usb")
    table, option = _parse_key(words[0], profile)
    check_option(SET, option, table.command)
    value = _checked_value(table, option, words[1:])
    path = user_file()
    with changing(path):
        changed = with_option(_valid_text(path), table, option, value)
        if read_document(changed.encode(), str(path)).tables[table][option].value != value:
            problem = f"{path}: {option} cannot be set in the form that this file has"
            raise UsageError(problem, "asr config edit opens it")
        write_text(path, changed)
    print_message(f"asr: {'.'.join((*table.path, option))} is set in {path}")


def unset_option(words: list[str], profile: str | None) -> None:
    """Remove an option: KEY.

    Raises:
        UsageError: it is not set, or the file is not valid.
        OutputError: the file cannot be written.
    """
    if len(words) != 1:
        raise UsageError("unset takes one key", "as in asr config unset mic.device")
    table, option = _parse_key(words[0], profile)
    check_option(UNSET, option, table.command)
    path = user_file()
    with changing(path):
        changed = without_option(_valid_text(path), table, option)
        read_document(changed.encode(), str(path))
        write_text(path, changed)
    print_message(f"asr: {'.'.join((*table.path, option))} is no longer set in {path}")


def edit() -> None:
    """Open the file in the user's editor, and check it afterwards. What was written stays, also if it is not valid.

    Raises:
        UsageError: there is no editor, or it failed, or the file is not valid now.
        OutputError: the file cannot be made.
    """
    path = user_file()
    command = _editor()
    if not os.path.lexists(path):
        write_text(path, HEADER)
    try:
        done = subprocess.run([*command, str(path)], check=False, env=without_key(os.environ))
    except OSError as exc:
        raise UsageError(f"{command[0]}: {system_reason(exc)}", "name an editor in the variable EDITOR") from exc
    if done.returncode:
        raise UsageError(f"{command[0]} ended with code {done.returncode}")
    check_user_file()


def check_user_file() -> None:
    """Check each value in the user's own file by the option that it is for, in every profile.

    Raises:
        UsageError: one is not valid.
    """
    for table, entries in read_user_file().tables.items():
        for option, entry in entries.items():
            for parameter, context in _parameters(table, option):
                option_value(parameter, Setting(entry.value, entry.place, 1), context)


def print_path() -> None:
    """Print where the user's own file is, whether it is there or not."""
    print_lines(str(user_file()))


def _parse_key(key: str, profile: str | None) -> tuple[TableName, str]:
    """The table and the option of a key such as model, mic.model or profile.meeting.mic.model."""
    *names, option = key.split(".")
    if names and names[0] == PROFILE:
        if profile is not None:
            raise UsageError(f"{key} names a profile, and --profile too", "leave one of them out")
        if len(names) < 2 or not names[1]:
            raise UsageError(f"{key}: no name of a profile", "as in profile.meeting.timestamps")
        profile = names[1]
        names = names[2:]
    if len(names) > 1 or (names and names[0] not in OPTIONS):
        advice = suggested(names[0], OPTIONS) or "a key is an option, or COMMAND.OPTION"
        raise UsageError(f"{key}: {names[0]} is not a command with options", advice)
    if profile == "":
        raise UsageError("--profile is empty", "name a profile")
    return TableName(profile, names[0] if names else None), canonical(option.removeprefix("--"))


def _checked_value(table: TableName, option: str, texts: list[str]) -> Any:
    value = None
    for parameter, context in _parameters(table, option):
        value = written_value(parameter, texts)
        check_no_key(SET, option, value)
        option_value(parameter, Setting(value, SET, 1), context)
    return value


def _parameters(table: TableName, option: str) -> list[tuple[Any, Any]]:
    """The parameter and a context of each command that takes an option from a table."""
    names = [name for name in commands_with(option) if is_general(name, option)]
    if table.command:
        names = [table.command]
    commands = map(load_command, names)
    return [(each.options[option], each.context_class(each)) for each in commands]


def _valid_text(path: Path) -> str:
    """The text of the file, with its line ends as they are.

    Raises:
        UsageError: it is not valid; a change could make that worse.
    """
    text = read_text(path)
    read_document(text.encode(), str(path))
    return text


def _editor() -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if words := os.environ.get(name, "").strip():
            return shlex.split(words, posix=os.name == "posix")
    for name in EDITORS:
        if shutil.which(name):
            return [name]
    raise UsageError("no editor", f"name one in the variable EDITOR, or edit {user_file()} yourself")
