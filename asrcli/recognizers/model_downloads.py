"""Archives of models on their way here, one folder each, and the checksums of the first download of each address."""

import hashlib
import json
import shutil
from collections.abc import Collection
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.config.change_lock import changing
from asrcli.config.files import write_text
from asrcli.core.errors import OutputError, SourceError, UsageError, bare_url, system_reason
from asrcli.core.whole_writes import make_private
from asrcli.journal.lock import JournalLock, in_use
from asrcli.transport.download import NOTE, Progress, Route, download

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ".downloads"
PINS = ".checksums.json"


def checked_sum(text: str | None) -> str:
    """Return a SHA-256 in lower case; empty without one.

    Raises:
        UsageError: the text is not a SHA-256.
    """
    digits = (text or "").strip().lower()
    if digits and (len(digits) != 64 or set(digits) - set("0123456789abcdef")):
        raise UsageError("a SHA-256 has 64 hexadecimal digits")
    return digits


def sum_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise SourceError(str(path), system_reason(exc)) from exc


class ModelDownloads:
    """The archives that are fetched into a folder of models."""

    def __init__(self, models: Path) -> None:
        self._models = models

    def remove_left(self, sources: Collection[str]) -> None:
        """Remove what was fetched from these addresses: a program was killed after it had added the model."""
        for folder in (self._models / FOLDER).glob("*"):
            if _noted_url(folder) in sources and not in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def taken(self, url: str) -> "Iterator[ModelDownload]":
        """The download of an address, for this process alone.

        Raises:
            UsageError: another process is fetching it.
            OutputError: its folder cannot be made.
        """
        folder = self._models / FOLDER / hashlib.sha256(url.encode()).hexdigest()[:16]
        lock = JournalLock(folder)
        try:
            make_private(folder)
            free = lock.take()
        except OSError as exc:
            raise OutputError(str(folder), system_reason(exc)) from exc
        if not free:
            raise UsageError(f"another program is fetching {bare_url(url)}", "wait until it has ended")
        try:
            yield ModelDownload(url, folder, self._models / PINS)
        finally:
            lock.release()


class ModelDownload:
    """One archive on its way. What has come stays in its folder until it is discarded."""

    def __init__(self, url: str, folder: Path, pins: Path) -> None:
        self._url = url
        self._folder = folder
        self._pins = pins

    def fetch(self, progress: Progress, route: Route) -> Path:
        """Fetch what is missing; returns the path of the archive.

        Raises:
            UsageError, DownloadFailed, OutputError: as `download`.
        """
        return download(self._url, self._folder, progress, route)

    def discard(self) -> None:
        """Delete what has come. The lock file may stay: on Windows it cannot be deleted while it is held."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def pinned(self) -> str:
        """Return the checksum of the first download of this address; empty if there was none."""
        return self._read_pins().get(self._url, "")

    def pin(self, checksum: str) -> None:
        """Keep the checksum for later downloads of this address.

        Raises:
            OutputError: it cannot be written.
        """
        with changing(self._pins):
            write_text(self._pins, json.dumps(self._read_pins() | {self._url: checksum}, indent=1))

    def _read_pins(self) -> dict[str, str]:
        """Return the checksums by address.

        Raises:
            UsageError: the file is there and cannot be read: nobody could tell whether an archive has changed.
        """
        try:
            pins = json.loads(self._pins.read_text("utf-8"))
            return {str(url): str(checksum) for url, checksum in pins.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError):
            raise UsageError(
                f"{self._pins} cannot be read", "repair it, or delete it to forget all checksums"
            ) from None


def _noted_url(folder: Path) -> str:
    """Return the address, without secrets, of the file that a folder holds a part of; empty if it is not known."""
    try:
        return bare_url(str(json.loads((folder / NOTE).read_text("utf-8"))["url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ""
