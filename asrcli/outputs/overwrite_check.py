"""Decides whether an existing file may be overwritten: only if this tool could have written it."""

import codecs
import re
from pathlib import Path

from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.outputs.output_paths import own_descriptor

# Suffixes of audio, video, pictures, documents and archives, whatever the files contain.
_MEDIA = """
.wav .wave .mp3 .flac .ogg .oga .opus .m4a .m4b .mp4 .m4v .mov .mkv .mka .webm .aac .ac3 .aif .aiff .aifc .au .snd .caf
.wma .wmv .avi .amr .spx .ts .mts .m2ts .mpg .mpeg .mp2 .3gp .3g2 .flv .ogv .w64 .rf64 .ape .wv .tta .dts .ra .rm .mid
.midi .pcm .raw .gz .xz .zip .7z .tar .png .jpg .jpeg .gif .pdf .doc .docx .odt .xls .xlsx
"""
MEDIA = frozenset(_MEDIA.split())
# Suffixes of programs, settings, pages and keys: nobody calls a transcript so.
_OTHERS = """
.py .pyc .ipynb .c .h .cc .cpp .hpp .cs .rs .go .java .kt .swift .rb .pl .php .lua .r .js .jsx .mjs .css .scss .vue .sql
.sh .bash .zsh .fish .ps1 .bat .cmd .toml .ini .cfg .conf .yaml .yml .json .xml .html .htm .svg .tex .bib .lock .patch
.diff .pem .key .crt .cer .csr .pub .asc .gpg .env .db .sqlite .plist .service .desktop .eml .mbox .ics .vcf .rtf
"""
OTHERS = frozenset(_OTHERS.split())
# How programs, pages, keys and documents begin: their bytes are text, but they are no transcripts.
_NO_TEXT = lazy_pattern(
    r"#!|\s*#{1,6} |---\r?\n|-----BEGIN |<\?xml|<!doctype|<html|%PDF|%!PS|\{\\rtf|diff --git |From \S+@", re.IGNORECASE
)
# Suffixes of formats that a file of another format may have too: text of a template may be a page or a table.
SHARED = {".md": {"text"}, ".json": {"text", "jsonl"}, ".html": {"text"}, ".csv": {"text"}}
MARKDOWN = {".md", ".markdown"}
HEAD_BYTES = 1 << 13
LOGGED = lazy_pattern(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ |    \S")  # a long traceback may be cut in two
# How a file of each output format begins.
BEGINS = {
    "jsonl": lazy_pattern(r'\{"type": ?"(begin|partial|final|gap|pause|resume|reconnect|notice|end)"'),
    "srt": lazy_pattern(r"\d+\s*\n\d+:\d\d:\d\d,\d\d\d -->"),
    "vtt": lazy_pattern(r"WEBVTT"),
    "ass": lazy_pattern(r"\[Script Info\]"),
    "lrc": lazy_pattern(r"\[\d+:\d\d\.\d\d\]"),
    "tsv": lazy_pattern(r"start\tend\ttext"),
    "csv": lazy_pattern(r"type,sentence,begin_ms,end_ms,"),
    "md": lazy_pattern(r"<!-- transcript -->"),
    "json": lazy_pattern(r'\{"type": "transcript", "version":'),
    "html": lazy_pattern(r'<!doctype html>\s*<html class="transcript">'),
}


def check_overwrite(path: Path, name: str, suffixes: dict[str, str], *, free: bool = False) -> str:
    """Return why a file must not be overwritten; an empty string if it may, or if it does not exist.

    Args:
        path: The file to write.
        name: The output format, or an empty string for text of any kind.
        suffixes: The suffix of each output format.
        free: The text may have any form, because a template formats it.
    """
    ends = _ends(path)
    if ends is None:
        return ""
    head, rest = ends
    suffix = path.suffix.lower()
    other = next((key for key, value in suffixes.items() if value == suffix and key != name), "")
    if suffix in MEDIA:
        return f"exists, but {suffix} is not the suffix of a transcript"
    if other and name and name not in SHARED.get(suffix, ()):
        return f"exists, but its suffix is that of another format ({other})"
    text = _text(head)
    if text is None or _binary(rest):
        return "exists, but is not a text file"
    if name in {"", "text"} and not free and (suffix in OTHERS or path.name.startswith(".") or _NO_TEXT.match(text)):
        return "exists, but is not a transcript"
    if name == "text" and not free and suffix in MARKDOWN and BEGINS["md"].match(text):
        return "exists, but its content is md"
    begins = BEGINS.get(name)
    if begins is not None and text.strip() and not begins.match(text.lstrip("\ufeff \r\n\t")):
        return f"exists, but its content is not {name}"
    return ""


def check_log_overwrite(path: Path) -> str:
    """Return why a file must not be used as the log; an empty string if it may. A full log is replaced."""
    ends = _ends(path)
    if ends is None:
        return ""
    text = _text(ends[0])
    if text == "" or (text and LOGGED.match(text)):
        return ""
    return "exists, but is not a log of this tool"


def _ends(path: Path) -> tuple[bytes, bytes] | None:
    """Return the first and the last bytes of a file; None if it does not exist, is empty or cannot be read.

    None too for an open descriptor, as /dev/stdout: what was written to it before stays.
    """
    try:
        if own_descriptor(path) is not None or not path.is_file() or not path.stat().st_size:
            return None
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(max(HEAD_BYTES, path.stat().st_size - HEAD_BYTES))
            return head, file.read(HEAD_BYTES)
    except OSError:
        return None  # opening it for writing reports the error


def _binary(rest: bytes) -> bool:
    """Return whether the end of a file is not text; its first character may be cut."""
    return all(_text(rest[cut:]) is None for cut in range(4))


def _text(head: bytes) -> str | None:
    """Return the beginning of a file as text; None if it is not text."""
    if b"\0" in head:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return None
