"""Files in stores that fsspec reaches by their addresses: what is there, and moving whole files in and out."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import OutputError, SourceError, bare_url, shorten
from asrcli.core.install_advice import install_package
from asrcli.core.whole_writes import make_private
from asrcli.runs.batch.decisions import InputStamp
from asrcli.sources.blocking_calls import call_with_timeout, iterate_with_timeout

# What must be installed for each kind of address, beside asrcli.
PACKAGES = {
    "s3": "asrcli[s3]", "s3a": "asrcli[s3]", "oss": "asrcli[oss]", "sftp": "asrcli[sftp]", "ssh": "asrcli[sftp]",
    "gs": "gcsfs", "gcs": "gcsfs", "http": "asrcli[remote]", "https": "asrcli[remote]", "memory": "asrcli[remote]",
}  # fmt: skip
WEB = {"http", "https"}
HOSTS = {"sftp", "ssh"}  # their addresses name a machine; the others begin with a bucket
# A file appears there when all of it has arrived, and folders are only parts of names.
AT_ONCE = WEB | {"s3", "s3a", "oss", "gs", "gcs"}
TIMEOUT_S = 60.0  # how long a store may give nothing
# What stores and web servers say of a file, the surest first.
TAGS = ("ETag", "etag", "checksum", "md5Hash", "content_md5", "Content-MD5", "Digest", "Last-Modified")
PIECE_BYTES = 1 << 17
BLOCK_BYTES = 1 << 20  # the largest request to a store
LEFT_FREE_BYTES = 64 << 20  # of the disk, beside the files that are fetched
UNFINISHED_END = ".part"


def scheme_of(word: str) -> str:
    """The kind of an address in lower case; empty for a path."""
    return word.partition("://")[0].lower() if "://" in word else ""


def is_stored(word: str) -> bool:
    """Whether a word is the address of a file in a store: its size is known, and it can be read again."""
    return scheme_of(word) in PACKAGES


def is_web(word: str) -> bool:
    """Whether a word is the address of a page or file of a web server, which may also be an endless stream."""
    return scheme_of(word) in WEB


def identity_of(url: str) -> str:
    """An address without secrets that tells files apart; on the web what follows a ? may be a signature."""
    if is_web(url) or not is_stored(url):
        return bare_url(url)
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{place.rpartition('@')[2]}{slash}{path}"


@dataclass(frozen=True)
class StoredFile:
    """A file in a store: its address, and what shows whether it has changed."""

    url: str
    stamp: InputStamp


class RemoteStore:
    """The files that are reached as one address is; for one thread.

    Raises:
        SourceError: a package is missing, or the address is not valid.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            from fsspec.core import url_to_fs

            self._files, self._path = self._bounded(lambda: url_to_fs(url))
        except ImportError as exc:
            command = install_package(PACKAGES[scheme_of(url)])
            raise SourceError(url, f"{scheme_of(url)}:// needs a package: {command}") from exc

    def stamp(self) -> InputStamp:
        """What shows whether the file has changed.

        Raises:
            SourceError: there is none, or the store does not answer.
        """
        self._files.invalidate_cache()
        return _stamp(self._bounded(lambda: self._files.info(self._path)))

    def is_folder(self) -> bool:
        """Whether the address names a folder.

        Raises:
            SourceError: the store does not answer, or nothing is there.
        """
        if is_web(self.url):
            return self.url.endswith("/")
        return bool(self._bounded(lambda: self._files.info(self._path))["type"] == "directory")

    def below(self) -> list[StoredFile]:
        """All files in the folder and below it, in the order of their names.

        Raises:
            SourceError: it cannot be listed.
        """
        return self._listed(lambda: self._files.find(self._path, detail=True))

    def matches(self) -> list[StoredFile]:
        """All files that the address matches as a pattern.

        Raises:
            SourceError: the store cannot be listed.
        """
        return self._listed(lambda: self._files.glob(self._path, detail=True))

    def lines(self) -> Iterator[bytes]:
        """The lines of a small file.

        Raises:
            SourceError: it cannot be read.
        """
        content: bytes = self._bounded(lambda: self._files.cat_file(self._path))
        yield from content.splitlines(keepends=True)

    def fetch(self, target: Path, size_bytes: int | None) -> None:
        """Copy the file to a new one that only this user can read.

        Raises:
            SourceError: it cannot be read, has another size than `size_bytes`, or the disk has no room for it.
            OutputError: no folder can be made for it.
        """
        try:
            make_private(target.parent)
        except OSError as exc:
            raise OutputError(str(target.parent), _reason(exc)) from exc
        if size_bytes is not None and size_bytes + LEFT_FREE_BYTES > shutil.disk_usage(target.parent).free:
            raise SourceError(self.url, f"its {size_bytes / 1e6:.0f} MB do not fit in {target.parent}")
        with suppress(FileNotFoundError):
            target.unlink()
        taken = 0
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            try:
                for piece in iterate_with_timeout(self._pieces, self.url, TIMEOUT_S):
                    taken += len(piece)
                    if size_bytes is not None and taken > size_bytes:
                        break
                    file.write(piece)
            except Exception as exc:  # stores raise errors of many libraries
                _fail(self.url, exc)
        if size_bytes not in {None, taken}:
            raise SourceError(self.url, "does not have the size that was announced: try again")

    def _pieces(self) -> Iterator[bytes]:
        with self._files.open(self._path, "rb", block_size=BLOCK_BYTES) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def _listed(self, found: Callable[[], Mapping[str, Any]]) -> list[StoredFile]:
        self._files.invalidate_cache()
        listed = self._bounded(found)
        return [
            StoredFile(self._url(path), _stamp(about))
            for path, about in sorted(listed.items())
            if about.get("type") != "directory"
        ]

    def _url(self, path: str) -> str:
        if is_web(self.url):
            return path
        scheme, _, rest = self.url.partition("://")
        if scheme.lower() in HOSTS:
            return f"{scheme}://{rest.partition('/')[0]}/{path.lstrip('/')}"
        return f"{scheme}://{path.lstrip('/')}"

    def _bounded(self, function: Callable[[], Any]) -> Any:
        try:
            return call_with_timeout(function, self.url, TIMEOUT_S)
        except ImportError:
            raise
        except Exception as exc:  # stores raise errors of many libraries
            _fail(self.url, exc)


class RemoteFolder:
    """A folder in a store that gets the transcripts of a batch."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self.shown = identity_of(self._url)

    def address(self, name: str) -> str:
        """The address of a transcript, without secrets."""
        return f"{self.shown}/{name}"

    def names(self) -> set[str]:
        """The names of all files in the folder and below it.

        Raises:
            OutputError: the folder cannot be listed.
        """
        start = f"{self.shown}/"
        try:
            return {identity_of(one.url).removeprefix(start) for one in RemoteStore(f"{self._url}/").below()}
        except SourceError as exc:
            raise OutputError(self.shown, exc.reason) from exc

    def put(self, file: Path, name: str) -> None:
        """Copy a file there, so that all of it appears at once.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            store = RemoteStore(f"{self._url}/{name}")
            call_with_timeout(lambda: _put(store, file), self.address(name), TIMEOUT_S)
        except SourceError as exc:
            raise OutputError(self.address(name), exc.reason) from exc
        except Exception as exc:  # stores raise errors of many libraries
            raise OutputError(self.address(name), _reason(exc)) from exc


def _put(store: RemoteStore, file: Path) -> None:
    files, path = store._files, store._path
    if scheme_of(store.url) in AT_ONCE:
        files.put_file(str(file), path)
        return
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    files.put_file(str(file), path + UNFINISHED_END)
    files.mv(path + UNFINISHED_END, path)


def check_remote_folder(url: str) -> RemoteFolder:
    """The folder in a store that an address names.

    Raises:
        OutputError: transcripts cannot be written there, a package is missing, or the store does not answer.
    """
    shown = identity_of(url)
    if not is_stored(url) or is_web(url):
        raise OutputError(shown, "transcripts go to a folder, or to s3://, oss://, gs:// or sftp://")
    if not urlsplit(url).netloc:
        raise OutputError(shown, "the address names no bucket and no machine")
    try:
        RemoteStore(url)
    except SourceError as exc:
        raise OutputError(shown, exc.reason) from exc
    return RemoteFolder(url)


def _stamp(about: Mapping[str, Any]) -> InputStamp:
    """A tag says more than a time, which some stores change with each copy."""
    size = about.get("size")
    tag = next((str(about[key]) for key in TAGS if about.get(key)), "")
    size = int(size) if isinstance(size, int | float) else None
    return InputStamp(size, None if tag else _time_ns(about), tag.strip('"'))


def _time_ns(about: Mapping[str, Any]) -> int | None:
    for key in ("LastModified", "mtime", "updated", "last_modified", "created"):
        value = about.get(key)
        if isinstance(value, datetime):
            value = value.timestamp()
        if isinstance(value, int | float):
            return round(value * 1000) * 1_000_000
    return None


def _fail(url: str, exc: Exception) -> NoReturn:
    if isinstance(exc, SourceError):
        raise exc
    raise SourceError(url, _reason(exc)) from exc


def _reason(exc: Exception) -> str:
    """What a library says, in one line and without secrets."""
    if isinstance(exc, FileNotFoundError):
        return "no such file or directory"
    text = shorten(str(getattr(exc, "strerror", None) or exc) or type(exc).__name__)
    return text[:1].lower() + text[1:] if text[:2].istitle() else text
