"""The settings files on this disk: where they are, whether they may be trusted, reading and writing them."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path

from asrcli.config.document import Document, read_document
from asrcli.core.errors import OutputError, UsageError, system_reason
from asrcli.core.lazy_module import LazyModule

if TYPE_CHECKING:
    from asrcli.core import whole_writes
else:  # most runs make no folder
    whole_writes = LazyModule("asrcli.core.whole_writes")

APP = "asrcli"  # the name of our folder among those of other programs
USER_FILE, FOLDER_FILE = "config.toml", "asr.toml"
MOST_BYTES = 1 << 20
PRIVATE_FILE = 0o600
NEW = ".asr-"  # after the name of a settings file until it is whole


def user_file() -> Path:
    """The user's own file, where this system keeps settings. For a user without a home it is where no file can be."""
    try:
        folder = user_config_path(APP, appauthor=False)
    except RuntimeError:
        folder = Path(os.sep, ".config", APP)
    return folder / USER_FILE


def read_user_file() -> Document:
    """The user's own settings; none if there is no such file.

    Raises:
        UsageError: it cannot be read, or is not valid.
    """
    path = user_file()
    try:
        data, _ = _read(path)
    except (FileNotFoundError, NotADirectoryError):
        return Document(str(path))
    except OSError as exc:
        if _is_inaccessible(exc, path.parent):
            return Document(str(path))
        raise UsageError(f"{path}: cannot be read: {system_reason(exc)}", "asr config path names this file") from None
    return read_document(data, str(path))


def read_folder_file(warn: Callable[[str], None]) -> Document:
    """The settings in the current folder; none if there is no such file.

    A file that another user owns or can write to is not used: `warn` is called with a message.

    Raises:
        UsageError: it cannot be read, is not valid, or sets what it may not.
    """
    try:
        data, about = _read(Path(FOLDER_FILE))
    except FileNotFoundError:
        return Document(FOLDER_FILE)
    except OSError as exc:
        if _is_inaccessible(exc, Path()):
            return Document(FOLDER_FILE)
        raise UsageError(f"./{FOLDER_FILE}: cannot be read: {system_reason(exc)}") from None
    if reason := _distrust(about):
        warn(f"asr: {FOLDER_FILE} in the current folder is not used: it {reason}")
        return Document(FOLDER_FILE)
    return read_document(data, FOLDER_FILE, is_folder=True)


def _is_inaccessible(exc: OSError, folder: Path) -> bool:
    """Whether this user may not enter the folder, as under sudo -u. Then the settings in it are not for this user."""
    return exc.errno == errno.EACCES and not os.access(folder, os.X_OK)


def _distrust(about: os.stat_result) -> str:
    """Why a file must not be used; empty if it may be. The administrator could change this program too."""
    if not hasattr(os, "geteuid"):
        return ""
    if about.st_uid not in {os.geteuid(), 0}:
        return "belongs to another user"
    if about.st_mode & stat.S_IWOTH:
        return "can be written by every user: chmod o-w would end that"
    return ""


def _read(path: Path) -> tuple[bytes, os.stat_result]:
    """The bytes of a regular file, and its status.

    Raises:
        OSError: it is not there, is something else, is too large, or cannot be read.
    """
    # Without O_NONBLOCK, opening a pipe would wait for a writer, which may never come.
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(fd, "rb") as file:  # noqa: PTH123  a descriptor
        about = os.fstat(fd)
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is longer than {MOST_BYTES >> 20} MB")
    return data, about


def read_text(path: Path) -> str:
    """The text of a settings file; empty if there is none.

    Raises:
        UsageError: it cannot be read, or is not text.
    """
    try:
        return _read(path)[0].decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {system_reason(exc)}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8", "save the file as UTF-8") from None


def write_text(path: Path, text: str) -> None:
    """Replace a settings file by a whole one. A link stays; folders that are missing are made.

    Raises:
        OutputError: it cannot be written; the old file is as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        whole_writes.make_private(target.parent)
        mode = PRIVATE_FILE
        if target.exists():
            mode = stat.S_IMODE(target.stat().st_mode)
        for left in target.parent.glob(f".{target.name}{NEW}*"):  # by a program that was killed
            left.unlink(missing_ok=True)
        fd, part = tempfile.mkstemp(prefix=f".{target.name}{NEW}", dir=target.parent)
        try:
            with open(fd, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123  a descriptor
                file.write(text)
                file.flush()
                whole_writes.sync(os.fsync, fd)
            Path(part).chmod(mode)
            Path(part).replace(target)
        except BaseException:  # also Ctrl-C
            with suppress(OSError):
                Path(part).unlink()
            raise
    except OSError as exc:
        raise OutputError(str(path), system_reason(exc)) from exc
