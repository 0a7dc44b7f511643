"""The API key: from a file, the environment, or the file of the official SDK. It is never printed."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from asrcli.cli.builders.text_files import bytes_of
from asrcli.cli.console import print_message
from asrcli.core.errors import UsageError
from asrcli.core.settings import Secret

OPTION, KEY_VARIABLE, KEY_FILE_VARIABLE = "--api-key-file", "DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY_FILE_PATH"
SDK_KEY_FILE = Path("~/.dashscope/api_key")
MOST_BYTES = 1 << 16  # a longer file holds no key
OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
# What people paste together with a key: a pattern, the problem and the advice. No key matches any pattern.
PASTED = (
    (re.compile(r"""["'`“”‘’«»].*|.*["'`“”‘’«»,;]""", re.DOTALL), "quotes or commas around the key", "leave them out"),
    (re.compile(r"(?i)(authorization\s*:\s*)?bearer\b.*", re.DOTALL), "'Bearer' before the key", "leave that out"),
    (
        re.compile(r"(?i)((export|set|setx)\s+|\$env:)?[a-z_]\w*\s*=\s*[^=\s].*", re.DOTALL),
        "a whole NAME=value",
        "only what stands behind the = is the key",
    ),
    (re.compile(r"[$%]?[<({\[].*|[$%]\w+%?", re.DOTALL), "a placeholder for a key", "put the key in its place"),
)


def read_key(key_file: Path | None, warn: Callable[[str], None] = print_message) -> Secret | None:
    """The API key from the file, else from the environment, else from the file of the official SDK, else None.

    `warn` is called with a message if other users can read the file.

    Raises:
        UsageError: a file cannot be read or holds no key.
    """
    if key_file is not None:
        return _from_file(key_file, OPTION, warn)
    if os.environ.get(KEY_VARIABLE, "").strip():
        return _key(os.environ[KEY_VARIABLE], KEY_VARIABLE)
    if named := os.environ.get(KEY_FILE_VARIABLE, "").strip():
        return _from_file(Path(named), KEY_FILE_VARIABLE, warn)
    try:
        usual = SDK_KEY_FILE.expanduser()
        if not usual.is_file():
            return None
    except (RuntimeError, OSError):  # the user has no home folder, or may not enter it
        return None
    return _from_file(usual, "", warn)


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
        raise UsageError(f"{where}: not a text file") from None
    if not text.strip():
        raise UsageError(f"{where}: holds no key")
    if len(data) > MOST_BYTES:
        raise UsageError(f"{where}: does not hold a key on one line")
    key = _key(text, where)
    if os.name == "posix" and stat.S_ISREG(about.st_mode) and about.st_mode & OTHERS:
        warn(f"asr: {path} holds a key that other users of this machine can read: chmod 600 would end that")
    return key


def _key(text: str, where: str) -> Secret:
    text = text.strip().strip("\ufeff")
    for pattern, found, advice in PASTED:
        if pattern.fullmatch(text):
            raise UsageError(f"{where}: {found}", advice)
    if not text.isascii():
        raise UsageError(f"{where}: holds characters that no key has", "copy it again, and nothing beside it")
    if not text.isprintable() or " " in text:
        raise UsageError(f"{where}: does not hold a key on one line")
    return Secret(text)
