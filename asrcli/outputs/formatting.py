"""Formats values as text: times, sentences, JSON on one line, the account of a run. Pure."""

import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from asrcli.core.errors import without_secrets
from asrcli.core.events import Ended, Final, Gap, Partial, Paused, Reconnecting, Resumed
from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.core.printable import escaped, harmless, quantity

SEPARATOR = " · "
INTO = "→ "  # in front of a translation
LOCAL_TEXT = "heard on this machine only: "  # in front of the local text of a gap
PROVISIONAL = "provisional: "  # in front of text that is not from the service
INDENT = "  "  # of a line under a sentence without a time
_FAR_MS = 10**11  # three years: times further away cannot be right, and datetime could not hold them
_SURROGATES = lazy_pattern("[\ud800-\udfff]")


def reported(text: str) -> str:
    """Return text from a service or a library without control characters and without secrets."""
    return harmless(without_secrets(text))


def as_json(value: Any, indent: int | None = None) -> str:
    """Return the value as JSON without control characters, on one line unless `indent` is given. NaN becomes null."""
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, indent=indent)
    return escaped(_SURROGATES.sub("?", text))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def clock(ms: int) -> str:
    """Return milliseconds as 00:03.770, from the first hour on as 1:00:03.770."""
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    short = f"{minutes:02}:{rest / 1000:06.3f}"
    if hours:
        return f"{hours}:{short}"
    return short


def short_clock(ms: float) -> str:
    """Return milliseconds as 00:03, from the first hour on as 1:00:03."""
    return clock(round(ms))[:-4]


def wall_clock(origin: datetime) -> Callable[[int], str]:
    """Return a function that formats milliseconds since `origin` as a time of day, as 14:03:07.120."""
    return lambda ms: (origin + timedelta(milliseconds=max(-_FAR_MS, min(ms, _FAR_MS)))).strftime("%H:%M:%S.%f")[:-3]


def line(event: Final | Gap, stamp: Callable[[int], str] | None) -> str:
    """Return a final as one line, with its times in front if there is a `stamp`; a gap always has its times."""
    if isinstance(event, Gap):
        stamp = stamp or clock
        reason = "; ".join([reported(event.reason), *_local_text(event)])
        return f"[gap {stamp(event.begin_ms)} → {stamp(event.end_ms)}: {by_speaker(event.speaker, reason)}]"
    if stamp is None:
        return spoken_text(event)
    return f"[{stamp(event.begin_ms)} → {stamp(event.end_ms)}] {spoken_text(event)}"


def block(event: Final | Gap, stamp: Callable[[int], str] | None) -> str:
    """Return `line`, and under it the lines of `below`, indented to its text."""
    first = line(event, stamp)
    return "\n".join([first, *below(event, " " * (len(first) - len(spoken_text(event))))])


def below(event: Final | Gap, indent: str) -> list[str]:
    """Return the lines under a sentence: its translation, and the text of the side transcript."""
    if isinstance(event, Gap):
        return []
    lines = []
    if translation := translated(event):
        lines.append(f"{indent}{INTO}{translation}")
    if heard := harmless(event.heard).strip():
        lines.append(f"{indent or INDENT}heard: {heard}")
    return lines


def translated(event: Partial | Final) -> str:
    """Return the translation of a sentence without control characters."""
    return harmless(event.translation).strip()


def pause(event: Resumed, stamp: Callable[[int], str] | None) -> str:
    """Return a pause that has ended as one line."""
    stamp = stamp or clock
    what = f"{harmless(event.speaker)} {pause_word(event)}".strip()
    return f"[{what} {stamp(event.begin_ms)} → {stamp(event.end_ms)}]"


def pause_word(event: Paused | Resumed) -> str:
    """Return what the user has done to the microphone."""
    if event.muted:
        return "muted"
    return "paused"


def reconnecting(event: Reconnecting) -> str:
    """Return why the connection was lost and when the next attempt is, as one line."""
    reason = by_speaker(event.speaker, reported(event.reason))
    return f"{reason}; connecting again in {event.wait_ms / 1000:.1f} s (attempt {event.attempt})"


def spoken_text(event: Final | Gap) -> str:
    """Return the text of a final with its speaker in front; for a gap, what this machine has heard, or the reason."""
    if isinstance(event, Gap):
        about = "".join(_local_text(event)) or reported(event.reason)
        return by_speaker(event.speaker, f"[gap: {about}]")
    return by_speaker(event.speaker, harmless(event.text).strip())


def by_speaker(speaker: str, text: str) -> str:
    """Return the text with its speaker in front, if it has one."""
    if not speaker:
        return text
    return f"{harmless(speaker)}: {text}"


def _local_text(gap: Gap) -> list[str]:
    """Return what this machine has heard in a gap, as a list of one text; empty if it has heard nothing."""
    heard = harmless(gap.local_text).strip()
    if heard:
        return [LOCAL_TEXT + heard]
    return []


def folded(line: str, cells: int) -> list[str]:
    """Break a line of the account between its parts into lines of at most `cells` characters."""
    lines = [""]
    for part in line.split(SEPARATOR):
        longer = f"{lines[-1]}{SEPARATOR}{part}"
        if not lines[-1]:
            lines[-1] = part
        elif len(longer) <= cells:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def account(ended: Ended) -> list[str]:
    """Return the closing lines of a run: what became of each second of audio, then the delays and the cost."""
    captured, final, lost = (round(ms / 10) for ms in (ended.audio_ms, ended.final_ms, ended.lost_ms))
    final -= captured - final - lost == -1  # both were rounded up
    silence = captured - final - lost  # silence_ms, rounded so that the figures add up
    seconds = [
        *_captured(ended, captured),
        f"final {final / 100:.2f} s",
        f"silence {silence / 100:.2f} s",
        f"lost {lost / 100:.2f} s" + (f" ({ended.local_ms / 1000:.2f} s heard here)" if ended.local_ms else ""),
    ]
    if ended.paused_ms:
        seconds.append(f"paused {ended.paused_ms / 1000:.2f} s")
    seconds.append(quantity(ended.sentences, "sentence"))
    if ended.reconnects:
        times = quantity(ended.reconnects, "reconnect")
        seconds.append(f"{times} (longest outage {ended.longest_outage_ms / 1000:.1f} s)")
    if ended.resent_ms:
        seconds.append(f"sent again {ended.resent_ms / 1000:.1f} s")
    if ended.dropped:
        seconds.append(f"dropped {quantity(ended.dropped, 'repeated sentence')}")
    heard_ms = ended.wall_ms or ended.audio_ms
    if ended.elapsed_ms and heard_ms and not ended.lost_ms and not ended.live:
        seconds.append(f"{heard_ms / ended.elapsed_ms:.1f}x real time")
    delays = []
    if ended.first_text_ms is not None:
        delays.append(f"first text after {ended.first_text_ms / 1000:.2f} s")
    if ended.final_after_stop_ms is not None:
        delays.append(f"last final {ended.final_after_stop_ms / 1000:.2f} s after the end")
    delays += _bill(ended)
    heard = ended.sentences or ended.audio_ms > ended.lost_ms
    if ended.model and heard:
        delays.append(f"heard by {harmless(ended.model)}")
    if heard and ended.engine not in {"", ended.model}:
        delays.append(f"engine {harmless(ended.engine)}")
    return [SEPARATOR.join(parts) for parts in (seconds, delays) if parts]


def _captured(ended: Ended, centiseconds: int) -> list[str]:
    """Return how much audio was captured. With several sources at once: the time, then the sum of their audio."""
    if ended.at_once < 2:
        return [f"captured {centiseconds / 100:.2f} s"]
    kind = "channels"
    if ended.live:
        kind = "devices"
    return [f"captured {ended.wall_ms / 1000:.2f} s", f"{ended.at_once} {kind}, {centiseconds / 100:.2f} s of audio"]


def money(cost: float) -> str:
    """Return an amount in CNY, with four decimals below 1 CNY."""
    if cost < 1:
        return f"{cost:.4f} CNY"
    return f"{cost:.2f} CNY"


def _bill(ended: Ended) -> list[str]:
    """Return what the service counted, and its price."""
    counted = []
    if ended.billed_s is not None:
        counted.append(f"billed {ended.billed_s:g} s")
    if ended.input_tokens is not None or ended.output_tokens is not None:
        counted.append(f"{ended.input_tokens or 0} tokens in, {ended.output_tokens or 0} out")
    if ended.cost is not None:
        counted.append(money(ended.cost))
    return counted
