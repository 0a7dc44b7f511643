"""One settings file: reads its text, and refuses what is not valid, with the name of the file and the line. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from asrcli.config.reach import ALIASES, OPTIONS, can_be_general, commands_with, is_confirmation, is_for_folder
from asrcli.config.toml_lines import KeyPath, key_lines, line_of
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import UsageError, shorten
from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.core.printable import is_obeyed
from asrcli.core.redaction import holds_key

VERSION, VERSION_KEY = 1, "config-version"
PROFILE = "profile"
NO_KEY = "use the environment variable DASHSCOPE_API_KEY, or asr login"
_KEY_NAMES = {"api-key", "apikey", "key", "dashscope-api-key", "dashscope-key", "secret", "secret-key", "api-token"}
_AT = lazy_pattern(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_SHOWN = 40  # characters of a key or value in an error


@dataclass(frozen=True)
class TableName:
    """Which options a table holds: those of a profile, or of all runs; those of a command, or of all commands."""

    profile: str | None = None
    command: str | None = None

    @property
    def path(self) -> KeyPath:
        """The names that lead to the table in a file."""
        profile: tuple[str, ...] = ()
        if self.profile is not None:
            profile = (PROFILE, self.profile)
        if not self.command:
            return profile
        return (*profile, self.command)


@dataclass(frozen=True)
class Entry:
    """A value as it stands in a file, and where."""

    value: Any
    place: str


@dataclass(frozen=True)
class Document:
    """The settings of one file, by table and option.

    Attributes:
        name: The file, as messages name it.
        profiles: The names of its profiles, also of those that hold nothing.
    """

    name: str
    tables: Mapping[TableName, Mapping[str, Entry]] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()


def read_document(data: bytes, name: str, *, is_folder: bool = False) -> Document:
    """The settings in a file. `is_folder`: it lies in the current folder, and may come from a stranger.

    Raises:
        UsageError: it is not TOML in UTF-8, or holds what is no setting, or what such a file may not set.
    """
    parsed, lines = parse_toml(data, name, "" if is_folder else "asr config edit opens your file")
    return _DocumentReader(name, lines, is_folder).read(parsed)


def parse_toml(data: bytes, name: str, advice: str = "") -> tuple[dict[str, Any], dict[KeyPath, int]]:
    """The content of a TOML file, and the lines of its keys.

    Raises:
        UsageError: it is not TOML in UTF-8; the error names line and column.
    """
    import tomllib

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        before = data[: exc.start]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        raise UsageError(f"{name}:{line}:{column}: not text in UTF-8", "save the file as UTF-8") from None
    try:
        return tomllib.loads(text), key_lines(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as exc:
        found = _AT.search(str(exc))
        problem = str(exc)
        if found:
            problem = problem[: found.start()]
        if found and found[1]:
            line, column = int(found[1]), int(found[2])
        else:
            line, column = text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
        if problem.startswith("Invalid value"):
            advice = "; ".join(filter(None, ("text stands in quotes", advice)))
        # The parser may quote what it has found, and that may be a key.
        raise UsageError(f"{name}:{line}:{column}: {shorten(problem)}", advice) from None
    except RecursionError:
        raise UsageError(f"{name}: nested too deeply to be a settings file") from None


def suggested(word: str, known: Iterable[str]) -> str:
    """A question that names the most similar of the known words; empty if none is similar."""
    similar = get_close_matches(word.replace("_", "-").lower(), list(known), n=1)
    if similar:
        return f"did you mean {similar[0]}?"
    return ""


def canonical(key: str) -> str:
    """An option as this program spells it: retry_for is retry-for, and base-url is url."""
    name = key.replace("_", "-")
    return ALIASES.get(name, name)


def check_option(place: str, option: str, command: str | None) -> None:
    """Refuse what no file may set for a command, or without one for all commands.

    Raises:
        UsageError: there is no such option, or it is a key, or a confirmation.
    """
    known = _options_of(command)
    if option.lower() in _KEY_NAMES and not (command and option in known):  # asr serve has the key of a certificate
        raise UsageError(f"{place}: {option}: a key does not belong in a settings file", NO_KEY)
    if option not in known:
        raise UsageError(f"{place}: no option {shorten(option, _SHOWN)}{_of(command)}", _advice(option, command, known))
    if is_confirmation(option):
        raise UsageError(f"{place}: {option} confirms one run, so it can only be a flag")
    if command is None and not can_be_general(option):
        names = " or ".join(f"[{each}]" for each in commands_with(option))
        raise UsageError(f"{place}: {option} differs from command to command", f"put it into the table {names}")


def _of(command: str | None) -> str:
    if command:
        return f" of asr {command}"
    return ""


def _advice(option: str, command: str | None, known: Iterable[str]) -> str:
    if option.startswith("no-") and option[3:] in known:
        return f"write {option[3:]} = false"
    if others := commands_with(option):
        return f"asr {' and asr '.join(others)} {'has' if len(others) == 1 else 'have'} it"
    names = list(known)
    if not command:
        names += OPTIONS
    return suggested(option, names) or "asr config list names all"


class _DocumentReader:
    """Reads one parsed file into a document."""

    def __init__(self, name: str, lines: dict[KeyPath, int], is_folder: bool) -> None:
        self._name = name
        self._lines = lines
        self._is_folder = is_folder
        self._tables: dict[TableName, dict[str, Entry]] = {}

    def read(self, parsed: dict[str, Any]) -> Document:
        self._check_version(parsed.pop(VERSION_KEY, VERSION))
        profiles = parsed.pop(PROFILE, {})
        if not isinstance(profiles, dict):
            advice = "write [profile.NAME], and choose one with ASR_PROFILE"
            raise UsageError(f"{self._at((PROFILE,))}: profile is a table of profiles", advice)
        self._read_tables(parsed, TableName())
        for profile, content in profiles.items():
            table = TableName(profile)
            if not isinstance(content, dict):
                raise UsageError(f"{self._at(table.path)}: a profile is a table", f"write [profile.{profile}]")
            self._read_tables(content, table)
        return Document(self._name, self._tables, tuple(profiles))

    def _at(self, path: KeyPath) -> str:
        return f"{self._name}:{line_of(self._lines, path)}"

    def _check_version(self, version: object) -> None:
        place = self._at((VERSION_KEY,))
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise UsageError(f"{place}: {VERSION_KEY} is a number from 1")
        if version > VERSION:
            problem = f"{place}: settings of version {version}, written for a newer asr; this one reads {VERSION}"
            raise UsageError(problem, "install a newer asr")

    def _read_tables(self, content: dict[str, Any], table: TableName) -> None:
        general = {key: value for key, value in content.items() if key not in OPTIONS}
        self._read_options(general, table)
        for command in content.keys() & OPTIONS.keys():
            found = TableName(table.profile, command)
            if not isinstance(content[command], dict):
                raise UsageError(f"{self._at(found.path)}: {command} is a command: a table belongs here")
            self._read_options(content[command], found)

    def _read_options(self, content: dict[str, Any], table: TableName) -> None:
        entries = self._tables.setdefault(table, {})
        for key, value in content.items():
            place, option = self._at((*table.path, key)), canonical(key)
            if isinstance(value, dict) and option not in _options_of(table.command):
                names = []
                if table.command is None:
                    names = list(OPTIONS)
                if table == TableName():
                    names.append(PROFILE)
                raise UsageError(f"{place}: no table {shorten(key, _SHOWN)} here", suggested(key, names))
            check_option(place, option, table.command)
            if option in entries:
                raise UsageError(f"{place}: {option} is in this table twice")
            check_no_key(place, option, value)
            if self._is_folder:
                self._check_stranger(place, option, table.command, value)
            entries[option] = Entry(value, place)

    def _check_stranger(self, place: str, option: str, command: str | None, value: object) -> None:
        advice = "put it into your own file (asr config path), the environment or a flag"
        if not is_for_folder(option, command):
            problem = f"{place}: a file in the current folder may not set {option}: it may be a stranger's"
            raise UsageError(problem, advice)
        for text in _texts(value):
            if text.lstrip().startswith("@"):
                raise UsageError(f"{place}: {option}: a file in the current folder may not name another file", advice)
            if any(is_obeyed(char) and char not in "\n\t" for char in text):
                raise UsageError(f"{place}: {option}: control characters do not belong here")


def check_no_key(place: str, option: str, value: object) -> None:
    """Refuse a value with a key in it.

    Raises:
        UsageError: the value looks like a key; the error does not show it.
    """
    if any(map(holds_key, _texts(value))):
        raise UsageError(f"{place}: {option}: a key does not belong in a settings file", NO_KEY)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _options_of(command: str | None) -> Collection[str]:
    """The options that can be set for a command, or without one for any command."""
    if command:
        return OPTIONS[command]
    return {name for options in OPTIONS.values() for name in options}
