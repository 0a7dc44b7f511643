"""Finds the transcript of each reference: two files, or two folders in which the names agree."""

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


def files_by_name(folder: Path, other: Path) -> dict[str, Path]:
    """Return the transcripts below a folder by their names without suffix, in the order of the names.

    The other folder may be inside this one; its files are left out.

    Raises:
        SourceError: a folder cannot be read.
    """
    inside = None
    if other.resolve().is_relative_to(folder.resolve()):
        inside = other.resolve()
    if inside == folder.resolve():
        inside = None
    try:
        files = sorted(
            path
            for path in folder.rglob("*")
            if path.suffix.lower() in READERS and path.is_file() and not _is_in(path, inside)
        )
    except OSError as exc:
        raise SourceError(str(folder), system_reason(exc)) from exc
    found: dict[str, Path] = {}
    for path in sorted(files, key=_preference):
        found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
    return dict(sorted(found.items()))


def _is_in(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder)


def _preference(path: Path) -> int:
    return PREFERRED.index(path.suffix.lower())
