"""Reads transcripts and references: plain text, subtitles, tables and JSON, as segments with their times."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pysubs2

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, system_reason
from asrcli.evaluation.normalization import UNSPACED

MOST_BYTES = 256 << 20
_CLOCK = r"\d+:\d\d(?::\d\d)?(?:[.,]\d{1,3})?"
# What `--format text` puts beside the words: times, gaps and pauses.
_STAMP = re.compile(rf"^\s*\[{_CLOCK} → {_CLOCK}\] ")
_REMARK = re.compile(rf"^\s*\[(?:gap|[^\]]*(?:paused|muted)) {_CLOCK} → {_CLOCK}(?:: .*)?\]\s*$")
_BELOW = re.compile(r"^\s*(?:→ |heard: )")
_LYRIC = re.compile(r"^((?:\[\d+:\d\d(?:[.:]\d{1,3})?\])+)(.*)$")
_LYRIC_TIME = re.compile(r"\[(\d+):(\d\d)(?:[.:](\d{1,3}))?\]")
# A line end within text that has no spaces between words; with the punctuation of such text.
_SOLID = f"{UNSPACED}\u3001-\u3003\u3008-\u3011\u3014-\u301b\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_SOLID_LINE_END = re.compile(f"(?<=[{_SOLID}])\n(?=[{_SOLID}“‘…])|(?<=[”’…])\n(?=[{_SOLID}])")
# Where a JSON document has its segments; "entries" is the format json of asr.
_SEGMENT_LISTS = ("entries", "segments", "sentences", "events")
_GAP_CAPTION = re.compile(r"^\s*(?:[^\[\]]*: )?\[gap: .*\]\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Segment:
    """A line, a caption or a sentence of a transcript. Times are milliseconds; None if the file has none.

    Only JSON names a speaker and a translation.
    """

    text: str
    begin_ms: int | None = None
    end_ms: int | None = None
    speaker: str = ""
    translation: str = ""


def read_transcript(path: Path) -> list[Segment]:
    """Return the segments of a file that have text, in the order of the file. The suffix says how it is read.

    Raises:
        SourceError: the file cannot be read, or it is not what its suffix says. It names the file and, where there is
            one, the line.
    """
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise SourceError(str(path), f"is not a transcript that can be read: {', '.join(sorted(READERS))}")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as exc:
        raise SourceError(str(path), system_reason(exc)) from exc
    if len(data) > MOST_BYTES:
        raise SourceError(str(path), f"has more than {MOST_BYTES >> 20} MB")
    try:
        text = _decoded(data).replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        raise SourceError(str(path), "is not text in UTF-8 or UTF-16: save it in UTF-8") from exc
    try:
        return [segment for segment in read(text) if segment.text.strip()]
    except _Malformed as exc:
        raise SourceError(str(path), str(exc)) from exc


class _Malformed(Exception):
    """What is wrong with the contents of a file, and where."""


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def _plain(text: str) -> Iterator[Segment]:
    stamped = False
    for line in text.splitlines():
        if _REMARK.match(line):
            continue
        stamp = _STAMP.match(line)
        stamped = stamped or stamp is not None
        if stamp is None and _BELOW.match(line) and (stamped or line.startswith("  ")):
            continue  # the translation of the sentence above
        yield Segment(line[stamp.end() :] if stamp else line)


def _captions(text: str) -> Iterator[Segment]:
    try:
        captions = pysubs2.SSAFile.from_string(text)
    except Exception as exc:  # its readers raise errors of many kinds
        raise _Malformed(f"is not a readable subtitle file: {' '.join(str(exc).split())[:80]}") from exc
    for caption in captions:
        words = _SOLID_LINE_END.sub("", caption.plaintext).replace("\n", " ")
        if not caption.is_comment and not _GAP_CAPTION.match(words):
            yield Segment(words, caption.start, caption.end)


def _web_captions(text: str) -> Iterator[Segment]:
    """Read WebVTT, whose text escapes the characters of its markup."""
    return (replace(caption, text=unescape(caption.text)) for caption in _captions(text))


def _lyrics(text: str) -> Iterator[Segment]:
    for line in text.splitlines():
        found = _LYRIC.match(line)
        if found is None:
            if not line.startswith("["):  # the others are tags, such as [ar:Anna]
                yield Segment(line)
            continue
        if _GAP_CAPTION.match(found[2]):
            continue
        minutes, seconds, rest = _LYRIC_TIME.findall(found[1])[0]
        yield Segment(found[2], (int(minutes) * 60 + int(seconds)) * 1000 + int((rest or "0").ljust(3, "0")))


def _table(text: str) -> Iterator[Segment]:
    lines = text.splitlines()
    columns = []
    if lines:
        columns = lines[0].split("\t")
    if "text" not in columns:
        raise _Malformed("has no column 'text' in its first line")
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) < len(columns):
            if not line.strip():
                continue
            raise _Malformed(f"line {number}: {len(cells)} columns instead of {len(columns)}")
        row = dict(zip(columns, cells, strict=False))
        if not _GAP_CAPTION.match(row["text"]):
            yield Segment(row["text"], _milliseconds(row.get("start")), _milliseconds(row.get("end")))


def _milliseconds(cell: object) -> int | None:
    try:
        return round(float(str(cell)))
    except (ValueError, OverflowError):
        return None


def _json_lines(text: str) -> Iterator[Segment]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise _Malformed(f"line {number}: is no JSON") from exc
        if not isinstance(value, dict):
            raise _Malformed(f"line {number}: is no JSON object")
        if value.get("type", "final") == "final":
            yield _segment(value, f"line {number}", 1)


def _json_document(text: str) -> Iterator[Segment]:
    """Read one JSON document: an object with a list of segments or with `text` alone, or a list; or JSON Lines."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        if not _begins_with_object(text):
            raise _Malformed("is no JSON") from exc
        # asr writes JSON Lines into a file NAME.json unless -f json is given.
        yield from _json_lines(text)
        return
    segments = value
    if isinstance(value, dict):
        segments = next((value[key] for key in _SEGMENT_LISTS if key in value), [value])
    if not isinstance(segments, list):
        raise _Malformed("has no list of segments")
    for number, segment in enumerate(segments, 1):
        if not isinstance(segment, dict):
            raise _Malformed(f"segment {number}: is no JSON object")
        if segment.get("type", "final") == "final":
            yield _segment(segment, f"segment {number}", 1000)


def _begins_with_object(text: str) -> bool:
    """Whether the first line of a text is a JSON object."""
    try:
        return isinstance(json.loads(text.lstrip().partition("\n")[0]), dict)
    except (ValueError, RecursionError):
        return False


def _segment(value: dict[str, Any], where: str, unit_ms: int) -> Segment:
    """Return the segment of an object; its `start` and `end` count in units of `unit_ms`."""
    text = value.get("text")
    if not isinstance(text, str):
        raise _Malformed(f"{where}: has no 'text'")
    begin_ms, end_ms = _time(value, "begin_ms", "start", unit_ms), _time(value, "end_ms", "end", unit_ms)
    return Segment(text, begin_ms, end_ms, _named(value, "speaker"), _named(value, "translation"))


def _named(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if isinstance(found, str):
        return found
    return ""


def _time(value: dict[str, Any], exact: str, other: str, unit_ms: int) -> int | None:
    if exact in value:
        return _milliseconds(value[exact])
    found = value.get(other)
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e9:
        return round(found * unit_ms)
    return None


READERS: dict[str, Callable[[str], Iterator[Segment]]] = {
    ".txt": _plain,
    ".srt": _captions,
    ".vtt": _web_captions,
    ".ass": _captions,
    ".lrc": _lyrics,
    ".tsv": _table,
    ".jsonl": _json_lines,
    ".json": _json_document,
}
