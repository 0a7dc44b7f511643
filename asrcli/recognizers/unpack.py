"""Unpacks an archive that may be malicious: only plain files and folders come out of it, all of them inside one folder.

No link is ever made: a link of the archive to one of its own files becomes a copy, every other one is refused. Sizes
are bounded while the archive is read, not by what it says of itself.
"""

import bz2
import gzip
import lzma
import re
import tarfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import IO, Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import OutputError, UsageError, shorten, system_reason

BLOCK_BYTES = 1 << 20
_OPENERS: dict[bytes, Callable[..., Any]] = {b"BZh": bz2.open, b"\x1f\x8b": gzip.open, b"\xfd7zXZ": lzma.open}
_WINDOWS = re.compile(r"[\\:*?\"<>|\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class ArchiveLimits:
    """How much may come out of an archive."""

    size_bytes: int = 8 << 30
    files: int = 10_000
    depth: int = 16  # of folders inside each other


class BadArchive(UsageError):
    """An archive that cannot be used, or must not be."""


class _Bounded:
    """The unpacked bytes of an archive: nothing asks for many of them at once, and there is a last one."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._limit = limit

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        if not 0 <= size <= BLOCK_BYTES:  # a header that is larger than a file should be
            raise BadArchive("the archive is damaged")
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """Go to a position."""
        self._check(position)
        return self._file.seek(position)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def _check(self, position: int) -> None:
        if position > self._limit + BLOCK_BYTES:
            raise BadArchive(f"the archive holds more than {self._limit / 1e9:.1f} GB")


def unpack(archive: Path, folder: Path, limits: ArchiveLimits | None = None) -> None:
    """Unpack a tar archive (plain, gzip, bzip2 or xz) into an empty folder, which need not exist.

    Raises:
        BadArchive: it is damaged, too large, or holds something that must not be unpacked.
        OutputError: a file cannot be written.
    """
    limits = limits or ArchiveLimits()
    try:
        folder.mkdir(exist_ok=True)
        with archive.open("rb") as packed:
            head = packed.read(6)
            packed.seek(0)
            opener = next((each for magic, each in _OPENERS.items() if head.startswith(magic)), nullcontext)
            with opener(packed) as plain:
                bounded = _Bounded(plain, limits.size_bytes)
                with tarfile.open(fileobj=bounded, mode="r:") as tar:  # type: ignore[call-overload]
                    _Unpacking(tar, folder, limits).all()
                while bounded.read(BLOCK_BYTES):  # a checksum stands at the end of what was packed
                    pass
    except (tarfile.TarError, EOFError, lzma.LZMAError, gzip.BadGzipFile, UnicodeError) as exc:
        raise BadArchive(f"the archive is damaged: {shorten(str(exc))}") from exc
    except (OSError, ValueError) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            raise OutputError(str(folder), system_reason(exc)) from exc
        raise BadArchive(f"the archive is damaged: {shorten(str(exc))}") from exc


class _Unpacking:
    """The members of an archive on their way into a folder."""

    def __init__(self, tar: tarfile.TarFile, folder: Path, limits: ArchiveLimits) -> None:
        self._tar = tar
        self._folder = folder
        self._limits = limits
        self._count = self._size_bytes = 0
        self._seen: dict[PurePosixPath, Path] = {}

    def all(self) -> None:
        """Unpack every member."""
        for member in self._tar:
            self._count += 1
            if self._count > self._limits.files:
                raise BadArchive(f"the archive holds more than {self._limits.files} files")
            path = self._inside(member.name, member.name)
            if not path.parts:
                continue
            target = self._folder.joinpath(*path.parts)
            if member.isdir():
                _make(target, path)
            elif member.isreg() and not member.issparse():
                self._add_size(member.size, member.name)
                self._write(self._tar.extractfile(member), target, path)
            elif member.issym() or member.islnk():
                self._copy(member, target, path)
            else:
                raise BadArchive(
                    f"the archive holds {shorten(repr(member.name), 60)}, which is neither file nor folder"
                )

    def _copy(self, member: tarfile.TarInfo, target: Path, path: PurePosixPath) -> None:
        where = PurePosixPath(member.linkname)
        if member.issym() and not where.is_absolute():
            where = path.parent / where
        linked = self._seen.get(self._inside(str(where), member.name))
        if linked is None:
            raise BadArchive(f"the archive holds {shorten(repr(member.name), 60)}, a link to no file before it")
        self._add_size(linked.stat().st_size, member.name)
        with linked.open("rb") as source:
            self._write(source, target, path)

    def _write(self, source: IO[bytes] | None, target: Path, path: PurePosixPath) -> None:
        assert source is not None  # noqa: S101  it is a file
        _make(target.parent, path.parent)
        try:
            file = target.open("xb")
        except (FileExistsError, IsADirectoryError):
            raise _twice(path) from None
        with file:
            while block := source.read(BLOCK_BYTES):
                file.write(block)
        self._seen[path] = target

    def _add_size(self, size: int, name: str) -> None:
        self._size_bytes += size
        if size < 0 or self._size_bytes > self._limits.size_bytes:
            limit = f"{self._limits.size_bytes / 1e9:.1f} GB"
            raise BadArchive(f"the archive holds more than {limit}, at {shorten(repr(name), 60)}")

    def _inside(self, name: str, shown: str) -> PurePosixPath:
        """Return a path without `.` and `..`.

        Raises:
            BadArchive: it leads out of the folder, or cannot be a path on every system.
        """
        parts: list[str] = []
        for part in PurePosixPath(name).parts:
            if part == ".." and parts:
                parts.pop()
            elif part == ".." or part.startswith("/") or _WINDOWS.search(part):
                raise BadArchive(
                    f"the archive holds {shorten(repr(shown), 60)}, which leads out of its folder or is not a path"
                )
            else:
                parts.append(part)
        if len(parts) > self._limits.depth:
            raise BadArchive(f"the archive holds more than {self._limits.depth} folders inside each other")
        return PurePosixPath(*parts)


def _make(folder: Path, path: PurePosixPath) -> None:
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _twice(path) from None


def _twice(path: PurePosixPath) -> BadArchive:
    return BadArchive(f"the archive holds {shorten(repr(str(path)), 60)} twice")
