"""From what a user names to the inputs of a batch: files, directories, patterns, manifests, addresses."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO

from asrcli.core.errors import AsrError, SourceError, bare_url, system_reason
from asrcli.outputs.overwrite_check import MEDIA
from asrcli.runs.batch.decisions import InputStamp
from asrcli.runs.batch.manifest import BatchInput, parse_manifest

MANIFESTS = {".jsonl", ".tsv"}
_NO_AUDIO = """
.mid .midi .gz .xz .zip .7z .tar .png .jpg .jpeg .gif .pdf .doc .docx .odt .xls .xlsx .raw .pcm
"""
NO_AUDIO = frozenset(_NO_AUDIO.split())  # of the names that no transcript has, those of no recording
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
    _seen: set[str] = field(default_factory=set)

    def add(self, one: BatchInput) -> None:
        """Add an input, unless it was named before."""
        if one.identity not in self._seen:
            self._seen.add(one.identity)
            self.inputs.append(one)


def find_inputs(named: Iterable[str], out: Path, stdin: BinaryIO | None = None) -> FoundInputs:
    """Return all inputs that the words of a command line name.

    A directory stands for the recordings in it and below it, a file that ends in .jsonl or .tsv for what its lines
    name, `-` for a manifest on standard input, a pattern for the files that match. `out` is no input.
    """
    found = FoundInputs()
    for word in named:
        try:
            _add(word, out, stdin or sys.stdin.buffer, found)
        except (OSError, ValueError) as exc:
            found.problems.append(SourceError(word, system_reason(exc).lower()))
    return found


def _add(word: str, out: Path, stdin: BinaryIO, found: FoundInputs) -> None:
    if word == "-":
        _add_manifest("standard input", stdin, "", out, found)
    elif "://" in word:
        found.add(_address(word))
    elif Path(word).is_dir():
        _add_directory(Path(word), out, found)
    elif Path(word).suffix.lower() in MANIFESTS and Path(word).is_file():
        with Path(word).open("rb") as file:
            _add_manifest(word, file, os.path.dirname(word), out, found)  # noqa: PTH120  no dot where there is no folder
    elif has_magic(word) and not os.path.lexists(word):
        _add_pattern(word, out, found)
    elif not Path(word).exists():
        found.problems.append(SourceError(word, "no such file or directory"))
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
            if _is_recording(name):
                found.add(_file(str(Path(where, name)), below))
            elif not name.startswith("."):
                found.skipped += 1
    if before == (len(found.inputs), len(found.problems)):
        skipped = found.skipped - skipped_before
        reason = "holds no recording" + (f": none of {skipped} files is called like one" if skipped else "")
        found.problems.append(SourceError(str(folder), reason))


def _add_manifest(name: str, file: BinaryIO, folder: str, out: Path, found: FoundInputs) -> None:
    lines, problems = parse_manifest(_decoded(file), name)
    found.problems += problems
    for line in lines:
        if "://" in line.path:
            found.add(_address(line.path, line.name))
            continue
        path = os.path.join(folder, line.path)  # noqa: PTH118  keeps what the user wrote
        if Path(path).is_dir():
            _add_directory(Path(path), out, found)
        else:
            found.add(_file(path, name=line.name))  # one that does not exist fails when it is read
    if not lines and not problems:
        found.problems.append(SourceError(name, "names no input"))


def _decoded(file: BinaryIO) -> Iterator[str]:
    while line := file.readline(MOST_LINE):
        yield os.fsdecode(line)


def _is_recording(name: str) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix in MEDIA - NO_AUDIO and not Path(name).name.startswith(".")


def _file(path: str, folder: str = "", name: str = "") -> BatchInput:
    parent = Path(os.path.abspath(path)).parent.name  # noqa: PTH100
    return BatchInput(path, os.path.realpath(path), Path(path).name, parent, folder or parent, name)


def _address(url: str, name: str = "") -> BatchInput:
    parts = [part for part in bare_url(url).partition("://")[2].split("/") if part] or ["input"]
    parent = parts[-2] if parts[1:] else ""
    return BatchInput(url, bare_url(url), parts[-1], parent, "/".join(parts[:-1]), name)


def input_stamp(path: str) -> InputStamp:
    """What shows whether an input has changed; of an address nothing is known.

    Raises:
        SourceError: there is no such file.
    """
    if "://" in path:
        return InputStamp()
    try:
        about = Path(path).stat()
    except (OSError, ValueError) as exc:
        raise SourceError(path, system_reason(exc).lower()) from exc
    return InputStamp(about.st_size, about.st_mtime_ns)


def missing_files(out: Path, files: Sequence[str]) -> bool:
    """Whether one of these transcripts is not there."""
    return not all((out / name).exists() for name in files)
