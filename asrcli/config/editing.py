"""Changes one option in the text of a settings file, and keeps comments, order and layout of all others. No file."""

from collections.abc import MutableMapping
from typing import Any

import tomlkit

from asrcli.config.document import VERSION, VERSION_KEY, TableName, canonical
from asrcli.core.errors import UsageError

HEADER = "# Settings of asr: `asr config list` names all options, `asr config show` what holds.\n"


def with_option(text: str, table: TableName, option: str, value: Any) -> str:
    """The text with this value of an option. The text is a valid settings file, or empty."""
    document = tomlkit.parse(text or f"{HEADER}{VERSION_KEY} = {VERSION}\n")
    _put(document, table, option, value)
    return tomlkit.dumps(document)


def without_option(text: str, table: TableName, option: str) -> str:
    """The text without an option, and without the table of a command that then holds nothing, not even a comment.

    Raises:
        UsageError: it is not set there.
    """
    document = tomlkit.parse(text)
    around: list[MutableMapping[str, Any]] = [document]
    for name in table.path:
        around.append(around[-1].get(name, {}))
    keys = [key for key in around[-1] if canonical(key) == option]
    if not keys:
        where = ""
        if table.path:
            where = f" in [{'.'.join(table.path)}]"
        raise UsageError(f"{option} is not set{where}", "asr config show says what is")
    del around[-1][keys[0]]
    changed = tomlkit.dumps(document)
    if table.command is not None and not around[-1]:
        del around[-2][table.command]
    without_table = tomlkit.dumps(document)
    # A comment after the last option is a part of its table, and belongs to the user.
    if without_table.count("#") == changed.count("#"):
        return without_table
    return changed


def _put(document: MutableMapping[str, Any], table: TableName, option: str, value: Any) -> None:
    found: MutableMapping[str, Any] = document
    for number, name in enumerate(table.path):
        if name not in found:
            # A profile stands in [profile.NAME]; the table around it needs no line of its own.
            is_last = number == len(table.path) - 1
            found[name] = tomlkit.table(is_super_table=not is_last)
        found = found[name]
    key = next((key for key in found if canonical(key) == option), option)
    found[key] = value
