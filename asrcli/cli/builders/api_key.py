"""The API key: from a file, the environment, `asr login`, or the file of the official SDK. It is never printed."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from asrcli.cli.builders.text_files import bytes_of, undecodable
from asrcli.cli.console import print_message
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError
from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.core.settings import KEY_VARIABLE, Secret

OPTION, KEY_FILE_VARIABLE = "--api-key-file", "DASHSCOPE_API_KEY_FILE_PATH"
SDK_KEY_FILE = Path("~/.dashscope/api_key")
MOST_BYTES = 1 << 16  # a longer file contains no key
OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
# What people paste together with a key: a pattern, the problem and the advice. No key matches any pattern.
PASTED = (
    (
        lazy_pattern(r"""["'`“”‘’«»].*|.*["'`“”‘’«»,;]""", re.DOTALL),
        "quotes or commas around the key",
        "leave them out",
    ),
    (lazy_pattern(r"(?i)(authorization\s*:\s*)?bearer\b.*", re.DOTALL), "'Bearer' before the key", "leave that out"),
    (
        lazy_pattern(r"(?i)((export|set|setx)\s+|\$env:)?[a-z_]\w*\s*=\s*[^=\s].*", re.DOTALL),
        "a whole NAME=value",
        "only what comes after the = is the key",
    ),
    (lazy_pattern(r"[$%]?[<({\[].*|[$%]\w+%?", re.DOTALL), "a placeholder for a key", "put the key in its place"),
)


SHOWN, LEAST = 4, 12  # the last characters of a key that are shown, and how long it must be for that


@dataclass(frozen=True)
class FoundKey:
    """A key and where it comes from: `source` in one word for programs, `place` in words."""

    key: Secret
    source: str
    place: str

    @property
    def shown(self) -> str:
        """Its last characters, enough to tell it from another key of the same user."""
        return shown_end(self.key)


def shown_end(key: Secret) -> str:
    """The last characters of a key for messages; none of a short one."""
    if len(key.reveal()) >= LEAST:
        return f"…{key.reveal()[-SHOWN:]}"
    return "…"


def read_key(key_file: Path | None, warn: Callable[[str], None] = print_message, service: str = "") -> Secret | None:
    """The API key as `find_key` finds it, or None.

    Raises:
        UsageError: as `find_key`.
    """
    found = find_key(key_file, warn, service)
    if found:
        return found.key
    return None


def find_key(key_file: Path | None, warn: Callable[[str], None] = print_message, service: str = "") -> FoundKey | None:
    """The API key from the first place that has one, or None.

    The places: the file; the environment; a file that the environment names; what `asr login` keeps for `service` (see
    config/key_store.py; an empty name has none); the file of the official SDK.

    `warn` is called with a message if other users can read a file.

    Raises:
        UsageError: one that comes first cannot be read or contains no key.
    """
    if key_file is not None:
        return FoundKey(_from_file(key_file, OPTION, warn), "option", f"{OPTION} {key_file}")
    if os.environ.get(KEY_VARIABLE, "").strip():
        return FoundKey(check_key(os.environ[KEY_VARIABLE], KEY_VARIABLE), "environment", KEY_VARIABLE)
    if named := os.environ.get(KEY_FILE_VARIABLE, "").strip():
        key = _from_file(Path(named), KEY_FILE_VARIABLE, warn)
        return FoundKey(key, "environment", f"{KEY_FILE_VARIABLE} {named}")
    if service:
        from asrcli.config.key_store import KeyStore

        if kept := KeyStore().read(service):
            return FoundKey(check_key(kept[0].reveal(), kept[1]), "login", kept[1])
    try:
        usual = SDK_KEY_FILE.expanduser()
        if not usual.is_file():
            return None
    except (RuntimeError, OSError):  # the user has no home folder, or may not enter it
        return None
    return FoundKey(_from_file(usual, "", warn), "sdk", str(usual))


def _from_file(path: Path, option: str, warn: Callable[[str], None]) -> Secret:
    """The key in a file. If no such file exists, its name is not printed: it may be the key itself."""
    where = f"{option} {path}".strip()
    try:
        data, about = bytes_of(path, MOST_BYTES)
    except (OSError, ValueError) as exc:
        reason = (getattr(exc, "strerror", None) or "not a valid file name").lower()
        if option and not os.path.lexists(path):
            advice = "name the file that holds the key: the key itself does not belong on a command line"
            raise UsageError(f"{option}: {reason}", advice) from None
        raise UsageError(f"{where}: {reason}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise undecodable(data, where) from None
    if not text.strip():
        raise UsageError(f"{where}: contains no key")
    if len(data) > MOST_BYTES:
        raise UsageError(f"{where}: does not contain a key on a single line")
    key = check_key(text, where)
    warn_of_others(path, about, warn)
    return key


def warn_of_others(path: Path, about: os.stat_result, warn: Callable[[str], None]) -> None:
    """Call `warn` with a message if other users can read a file that holds a key."""
    if os.name == "posix" and stat.S_ISREG(about.st_mode) and about.st_mode & OTHERS:
        warn(f"asr: {path} contains a key that other users of this machine can read: chmod 600 prevents that")


def check_key(text: str, where: str) -> Secret:
    """The key in a text that should hold nothing else; `where` names the place of the text in errors.

    Raises:
        UsageError: it is no key; says what it is.
    """
    text = text.strip().strip("\ufeff")
    for pattern, found, advice in PASTED:
        if pattern.fullmatch(text):
            raise UsageError(f"{where}: {found}", advice)
    if not text.isascii():
        raise UsageError(f"{where}: contains characters that are not allowed in a key", "copy only the key again")
    if not text.isprintable() or " " in text:
        raise UsageError(f"{where}: does not contain a key on a single line")
    return Secret(text)
