"""Says what a file is that no decoder reads, by its first bytes. Pure; asked only after a decoder has failed."""

import re

from asrcli.core.causes import Cause
from asrcli.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ForeignContent:
    """What a file is, as the end of a sentence about it, and the cause that decides on advice."""

    reason: str
    cause: Cause


_ARCHIVES = {
    b"PK\3\4": "a ZIP archive",
    b"PK\5\6": "a ZIP archive",
    b"\x1f\x8b": "compressed by gzip",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ\0": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\7": "a RAR archive",
}
_DOCUMENTS = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Office document",
    b"\x7fELF": "a program",
    b"SQLite format 3\0": "a database",
}
# How recordings begin.
_RECORDINGS = {
    b"\x1a\x45\xdf\xa3": "Matroska or WebM",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"RIFF": "WAV or AVI",
    b"riff\x2e\x91\xcf\x11": "Wave64",
    b"ID3": "MP3",
    b"FORM": "AIFF",
    b"caff": "CAF",
    b"#!AMR": "AMR",
    b".snd": "AU",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "WMA",
    b"FLV\1": "FLV",
}
_TAR_AT = 257
_MP4 = {b"ftyp", b"moov", b"mdat"}
_PAGE = re.compile(rb"<(!doctype html|html|head|body|script)\b", re.IGNORECASE)
_BINARY = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")


def foreign_content(head: bytes) -> ForeignContent | None:
    """Return what begins with these bytes; None if that is unknown, or if there are none."""
    for kinds, cause in ((_ARCHIVES, Cause.ARCHIVE), (_DOCUMENTS, Cause.NO_RECORDING)):
        for magic, kind in kinds.items():
            if head.startswith(magic):
                return ForeignContent(f"is {kind}, not a recording", cause)
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return ForeignContent("is a tar archive, not a recording", Cause.ARCHIVE)
    if head[4:8] in _MP4:
        reason = "is an MP4 whose index is missing or damaged: it is cut short, or was never completed"
        return ForeignContent(reason, Cause.INCOMPLETE)
    for magic, kind in _RECORDINGS.items():
        if head.startswith(magic):
            return ForeignContent(f"begins as {kind}, but is cut short or damaged", Cause.INCOMPLETE)
    if head and not head.strip(b"\0"):
        return ForeignContent("begins with nothing but zeros: most of it was never written", Cause.INCOMPLETE)
    return _text(head)


def _text(head: bytes) -> ForeignContent | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start or _BINARY.search(head) or not _is_utf8(head):
        return None
    if start.startswith(b"<") and _PAGE.search(start[:1024]):
        return ForeignContent("is a web page (HTML), not a recording", Cause.PAGE_FOR_AUDIO)
    if start.startswith(b"version https://git-lfs"):
        return ForeignContent("is a pointer of Git LFS, not a recording", Cause.LFS_POINTER)
    kind = "text"
    if start.startswith((b"{", b"[")):
        kind = "text, as it seems JSON"
    elif start.startswith(b"<"):
        kind = "text, as it seems XML"
    return ForeignContent(f"is {kind}, not a recording", Cause.NO_RECORDING)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as exc:
        return exc.reason == "unexpected end of data"  # cut in the middle of a character
    return True
