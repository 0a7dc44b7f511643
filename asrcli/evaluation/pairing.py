"""Finds the transcript of each reference: two files, or two folders in which the names agree."""

import os
from collections.abc import Callable
from pathlib import Path

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, UsageError, system_reason
from asrcli.evaluation.transcript_files import READERS

# Of several transcripts of one recording, the one with the most information is read: times, and nothing but words.
PREFERRED = (".jsonl", ".json", ".tsv", ".srt", ".vtt", ".ass", ".lrc", ".txt")


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference and its transcript, under one name; `hypothesis` is None if there is none."""

    name: str
    reference: Path
    hypothesis: Path | None


def find_pairs(hypothesis: Path, reference: Path) -> tuple[list[Pair], list[str]]:
    """Return the pairs in the order of their names, and the names of transcripts that have no reference.

    Raises:
        UsageError: one is a folder and the other is not, or the folder of references has none.
        SourceError: a file or folder is not there, or cannot be read.
    """
    for path in (hypothesis, reference):
        if not path.exists():
            raise SourceError(str(path), "no such file or folder")
    if not hypothesis.is_dir() and not reference.is_dir():
        return [Pair(hypothesis.name, reference, hypothesis)], []
    if not hypothesis.is_dir() or not reference.is_dir():
        raise UsageError(f"{hypothesis} and {reference}: one is a folder, the other a file", "name two of a kind")
    references, hypotheses = files_by_name(reference, hypothesis), files_by_name(hypothesis, reference)
    if not references:
        raise UsageError(f"no reference in {reference}", f"its files must end in {', '.join(sorted(READERS))}")
    pairs = [Pair(name, path, hypotheses.pop(name, None)) for name, path in references.items()]
    return pairs, list(hypotheses)


def files_by_name(
    folder: Path, other: Path, unreadable: Callable[[SourceError], None] | None = None
) -> dict[str, Path]:
    """Return the transcripts below a folder by their names without suffix, in the order of the names.

    Hidden files and folders are left out: in `.asr-batch` are the journals of unfinished inputs. The other folder may
    be inside this one; its files are left out, too.

    Args:
        folder: The folder.
        other: The other folder, or the same one.
        unreadable: Is told of each folder that cannot be read, and then the others are read; None raises the error.

    Raises:
        SourceError: a folder cannot be read.
    """
    apart = other.resolve()

    def failed(exc: OSError) -> None:
        error = SourceError(str(exc.filename), system_reason(exc))
        if unreadable is None:
            raise error from exc
        unreadable(error)

    files: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=failed):
        here = Path(where)
        folders[:] = [name for name in folders if not name.startswith(".") and (here / name).resolve() != apart]
        paths = [here / name for name in names if not name.startswith(".")]
        files += [path for path in paths if path.suffix.lower() in READERS and path.is_file()]
    found: dict[str, Path] = {}
    for path in sorted(sorted(files), key=_preference):
        found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
    return dict(sorted(found.items()))


def _preference(path: Path) -> int:
    return PREFERRED.index(path.suffix.lower())
