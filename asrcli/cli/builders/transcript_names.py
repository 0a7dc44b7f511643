"""Names of transcripts: the format that a suffix stands for, and the file for the transcript of each input."""

import re
import stat
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from os.path import lexists, realpath  # also of what cannot be there: a loop of links, a name that is too long
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import UsageError, bare_url
from asrcli.core.lazy_module import LazyModule

if TYPE_CHECKING:
    from asrcli.journal import transcript_origins
    from asrcli.runs.batch import output_names
else:  # only --output-dir needs them
    output_names = LazyModule("asrcli.runs.batch.output_names")
    transcript_origins = LazyModule("asrcli.journal.transcript_origins")

SUFFIXES = {OutputFormat.TEXT: ".txt"} | {f: f".{f.value}" for f in OutputFormat if f is not OutputFormat.TEXT}
# Suffixes that name a format without being its own. Programs read JSON Lines under .json since the first version.
ALSO = {
    ".json": OutputFormat.JSONL,
    ".ndjson": OutputFormat.JSONL,
    ".markdown": OutputFormat.MD,
    ".htm": OutputFormat.HTML,
}
OVERWRITE = "--overwrite replaces it"
# Files of other programs, which text under such a name is not, and the format that comes closest.
FOREIGN = {
    OutputFormat.HTML: ".doc .docx .odt .pdf .rtf .pages .epub .ppt .pptx .odp .tex",
    OutputFormat.CSV: ".xls .xlsx .ods .numbers .db .sqlite .parquet",
    OutputFormat.SRT: ".sub .sbv .ssa .stl .ttml .dfxp .smi .scc .idx .mp4 .mkv .mov .webm .avi",
    OutputFormat.TEXT: ".wav .mp3 .flac .opus .ogg .m4a .aac .amr .wma .asrz .zip .gz .toml .xml .yaml",
}


def format_of(path: str) -> OutputFormat:
    """The format that the suffix of a name stands for; text for any other suffix."""
    suffix = Path(path).suffix.lower()
    if suffix in ALSO:
        return ALSO[suffix]
    return next((name for name, end in SUFFIXES.items() if end == suffix), OutputFormat.TEXT)


def named_format(path: str, *, only_text: bool = False) -> OutputFormat:
    """The format that the suffix of a name stands for where no format is given.

    Args:
        path: The name.
        only_text: There are options that Markdown does not take, but text, which may have such a name too.

    Raises:
        UsageError: it stands for files that are not written here.
    """
    suffix = Path(path).suffix.lower()
    nearest = next((name for name, suffixes in FOREIGN.items() if suffix in suffixes.split()), None)
    if nearest is not None and not lexists(path):  # of a file that is there, the check of --overwrite says more
        raise UsageError(
            f"--output {path}: there is no format for {suffix}",
            f"the nearest is -o {Path(path).with_suffix(SUFFIXES[nearest])}; -f {nearest.value} keeps your name",
        )
    found = format_of(path)
    if only_text and found is OutputFormat.MD:
        return OutputFormat.TEXT
    return found


def with_suffixes(path: str, formats: Sequence[OutputFormat]) -> list[str]:
    """The file of each format: the path itself for a single format; several formats add their suffixes to it."""
    if len(formats) == 1:
        return [path]
    suffix = Path(path).suffix
    base = path
    if suffix.lower() in ALSO or suffix.lower() in SUFFIXES.values():
        base = path.removesuffix(suffix)
    return [f"{base}{SUFFIXES[name]}" for name in formats]


def stems(inputs: Sequence[str]) -> list[str]:
    """The names of the transcripts of inputs without their suffix: NAME for NAME.mp3.

    If two would have the same name, both keep the whole name of the input.
    """
    whole = [_name(each) for each in inputs]
    found = [Path(name).stem or name for name in whole]
    for _ in inputs:
        folded = [output_names.folded_name(name) for name in found]
        times = Counter(folded)
        repeated = [number for number, name in enumerate(found) if times[folded[number]] > 1 and name != whole[number]]
        if not repeated:
            break
        for number in repeated:
            found[number] = whole[number]
    return found


def _name(source: str) -> str:
    if source == "-":
        return "stdin"
    if "://" in source:
        source = re.sub(r"\A[A-Za-z][A-Za-z0-9+.-]*://", "", bare_url(source))
    return Path(source).name or "input"


def identity(source: str) -> str:
    """What identifies an input from one run to the next; empty for standard input, which differs each time."""
    if source == "-":
        return ""
    if "://" in source:
        return bare_url(source)
    return realpath(source)


def check_earlier(path: Path, *, appendable: bool) -> None:
    """Refuse to replace the transcript of an earlier talk: a microphone, unlike a file, does not give its sound again.

    Raises:
        UsageError: the file holds something.
    """
    with suppress(OSError):  # who opens it reports that
        info = path.stat()
        if stat.S_ISREG(info.st_mode) and info.st_size > 0:
            other = "choose another name"
            if appendable:
                other = "--append adds to it"
            raise UsageError(f"{path} exists: what was said then cannot be heard again", f"{other}, {OVERWRITE}")


def check_origins(folder: Path, files: "dict[str, Path]") -> None:
    """Refuse to replace the transcript of another input, and record which input each of these files belongs to.

    Args:
        folder: Where the transcripts are written.
        files: The transcript of each input.

    Raises:
        UsageError: a file is, or may be, the transcript of another input.
    """
    origins = transcript_origins.TranscriptOrigins(folder)
    for source, path in files.items():
        if not lexists(path):
            continue
        known = origins.of(path.name)
        if known is None:
            raise UsageError(f"{path} exists, and may be the transcript of another input", OVERWRITE)
        if not known or known != identity(source):
            other = known or "another input"
            raise UsageError(f"{path} is the transcript of {other}: {bare_url(source)} would replace it", OVERWRITE)
    origins.remember({path.name: identity(source) for source, path in files.items()})
