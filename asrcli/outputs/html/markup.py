"""Makes the HTML of the parts of a transcript. All text from outside is escaped here. Pure."""

import re
from collections.abc import Callable, Iterator
from html import escape

from asrcli.core.events import Final, Gap, Resumed
from asrcli.core.printable import harmless
from asrcli.outputs.formatting import LOCAL_TEXT, clock, pause, reported, short_clock, translated

SPEAKER_COLOURS = 8  # as many as the style sheet has
NEAR = 40  # characters in which the next word must be found in the text of its sentence
# Where a moment of the run is in the audio of the page: its number and milliseconds; None if it is in none.
Places = Callable[[int], tuple[int, int] | None]
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def text_of(text: str) -> str:
    """Return text from outside for a place between tags or inside a quoted attribute."""
    return escape(harmless(text).strip(), quote=True)


def sentence(event: Final, places: Places, colour: int) -> str:
    """Return the paragraph of a final: its time, its speaker, its words and what belongs to it."""
    parts = [_time(event.begin_ms, places)]
    if event.speaker.strip():
        parts.append(f'<b class="who s{colour}">{text_of(event.speaker)}</b>')
    parts.append(f'<span class="text"{_language(event.language)}>{"".join(_words(event, places))}</span>')
    if translation := translated(event):
        language = _language(event.translated_into)
        parts.append(f'<span class="translation"{language}>{text_of(translation)}</span>')
    if heard := harmless(event.heard).strip():
        parts.append(f'<span class="heard" dir="auto">{text_of(heard)}</span>')
    return _paragraph("line", event.begin_ms, event.end_ms, " ".join(parts))


def gap(event: Gap, places: Places) -> str:
    """Return the paragraph of a gap: its times, the reason, and what this machine has heard in it."""
    speaker = ""
    if event.speaker.strip():
        speaker = f"{event.speaker}: "
    reason = text_of(f"{speaker}no text until {clock(event.end_ms)}: {reported(event.reason)}")
    parts = [_time(event.begin_ms, places), f'<span class="reason">{reason}</span>']
    if heard := harmless(event.local_text).strip():
        parts.append(f'<span class="heard" dir="auto">{LOCAL_TEXT}{text_of(heard)}</span>')
    return _paragraph("gap", event.begin_ms, event.end_ms, " ".join(parts))


def stop(event: Resumed) -> str:
    """Return the paragraph of a time in which the user wanted nothing heard."""
    return _paragraph("pause", event.begin_ms, event.end_ms, text_of(pause(event, None).strip("[]")))


def silence(begin_ms: int, end_ms: int) -> str:
    """Return the paragraph of a time in which nobody spoke."""
    return _paragraph("pause", begin_ms, end_ms, f"{(end_ms - begin_ms) / 1000:.0f} s without speech")


def _paragraph(kind: str, begin_ms: int, end_ms: int, inside: str) -> str:
    return f'<p class="{kind}" data-b="{begin_ms}" data-e="{max(begin_ms, end_ms)}">{inside}</p>'


def _time(ms: int, places: Places) -> str:
    shown = short_clock(ms)
    if not (place := _attributes(ms, places)):
        return f'<span class="time">{shown}</span>'
    return f'<button class="time"{place}>{shown}</button>'


def _attributes(ms: int, places: Places) -> str:
    place = places(ms)
    if place is None:
        return ""
    number, at_ms = place
    return f' data-a="{number}" data-t="{at_ms}"'


def _language(code: str) -> str:
    """Return the attributes for text in a language: its code, if it is one, and a direction that follows the text."""
    if _LANGUAGE.fullmatch(code):
        return f' lang="{code}" dir="auto"'
    return ' dir="auto"'


def _words(event: Final, places: Places) -> Iterator[str]:
    """Yield the text of a final, with an element around each word whose time is known."""
    text = harmless(event.text).strip()
    lowered = text.lower()
    if len(lowered) != len(text):  # some letters have a longer small form: then places in it are not those of the text
        lowered = text
    at = 0
    for word in event.words:
        wanted = harmless(word.text).strip()
        found = lowered.find(wanted.lower(), at, at + NEAR + len(wanted))
        place = _attributes(word.begin_ms, places)
        if not wanted or found < 0 or not place:
            continue
        yield escape(text[at:found])
        at = found + len(wanted)
        yield f'<span class="w"{place} data-u="{max(0, word.end_ms - word.begin_ms)}">{escape(text[found:at])}</span>'
    yield escape(text[at:])
