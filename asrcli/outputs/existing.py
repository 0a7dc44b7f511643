"""Which file that is there may be written over: one that this tool could have written itself."""

import codecs
import re
from pathlib import Path

# What audio, video, pictures and archives are called, whatever is in them.
_MEDIA = """
.wav .wave .mp3 .flac .ogg .oga .opus .m4a .m4b .mp4 .m4v .mov .mkv .mka .webm .aac .ac3 .aif .aiff .aifc .au .snd .caf
.wma .wmv .avi .amr .spx .ts .mts .m2ts .mpg .mpeg .mp2 .3gp .3g2 .flv .ogv .w64 .rf64 .ape .wv .tta .dts .ra .rm .mid
.midi .pcm .raw .gz .xz .zip .7z .tar .png .jpg .jpeg .gif .pdf .doc .docx .odt .xls .xlsx
"""
MEDIA = frozenset(_MEDIA.split())
HEAD_BYTES = 1 << 13
# How a file of each format begins.
BEGINS = {
    "jsonl": re.compile(r"\{"),
    "srt": re.compile(r"\d+\s*\n\d+:\d\d:\d\d,\d\d\d -->"),
    "vtt": re.compile(r"WEBVTT"),
    "ass": re.compile(r"\[Script Info\]"),
    "lrc": re.compile(r"\["),
    "tsv": re.compile(r"start\tend\ttext"),
}


def strange(path: Path, name: str, suffixes: dict[str, str]) -> str:
    """Why a file there is none that this tool could have written as `name`; empty where it could, or there is none.

    Args:
        path: Of what is to be written.
        name: The format, or an empty string for text of any kind.
        suffixes: The suffix of each format.
    """
    try:
        if not path.is_file() or not path.stat().st_size:
            return ""
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return ""  # whoever opens it for writing will say what is wrong
    suffix = path.suffix.lower()
    other = next((each for each, end in suffixes.items() if end == suffix and each != name), "")
    if suffix in MEDIA:
        return f"is there, and called like no transcript ({suffix})"
    if other and name:
        return f"is there, and called like a file of another format ({other})"
    text = _text(head)
    if text is None:
        return "is there, and holds no text"
    begins = BEGINS.get(name)
    if begins is not None and text.strip() and not begins.match(text.lstrip("\ufeff \r\n\t")):
        return f"is there, and holds something else than {name}"
    return ""


def _text(head: bytes) -> str | None:
    """The beginning of a file as text; None where it is none."""
    if b"\0" in head:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)  # a last character may be cut
    except UnicodeDecodeError:
        return None
