"""Formats finals as subtitles and other timed lines, each at once: SRT, WebVTT, ASS, LRC, TSV and templates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from string import Formatter

from pysubs2 import SSAFile

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SettingError
from asrcli.core.events import Began, Event, Final, Gap
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript
from asrcli.outputs.caption_lines import REVERSED_MS, Caption, CaptionLayout, captions, shortened
from asrcli.outputs.formatting import clock, spoken_text, translated
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.ordered_blocks import OrderedBlocks
from asrcli.outputs.plain_text import PlainText

# Format specifications that are refused: a width above 999 or one that is itself a field, and numbers as characters.
_UNBOUNDED = re.compile(r"\d{4}|[{}]|c\Z")
NEW_LINE = "\\N"  # a line break inside a caption in ASS
MOMENT_MS = 10  # the shortest time that every format can write
REMEMBERED = 4096  # captions that are compared with a new one: sentences may come out of order
TSV_HEAD = "start\tend\ttext"
# Characters that players take for markup: the text between them would vanish.
_DECIMAL_POINT = {"srt": ",", "vtt": "."}
_MARKUP = {
    "srt": str.maketrans({"{": "(", "}": ")", "<": "‹", ">": "›"}),
    "vtt": str.maketrans({"{": "(", "}": ")", "<": "&lt;", ">": "&gt;", "&": "&amp;"}),
    "ass": str.maketrans({"{": "(", "}": ")", "\\": "/"}),
}


class Subtitles:
    """An output that writes captions as srt, vtt or ass.

    The captions of a sentence end when the next sentence begins. In a file they are written at once, and replaced when
    the next sentence comes; where nothing can be replaced, they are written only then.
    """

    accepts_delay = True

    def __init__(self, lines: LineWriter, name: str, layout: CaptionLayout, *, held: bool = False) -> None:
        self._lines = lines
        self._blocks = OrderedBlocks(lines, _NUMBERED.get(name), held=held)
        self._name = name
        self._layout = layout
        self._number = 0
        self._ends: dict[str, int] = {}  # speaker -> end of their last caption
        self._begun = False
        self._shown: dict[tuple[int, int], None] = {}  # begin and hash of the last captions
        self._last: _Shown | None = None

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Write the captions of a final, or a caption for a gap."""
        del transcript
        if isinstance(event, Began) and not self._begun:
            self._begun = True
            self._head()
        if not isinstance(event, Final | Gap) or not self._has_text(event):
            return
        if isinstance(event, Gap) and self._last and event.begin_ms < self._last.captions[0].begin_ms:
            self._insert(event)
            return
        self._settle(event)
        whole = _as_shown(event)
        after_ms = self._ends.get(event.speaker, 0)
        if after_ms - event.begin_ms > REVERSED_MS:
            after_ms = 0
        new = [self._distinct(caption) for caption in captions(whole, self._layout, after_ms)]
        if new:
            self._last = _Shown(event.speaker, new, event.end_ms, written=self._lines.amendable)
            self._ends[event.speaker] = new[-1].end_ms
            if self._last.written:
                self._blocks.write(self._formatted(new))

    def close(self) -> None:
        """Write the captions that still wait, and close the file."""
        with self._lines.closed_after():
            self._settle(None)
            self._blocks.arrange()

    def _insert(self, gap: Gap) -> None:
        """Write the caption of a gap that stands before the last sentence, whose times must not suffer."""
        limit_ms = 0
        if self._last:
            limit_ms = self._last.captions[0].begin_ms
        self._settle(None)
        shown = [replace(one, end_ms=min(one.end_ms, limit_ms)) for one in captions(_as_shown(gap), self._layout)]
        shown = [self._distinct(one) for one in shown if one.begin_ms < limit_ms]
        if shown:
            self._blocks.write(self._formatted(shown))
            self._number += len(shown)

    def _settle(self, following: Final | Gap | None) -> None:
        """Write the captions of the last sentence in their final form, now that the `following` one is known."""
        last, self._last = self._last, None
        if last is None:
            return
        shown = last.captions
        if following is not None:
            next_ms = last.end_ms  # captions of different speakers may overlap
            if following.speaker == last.speaker:
                next_ms = following.begin_ms
            shown = shortened(shown, next_ms)
            self._ends[last.speaker] = shown[-1].end_ms
        if not last.written:
            self._blocks.write(self._formatted(shown))
        elif shown != last.captions:
            self._blocks.amend(self._formatted(shown))
        self._number += len(shown)

    def _distinct(self, caption: Caption) -> Caption:
        """Return the caption, moved to a later moment if an equal one begins there: players drop repeated captions."""
        lines_hash = hash(caption.lines)
        begin_ms = caption.begin_ms
        while (key := (begin_ms // MOMENT_MS, lines_hash)) in self._shown:
            begin_ms += MOMENT_MS
        self._shown[key] = None
        if len(self._shown) > REMEMBERED:
            del self._shown[next(iter(self._shown))]
        later_ms = begin_ms - caption.begin_ms
        if not later_ms:
            return caption
        return replace(caption, begin_ms=begin_ms, end_ms=caption.end_ms + later_ms)

    @staticmethod
    def _has_text(event: Final | Gap) -> bool:
        return isinstance(event, Gap) or bool(event.text.strip() or event.translation.strip())

    def _head(self) -> None:
        self._lines.begin(SSAFile().to_string(self._name).removesuffix("\n"))

    def _formatted(self, shown: list[Caption]) -> list[tuple[int, str]]:
        return [(one.begin_ms, self._block(one, self._number + more)) for more, one in enumerate(shown, 1)]

    def _block(self, caption: Caption, number: int) -> str:
        lines = [line.translate(_MARKUP[self._name]) for line in caption.lines]
        begin, end = (_time(ms, self._name) for ms in (caption.begin_ms, caption.end_ms))
        if self._name == "ass":
            return f"Dialogue: 0,{begin},{end},Default,,0,0,0,,{NEW_LINE.join(lines)}"
        return "\n".join([str(number), f"{begin} --> {end}", *lines, ""])


@dataclass(frozen=True, slots=True)
class _Shown:
    """The captions of the last sentence, and whether they are written already."""

    speaker: str
    captions: list[Caption]
    end_ms: int
    written: bool


def _numbered(block: str, number: int) -> str:
    """Return a caption of SRT or WebVTT with another number, which is its first line."""
    _, rest = block.split("\n", 1)
    return f"{number}\n{rest}"


_NUMBERED = {"srt": _numbered, "vtt": _numbered}


def _as_shown(event: Final | Gap) -> Final:
    """Return the event as a sentence with the words that are shown for it."""
    shown = Final("", event.begin_ms, event.end_ms, spoken_text(event))
    if isinstance(event, Gap):
        return shown
    if not event.text.strip():
        shown = replace(shown, text="")
    if not event.speaker:  # its label would not be among the words
        shown = replace(shown, words=event.words)
    return replace(shown, translation=translated(event))


def _time(ms: int, name: str) -> str:
    """Return a time as a format writes it. Unlike in pysubs2, hours may have more than two digits."""
    seconds, rest = divmod(ms, 1000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    if name == "ass":
        return f"{hours}:{minutes:02}:{seconds:02}.{rest // 10:02}"
    return f"{hours:02}:{minutes:02}:{seconds:02}{_DECIMAL_POINT[name]}{rest:03}"


def tsv(event: Final | Gap, number: int) -> str:
    """Return a row of tab-separated values: start and end in milliseconds, and the text."""
    del number
    return f"{event.begin_ms}\t{max(event.begin_ms, event.end_ms)}\t{spoken_text(event)}"


def _tsv_of_both(event: Final | Gap, number: int) -> str:
    row = tsv(event, number)
    if isinstance(event, Gap):
        return f"{row}\t"
    return f"{row}\t{translated(event)}"


def tsv_output(lines: LineWriter, *, translated: bool = False) -> PlainText:
    """Return an output of tab-separated rows; with `translated` there is a column for the translation."""
    if translated:
        return PlainText(lines, _tsv_of_both, head=f"{TSV_HEAD}\ttranslation")
    return PlainText(lines, tsv, head=TSV_HEAD)


def lrc(event: Final | Gap, number: int) -> str:
    """Return a line of lyrics: minutes, seconds, hundredths and the text. A translation is a second line."""
    del number
    hundredths = max(0, event.begin_ms) // 10
    time = f"[{hundredths // 6000:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}]"
    text = f"{time}{spoken_text(event)}"
    if isinstance(event, Final) and (translation := translated(event)):
        text += f"\n{time}{translation}"
    return text


def template(text: str) -> Callable[[Final | Gap, int], str]:
    """Return a function that formats a final by a template with fields such as {begin} and {text}.

    Raises:
        SettingError: an unknown field, braces that do not match, or a width above 999.
    """
    text = text.replace("\\t", "\t").replace("\\n", "\n")  # as a shell passes them on
    known = _fields(Final("", 0, 0, ""), 0)
    problem = ""
    try:
        for _, name, spec, _ in Formatter().parse(text):
            if name is not None and name not in known:
                problem = problem or f"no field {name or 'without a name'}"
            if spec and _UNBOUNDED.search(spec):
                problem = problem or f"{{{name}:{spec}}}: a width up to 999, and no character by its number"
        if not problem:
            text.format_map(known)
    except ValueError as exc:
        problem = str(exc)
    if problem:
        raise SettingError("template", problem, f"fields are {', '.join(known)}")
    return lambda event, number: text.format_map(_fields(event, number))


def _fields(event: Final | Gap, number: int) -> Mapping[str, object]:
    about = Final("", 0, 0, "")
    if isinstance(event, Final):
        about = event
    return {
        "sentence": number,
        "begin": clock(event.begin_ms),
        "end": clock(event.end_ms),
        "begin_ms": event.begin_ms,
        "end_ms": event.end_ms,
        "text": spoken_text(replace(event, speaker="")),
        "speaker": harmless(event.speaker),
        "language": harmless(about.language),
        "emotion": harmless(about.emotion),
        "translation": translated(about),
        "translated_into": harmless(about.translated_into),
        "heard": harmless(about.heard).strip(),
    }
