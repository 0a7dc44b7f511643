"""Text for people and for programs: times, sentences, JSON on one line, the account of a run. Pure."""

import json
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from asrcli.core.errors import without_secrets
from asrcli.core.events import Ended, Final, Gap, Partial, Reconnecting, Resumed
from asrcli.core.printable import escaped, harmless

SEPARATOR = " · "
INTO = "→ "  # stands before a translation
BELOW = "  "  # before what no time stands in front of
_FAR_MS = 10**11  # three years: a clock time that is farther away is none
_HALVES = re.compile("[\ud800-\udfff]")


def reported(text: str) -> str:
    """What some other end or library says of itself: harmless, and without secrets."""
    return harmless(without_secrets(text))


def as_json(value: Any, indent: int | None = None) -> str:
    """The value as JSON that is one line to every reader, and harmless to a terminal. What is no number is null."""
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, indent=indent)
    return escaped(_HALVES.sub("?", text))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def clock(ms: int) -> str:
    """A time as 00:03.770, with hours in front once there are any."""
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest / 1000:06.3f}" if hours else f"{minutes:02}:{rest / 1000:06.3f}"


def wall_clock(origin: datetime) -> Callable[[int], str]:
    """Times of day instead of times since `origin`, as 14:03:07.120."""
    return lambda ms: (origin + timedelta(milliseconds=max(-_FAR_MS, min(ms, _FAR_MS)))).strftime("%H:%M:%S.%f")[:-3]


def line(event: Final | Gap, stamp: Callable[[int], str] | None) -> str:
    """A final as one line, its times in front where there is a stamp for them; a gap always with its times."""
    if isinstance(event, Gap):
        stamp = stamp or clock
        whose = f"{harmless(event.speaker)}: " if event.speaker else ""
        return f"[gap {stamp(event.begin_ms)} → {stamp(event.end_ms)}: {whose}{reported(event.reason)}]"
    text = said(event)
    return f"[{stamp(event.begin_ms)} → {stamp(event.end_ms)}] {text}" if stamp else text


def block(event: Final | Gap, stamp: Callable[[int], str] | None) -> str:
    """`line`, and under its text what is `below` it."""
    first = line(event, stamp)
    return "\n".join([first, *below(event, " " * (len(first) - len(said(event))))])


def below(event: Final | Gap, indent: str) -> list[str]:
    """The lines under a sentence: its translation, and what another model heard of it."""
    if isinstance(event, Gap):
        return []
    into, heard = translated(event), harmless(event.heard).strip()
    lines = [f"{indent}{INTO}{into}"] if into else []
    return lines + ([f"{indent or BELOW}heard: {heard}"] if heard else [])


def translated(event: Partial | Final) -> str:
    """The words of a translation."""
    return harmless(event.translation).strip()


def pause(event: Resumed, stamp: Callable[[int], str] | None) -> str:
    """A pause that is over, as one line."""
    stamp = stamp or clock
    whose = f"{harmless(event.speaker)} " if event.speaker else ""
    return f"[{whose}{'muted' if event.muted else 'paused'} {stamp(event.begin_ms)} → {stamp(event.end_ms)}]"


def reconnecting(event: Reconnecting) -> str:
    """What happened to the connection, and what is done about it."""
    whose = f"{harmless(event.speaker)}: " if event.speaker else ""
    return (
        f"{whose}{reported(event.reason)}; connecting again in {event.wait_ms / 1000:.1f} s (attempt {event.attempt})"
    )


def said(event: Final | Gap) -> str:
    """The words of a final behind the name of who said them; for a gap what stands in their place."""
    words = f"[gap: {reported(event.reason)}]" if isinstance(event, Gap) else harmless(event.text).strip()
    return f"{harmless(event.speaker)}: {words}" if event.speaker else words


def folded(line: str, cells: int) -> list[str]:
    """A line of the account as several that fit, broken between its parts."""
    lines = [""]
    for part in line.split(SEPARATOR):
        longer = f"{lines[-1]}{SEPARATOR}{part}" if lines[-1] else part
        lines[-1:] = [longer] if len(longer) <= cells or not lines[-1] else [lines[-1], part]
    return lines


def account(ended: Ended) -> list[str]:
    """The closing lines: every second of audio, then the delays and the bill."""
    captured, final, lost = (round(ms / 10) for ms in (ended.audio_ms, ended.final_ms, ended.lost_ms))
    silence = captured - final - lost  # silence_ms, rounded so that what is shown adds up
    seconds = [
        *_captured(ended, captured),
        f"final {final / 100:.2f} s",
        f"silence {silence / 100:.2f} s",
        f"lost {lost / 100:.2f} s",
        *([f"paused {ended.paused_ms / 1000:.2f} s"] if ended.paused_ms else []),
        f"{ended.sentences} sentence{'' if ended.sentences == 1 else 's'}",
    ]
    if ended.reconnects:
        times = f"{ended.reconnects} reconnect{'' if ended.reconnects == 1 else 's'}"
        seconds.append(f"{times} (longest outage {ended.longest_outage_ms / 1000:.1f} s)")
    if ended.resent_ms:
        seconds.append(f"sent again {ended.resent_ms / 1000:.1f} s")
    if ended.dropped:
        seconds.append(f"dropped {ended.dropped} repeated sentence{'' if ended.dropped == 1 else 's'}")
    if ended.elapsed_ms and not ended.lost_ms and not ended.live:
        seconds.append(f"{(ended.wall_ms or ended.audio_ms) / ended.elapsed_ms:.1f}x real time")
    delays = []
    if ended.first_text_ms is not None:
        delays.append(f"first text after {ended.first_text_ms / 1000:.2f} s")
    if ended.final_after_stop_ms is not None:
        delays.append(f"last final {ended.final_after_stop_ms / 1000:.2f} s after the end")
    delays += [*_bill(ended), *([f"heard by {harmless(ended.model)}"] if ended.model else [])]
    return [SEPARATOR.join(parts) for parts in (seconds, delays) if parts]


def _captured(ended: Ended, centiseconds: int) -> list[str]:
    """How long was heard. Where sources were heard at once the time stands once, then how much audio that is."""
    if ended.at_once < 2:
        return [f"captured {centiseconds / 100:.2f} s"]
    what = f"{ended.at_once} {'devices' if ended.live else 'channels'}"
    return [f"captured {ended.wall_ms / 1000:.2f} s", f"{what}, {centiseconds / 100:.2f} s of audio"]


def money(cost: float) -> str:
    """So much in CNY: small sums to a hundredth of a fen."""
    return f"{cost:.4f} CNY" if cost < 1 else f"{cost:.2f} CNY"


def _bill(ended: Ended) -> list[str]:
    """What the service counted, and what that costs."""
    counted = [] if ended.billed_s is None else [f"billed {ended.billed_s:g} s"]
    if ended.input_tokens is not None or ended.output_tokens is not None:
        counted.append(f"{ended.input_tokens or 0} tokens in, {ended.output_tokens or 0} out")
    return counted if ended.cost is None else [*counted, money(ended.cost)]
