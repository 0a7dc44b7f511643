"""The API key: from a file, from the environment, or from where the official SDK keeps it. It is never shown."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from asrcli.cli.build.text_files import bytes_of
from asrcli.cli.console import print_message
from asrcli.core.settings import Secret
from asrcli.core.errors import UsageError

OPTION, KEY_VARIABLE, KEY_FILE_VARIABLE = "--api-key-file", "DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY_FILE_PATH"
USUAL_KEY_FILE = Path("~/.dashscope/api_key")
MOST_BYTES = 1 << 16  # what is longer is no key
OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
# What people paste with a key, and what to say of it. A key itself has none of this.
PASTED = (
    (re.compile(r"""["'`“”‘’«»].*|.*["'`“”‘’«»,;]""", re.DOTALL), "quotes or commas around the key", "leave them out"),
    (re.compile(r"(?i)(authorization\s*:\s*)?bearer\b.*", re.DOTALL), "'Bearer' before the key", "leave that out"),
    (
        re.compile(r"(?i)((export|set|setx)\s+|\$env:)?[a-z_]\w*\s*=\s*[^=\s].*", re.DOTALL),
        "a whole NAME=value",
        "only what stands behind the = is the key",
    ),
    (re.compile(r"[$%]?[<({\[].*|[$%]\w+%?", re.DOTALL), "what stands for a key, and none", "put the key in its place"),
)


def read_key(key_file: Path | None, warn: Callable[[str], None] = print_message) -> Secret | None:
    """The API key from the file, else from the environment, else from where the official SDK keeps it, else none.

    `warn` is told of a file that others can read.

    Raises:
        UsageError: a file that cannot be read or holds no key.
    """
    if key_file is not None:
        return _from_file(key_file, OPTION, warn)
    if os.environ.get(KEY_VARIABLE, "").strip():
        return _key(os.environ[KEY_VARIABLE], KEY_VARIABLE)
    if named := os.environ.get(KEY_FILE_VARIABLE, "").strip():
        return _from_file(Path(named), KEY_FILE_VARIABLE, warn)
    try:
        usual = USUAL_KEY_FILE.expanduser()
        there = usual.is_file()
    except (RuntimeError, OSError):  # a user without a home, or with one that they may not enter
        return None
    return _from_file(usual, "", warn) if there else None


def _from_file(path: Path, option: str, warn: Callable[[str], None]) -> Secret:
    """The key in a file that exists; a name that no file has is not shown, for it may be the key itself."""
    where = f"{option} {path}".strip()
    try:
        data, about = bytes_of(path, MOST_BYTES)
    except (OSError, ValueError) as exc:
        reason = (getattr(exc, "strerror", None) or "no name of a file").lower()
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
