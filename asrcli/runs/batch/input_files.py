"""From the arguments of a user to the inputs of a batch: files, directories, patterns, manifests, addresses, stores."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from glob import glob, has_magic
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from asrcli.core.causes import Cause
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError, SourceError, system_reason
from asrcli.outputs.overwrite_check import MEDIA
from asrcli.runs.batch.decisions import InputStamp
from asrcli.runs.batch.manifest import BatchInput, parse_manifest
from asrcli.runs.batch.remote_store import RemoteStore, StoredFile, identity_of, is_stored, is_web, scheme_of

MANIFESTS = {".jsonl", ".tsv"}
_NO_AUDIO = """
.mid .midi .gz .xz .zip .7z .tar .png .jpg .jpeg .gif .pdf .doc .docx .odt .xls .xlsx .raw .pcm
"""
NO_AUDIO = frozenset(_NO_AUDIO.split())  # of the names that no transcript has, those of no recording
PEEKED = 100  # lines that show whether a manifest is text
ASKED_AT_ONCE = 16  # files in stores
MOST_LINE = 1 << 20  # bytes of a line of a manifest


@dataclass
class FoundInputs:
    """The inputs, each once, and the errors of what names none.

    Attributes:
        skipped: How many files of directories were left out because their names are not those of recordings.
    """

    inputs: list[BatchInput] = field(default_factory=list)
    problems: list[AsrError] = field(default_factory=list)
    skipped: int = 0
    _seen: dict[str, str] = field(default_factory=dict)

    def add(self, one: BatchInput) -> None:
        """Add an input, unless it was named before."""
        before = self._seen.get(one.identity)
        if before is None:
            self._seen[one.identity] = one.path
            self.inputs.append(one)
        elif is_web(one.path) and before != one.path:
            reason = "differs from another input only in what follows the ?, which cannot tell inputs apart"
            self.problems.append(SourceError(one.path, reason))


def find_inputs(named: Iterable[str], out: Path, stdin: BinaryIO | None = None) -> FoundInputs:
    """Return all inputs that the words of a command line name.

    A directory stands for the recordings in it and below it, a file that ends in .jsonl or .tsv for what its lines
    name, `-` for a manifest on standard input, a pattern for the files that match. `out` is no input.
    """
    found = FoundInputs()
    for word in named:
        try:
            _add(word, out, stdin or sys.stdin.buffer, found)
        except SourceError as exc:  # of a store
            found.problems.append(exc)
        except (OSError, ValueError) as exc:
            found.problems.append(SourceError(word, system_reason(exc).lower()))
    return found


def _add(word: str, out: Path, stdin: BinaryIO, found: FoundInputs) -> None:
    if word == "-":
        _add_manifest("standard input", _lines(stdin), "", out, found)
    elif scheme_of(word) == "file":
        _add(_local_path(word), out, stdin, found)
    elif is_stored(word):
        _add_stored(word, out, found)
    elif "://" in word:
        found.add(_address(word))
    elif Path(word).is_dir():
        _add_directory(Path(word), out, found)
    elif Path(word).suffix.lower() in MANIFESTS and Path(word).is_file():
        with Path(word).open("rb") as file:
            _add_manifest(word, _lines(file), os.path.dirname(word), out, found)  # noqa: PTH120  no dot where there is no folder
    elif has_magic(word) and not os.path.lexists(word):
        _add_pattern(word, out, found)
    elif not Path(word).exists():
        found.problems.append(SourceError(word, "no such file or directory", cause=Cause.NO_SUCH_FILE))
    else:
        found.add(_file(word))


def _add_pattern(pattern: str, out: Path, found: FoundInputs) -> None:
    matches = sorted(glob(pattern, recursive=True))  # noqa: PTH207  it may be absolute
    transcripts = os.path.realpath(out)
    for path in matches:
        if Path(os.path.realpath(path)).is_relative_to(transcripts):
            continue
        if Path(path).is_dir():
            if not pattern.endswith("**"):  # its files match such a pattern themselves
                _add_directory(Path(path), out, found)
        elif _is_recording(path) or Path(pattern).suffix:
            found.add(_file(path))
        else:
            found.skipped += 1
    if not matches:
        found.problems.append(SourceError(pattern, "no file matches this pattern"))


def _add_directory(folder: Path, out: Path, found: FoundInputs) -> None:
    before = len(found.inputs), len(found.problems)
    skipped_before = found.skipped
    transcripts = os.path.realpath(out)

    def failed(exc: OSError) -> None:
        found.problems.append(SourceError(str(exc.filename), system_reason(exc).lower()))

    top = Path(os.path.abspath(folder)).parent  # noqa: PTH100  links in it stay as the user wrote them
    for where, folders, files in os.walk(folder, onerror=failed):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and os.path.realpath(Path(where, name)) != transcripts
        )
        below = Path(os.path.abspath(where)).relative_to(top).as_posix()  # noqa: PTH100
        for name in sorted(files):
            if _is_recording(name) and not _is_pipe(Path(where, name)):
                found.add(_file(str(Path(where, name)), below))
            elif not name.startswith("."):
                found.skipped += 1
    if before == (len(found.inputs), len(found.problems)):
        skipped = found.skipped - skipped_before
        reason = "holds no recording" + (f": none of {skipped} files is called like one" if skipped else "")
        found.problems.append(SourceError(str(folder), reason))


def _add_stored(word: str, out: Path, found: FoundInputs) -> None:
    """Add what an address in a store names; the address of a web page is looked at later, with all others."""
    if Path(identity_of(word)).suffix.lower() in MANIFESTS:
        folder = (word.partition("?")[0] if is_web(word) else word).rpartition("/")[0]
        _add_manifest(word, RemoteStore(word).lines(), folder, out, found)
    elif "*" in word or (has_magic(word) and not is_web(word)):
        _add_found(word, "no file matches this pattern", RemoteStore(word).matches(), found)
    elif is_web(word) and not word.endswith("/"):
        found.add(_address(word))
    elif (store := RemoteStore(word)).is_folder():
        _add_found(word, "holds no recording", store.below(), found)
    else:
        found.add(_address(word, stamp=store.stamp()))


def _add_found(word: str, nothing: str, files: Sequence[StoredFile], found: FoundInputs) -> None:
    recordings = [one for one in files if _is_recording(one.url.rpartition("/")[2])]
    found.skipped += len(files) - len(recordings)
    for one in recordings:
        found.add(_address(one.url, stamp=None if is_web(one.url) else one.stamp))
    if not recordings:
        found.problems.append(SourceError(identity_of(word), nothing))


def _add_manifest(name: str, content: Iterable[bytes], folder: str, out: Path, found: FoundInputs) -> None:
    first, content = _peeked(content)
    if b"\0" in first:
        found.problems.append(SourceError(identity_of(name), "is not text, but a manifest must be"))
        return
    lines, problems = parse_manifest(map(os.fsdecode, content), identity_of(name))
    found.problems += problems
    for line in lines:
        path = line.path
        if scheme_of(path) == "file":
            path = _local_path(path)
        elif not scheme_of(path):
            path = os.path.join(folder, path)  # noqa: PTH118  keeps what the user wrote
        if "://" in path:
            found.add(_address(path, line.name))
        elif os.path.isdir(path):  # noqa: PTH112  also of a name that no file can have
            _add_directory(Path(path), out, found)
        else:
            found.add(_file(path, name=line.name))  # one that does not exist fails when it is read
    if not lines and not problems:
        found.problems.append(SourceError(identity_of(name), "names no input"))


def _peeked(content: Iterable[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """The first lines of a manifest, and all of them."""
    lines = iter(content)
    first = list(islice(lines, PEEKED))
    return b"".join(first), chain(first, lines)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MOST_LINE):
        yield line


def _local_path(url: str) -> str:
    """The path that a file:// address names, which may have %20 for a space."""
    path = url.partition("://")[2]
    return path if os.path.lexists(path) else unquote(path)


def _is_recording(name: str) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix in MEDIA - NO_AUDIO and not Path(name).name.startswith(".")


def _is_pipe(path: Path) -> bool:
    """Whether it is a pipe or a socket, which nobody may ever write to."""
    with suppress(OSError, ValueError):
        mode = path.stat().st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    return False


def _file(path: str, folder: str = "", name: str = "") -> BatchInput:
    parent = Path(os.path.abspath(path)).parent.name  # noqa: PTH100
    return BatchInput(path, os.path.realpath(path), Path(path).name, parent, folder or parent, name)


def _address(url: str, name: str = "", stamp: InputStamp | None = None) -> BatchInput:
    identity = identity_of(url)
    parts = [part for part in identity.partition("://")[2].split("/") if part] or ["input"]
    parent = parts[-2] if parts[1:] else ""
    return BatchInput(url, identity, parts[-1], parent, "/".join(parts[:-1]), name, stamp)


def input_stamp(path: str) -> InputStamp:
    """What shows whether an input has changed; of a stream on the web nothing is known.

    Raises:
        SourceError: there is no such file.
    """
    if is_web(path):
        return _web_stamp(path)
    if is_stored(path):
        return RemoteStore(path).stamp()
    if "://" in path:
        return InputStamp()
    try:
        about = Path(path).stat()
    except (OSError, ValueError) as exc:
        raise SourceError(path, system_reason(exc).lower()) from exc
    return InputStamp(about.st_size, about.st_mtime_ns)


def _web_stamp(url: str) -> InputStamp:
    """Nothing where fsspec is not installed or no length is known: it is read as a stream, which says what is wrong."""
    with suppress(SourceError):
        stamp = RemoteStore(url).stamp()
        if stamp.size_bytes is not None:
            return stamp
    return InputStamp()


def input_stamps(inputs: Iterable[BatchInput]) -> dict[str, InputStamp | SourceError]:
    """The stamps of all inputs by their identities, or the error of what is not there; stores are asked at once."""

    def stamp_of(one: BatchInput) -> InputStamp | SourceError:
        try:
            return one.stamp or input_stamp(one.path)
        except SourceError as exc:
            return exc

    inputs = list(inputs)
    remote = [one for one in inputs if one.stamp is None and is_stored(one.path)]
    found = {one.identity: stamp_of(one) for one in inputs if one.stamp is not None or not is_stored(one.path)}
    if remote:
        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            found |= zip((one.identity for one in remote), pool.map(stamp_of, remote), strict=True)
    return found


def missing_files(out: Path, files: Sequence[str]) -> bool:
    """Whether one of these transcripts is missing."""
    return not all((out / name).exists() for name in files)
