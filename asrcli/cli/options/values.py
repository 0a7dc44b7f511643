"""Values of options: names to choose from, and functions that parse text."""

import re
from enum import StrEnum
from urllib.parse import urlsplit

import typer

from asrcli.cli.builders.text_files import names_existing_file, read_text_file
from asrcli.core.errors import UsageError, shorten

MOST_CHANNELS = 64
SLOWEST = 0.01  # times real time
MOST = 86_400  # no option needs a larger number; it is the seconds of a day
_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_BYTES = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class OutputFormat(StrEnum):
    """The formats of the transcript."""

    TEXT = "text"
    JSONL = "jsonl"
    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"
    LRC = "lrc"
    TSV = "tsv"
    CSV = "csv"
    MD = "md"
    JSON = "json"
    HTML = "html"


class EncodingName(StrEnum):
    """The encodings of raw PCM."""

    S16LE = "s16le"
    S16BE = "s16be"
    S24LE = "s24le"
    S32LE = "s32le"
    U8 = "u8"
    F32LE = "f32le"
    F64LE = "f64le"
    ALAW = "alaw"
    MULAW = "mulaw"


class BackendName(StrEnum):
    """The back ends that read microphones, in the order in which they are tried."""

    PYAUDIO = "pyaudio"
    MINIAUDIO = "miniaudio"
    PAREC = "parec"
    PW_RECORD = "pw-record"
    ARECORD = "arecord"


class TimestampStyle(StrEnum):
    """The times before each line of text: from the start of the audio, or of the day."""

    RELATIVE = "relative"
    CLOCK = "clock"


def given_text(option: str, text: str) -> str:
    """The text itself, or for @FILE the text of that file.

    Raises:
        UsageError: the file cannot be read, or is empty; or the text is the name of a file, and the @ was forgotten.
    """
    if not text.startswith("@"):
        if names_existing_file(text):
            raise UsageError(f"{option} {text}: is the name of a file", f"@{text} reads it")
        return text.strip()
    read = read_text_file(text[1:], f"{option} {text}").strip()
    if not read:
        raise UsageError(f"{option} {text}: is empty")
    return read


def parse_pace(text: str, option: str = "--pace") -> float | None:
    """A pace as times real time; None for `max`. `option` names it in errors.

    Raises:
        UsageError: it is neither a number nor max.
    """
    if text == "max":
        return None
    try:
        pace = float(text)
    except ValueError:
        pace = 0.0
    if not SLOWEST <= pace <= 1000:
        raise UsageError(f"{option} {shorten(text, 40)}: neither max nor a number from {SLOWEST} to 1000")
    return pace


def parse_proxy(text: str | None) -> str | None:
    """The URL of a proxy; HOST:PORT is an HTTP proxy.

    Raises:
        UsageError: it is not an address.
    """
    if text is None:
        return None
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # The address is not printed, because it may contain a password.
        raise UsageError("--proxy: not an address", "write it as http://HOST:8080")
    return url


def parse_time(name: str, text: str | None) -> int | None:
    """A time in the audio in milliseconds, from 90, 1:30, 1:02:03.5 or 1m30s.

    Raises:
        UsageError: it is not a time.
    """
    if text is None:
        return None
    if (length_ms := _in_units(text)) is not None:
        return length_ms
    # In subtitles a comma stands before the milliseconds.
    found = re.fullmatch(r"(?:(?:(\d{1,6}):)?(\d{1,9}):)?(\d{1,9}(?:[.,]\d{1,9})?)", text, re.ASCII)
    if found is None:
        raise UsageError(f"{name} {shorten(text, 40)}: not a time", "write it as 90, 1:30, 1:02:03.5 or 1m30s")
    hours, minutes, seconds = found.groups(default="0")
    seconds = seconds.replace(",", ".")
    if (found[2] and float(seconds) >= 60) or (found[1] and int(minutes) >= 60):
        raise UsageError(f"{name} {text}: not a time", "minutes and seconds after a colon are below 60")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def parse_duration(name: str, text: str | None) -> int | None:
    """A length of time in milliseconds, from 50s, 10m, 2h, 1h30m, 500ms or 1:30:00.

    Raises:
        UsageError: it is not a duration, or is zero.
    """
    if text is None:
        return None
    try:
        length_ms = parse_time(name, text)
    except UsageError:
        length_ms = 0
    if not length_ms:
        raise UsageError(f"{name} {shorten(text, 40)}: not a duration", "write it as 50s, 10m, 1h30m or 1:30:00")
    return length_ms


def _in_units(text: str) -> int | None:
    """Milliseconds, from hours, minutes, seconds and milliseconds with their units; None if it has no units."""
    pattern = r"\s*".join(rf"(?:(\d{{1,9}}(?:\.\d{{1,9}})?)\s*{unit})?" for unit in ("h", "m", "s", "ms"))
    found = re.fullmatch(pattern, text, re.ASCII)
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds, milliseconds = (float(number or 0) for number in found.groups())
    return round(hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + milliseconds)


def parse_age(text: str | None) -> float | None:
    """An age in seconds, from 36h, 90d, 12w or 2y; None for no limit.

    Raises:
        UsageError: it is no age.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*([hdwy])", text.strip().lower(), re.ASCII)
    if found is None:
        raise UsageError(f"--library-max-age {shorten(text, 40)}: not an age", "write it as 36h, 90d, 12w or 2y")
    return float(found[1]) * _SECONDS[found[2]]


def parse_size(text: str | None) -> int | None:
    """A size in bytes, from 500M, 2G or 1.5 GB; None for no limit.

    Raises:
        UsageError: it is no size.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*([kmgt])b?", text.strip().lower(), re.ASCII)
    if found is None:
        raise UsageError(f"--library-max-size {shorten(text, 40)}: not a size", "write it as 500M or 2G")
    return round(float(found[1]) * _BYTES[found[2]])


def parse_channel(text: str) -> int | None:
    """The number of a channel, counted from 0; None for the mix of all.

    Raises:
        UsageError: it is not a channel.
    """
    named = {"mix": None, "left": 0, "right": 1}
    if text in named:
        return named[text]
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_CHANNELS:
        allowed = f"mix, left, right or a number from 1 to {MOST_CHANNELS}"
        raise UsageError(f"--channel {shorten(text, 40)}: not {allowed}")
    return int(text) - 1


def parse_track(text: str | None) -> str | None:
    """The number or the language of a sound track, unchanged.

    Raises:
        UsageError: it is neither.
    """
    if (
        text is None
        or (re.fullmatch(r"[0-9]{1,9}", text) and int(text) >= 1)
        or text.replace("-", "").replace("_", "").isalpha()
    ):
        return text
    raise UsageError(f"--track {shorten(text, 40)}: not a number from 1, nor a language such as en or eng")


def parse_device(text: str) -> tuple[str, str]:
    """A device and the name of who speaks there, from NAME or NAME=LABEL; without a label the latter is empty.

    What ALSA calls `CARD=PCH` is an argument of the device and no label.

    Raises:
        UsageError: a part is empty.
    """
    device, equals, label = text.rpartition("=")
    if not equals or re.search(r"[:,][A-Z0-9]+$", device):
        device, label = text, ""
    if not device.strip() or (equals and not text.rpartition("=")[2].strip()):
        raise UsageError(f"--device {shorten(text, 40)}: not NAME or NAME=LABEL", "as in --device mic=Anna")
    return device.strip(), label.strip()


def status_level(*, quiet: bool, verbose: int) -> int | None:
    """How much status is printed; None is none.

    Raises:
        UsageError: --quiet and --verbose are both given.
    """
    if quiet and verbose:
        raise UsageError("--quiet and --verbose are both given")
    if quiet:
        return None
    return verbose


def bounded_number(option: typer.CallbackParam, value: float | None) -> float | None:
    """The number; for NaN, and beyond `MOST` in either direction, Typer reports a bad parameter."""
    if value is None or -MOST <= value <= MOST:
        return value
    least, most = getattr(option.type, "min", None), getattr(option.type, "max", None)
    raise typer.BadParameter(f"{value} is not a number from {least or 0:g} to {most or MOST:g}")
