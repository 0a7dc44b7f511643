"""Subtitles and other timed lines, each as soon as its sentence is final: SRT, WebVTT, ASS, LRC, TSV and templates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from string import Formatter
from typing import TYPE_CHECKING

from asrcli.errors import UsageError
from asrcli.events import Began, Event, Final, Gap
from asrcli.outputs.captions import Caption, Layout, captions
from asrcli.outputs.lines import Lines
from asrcli.outputs.plain import Plain
from asrcli.outputs.text import clock, harmless, said, translated
from asrcli.transcript import Transcript

if TYPE_CHECKING:
    from pysubs2 import SSAFile

# A width or a precision without bound, one that comes from the text, and numbers as characters.
_UNBOUNDED = re.compile(r"\d{4}|[{}]|c\Z")
TSV_HEAD = "start\tend\ttext"
# Players take these for markup, and what stands between them would vanish.
_MARKUP = {
    "srt": str.maketrans({"{": "(", "}": ")", "<": "‹", ">": "›"}),
    "vtt": str.maketrans({"{": "(", "}": ")", "<": "&lt;", ">": "&gt;", "&": "&amp;"}),
    "ass": str.maketrans({"{": "(", "}": ")", "\\": "/"}),
}


class Subtitles:
    """Captions in a format that pysubs2 writes: srt, vtt or ass."""

    def __init__(self, lines: Lines, name: str, layout: Layout) -> None:
        self._lines, self._name, self._layout = lines, name, layout
        self._number = 0
        self._ends: dict[str, int] = {}  # speaker -> end of their last caption
        self._begun = False

    def hear(self, event: Event, transcript: Transcript) -> None:
        """Put out the captions of a final, or one that says that there is a gap."""
        del transcript
        if isinstance(event, Began) and not self._begun:
            self._begun = True
            self._head()
        if not isinstance(event, Final | Gap):
            return
        words = event.words if isinstance(event, Final) and not event.speaker else ()  # a label stands in no word
        into = translated(event) if isinstance(event, Final) else ""
        text = said(event) if self._speaks(event) else ""
        whole = Final("", event.begin_ms, event.end_ms, text, words, translation=into)
        for caption in captions(whole, self._layout, self._ends.get(event.speaker, 0)):
            self._ends[event.speaker] = caption.end_ms
            self._number += 1
            self._lines.write(self._block(caption))

    def close(self) -> None:
        """End the file."""
        self._lines.close()

    @staticmethod
    def _speaks(event: Final | Gap) -> bool:
        return isinstance(event, Gap) or bool(event.text.strip())

    def _head(self) -> None:
        head = _empty().to_string(self._name)
        self._lines.write(head.removesuffix("\n")) if head else self._lines.begin()

    def _block(self, caption: Caption) -> str:
        from pysubs2 import SSAEvent

        event = SSAEvent(start=caption.begin_ms, end=caption.end_ms)
        event.plaintext = "\n".join(line.translate(_MARKUP[self._name]) for line in caption.lines)
        file = _empty()
        head = file.to_string(self._name)
        file.append(event)
        block = file.to_string(self._name).removeprefix(head).removesuffix("\n")
        return re.sub(r"\A1$", str(self._number), block, count=1, flags=re.MULTILINE)


def _empty() -> "SSAFile":
    from pysubs2 import SSAFile

    return SSAFile()


def tsv(event: Final | Gap, number: int) -> str:
    """A row of TSV_HEAD: milliseconds and text."""
    del number
    return f"{event.begin_ms}\t{event.end_ms}\t{said(event)}"


def _tsv_of_both(event: Final | Gap, number: int) -> str:
    return f"{tsv(event, number)}\t{translated(event) if isinstance(event, Final) else ''}"


def table(lines: Lines, *, translated: bool = False) -> Plain:
    """An Output of rows of tab-separated values, with a column for a translation where one was asked for."""
    head = TSV_HEAD + ("\ttranslation" if translated else "")
    return Plain(lines, _tsv_of_both if translated else tsv, head=head)


def lrc(event: Final | Gap, number: int) -> str:
    """A line of lyrics: its minutes, seconds and hundredths, then the text; a translation is another, sung with it."""
    del number
    hundredths = event.begin_ms // 10
    time = f"[{hundredths // 6000:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}]"
    into = translated(event) if isinstance(event, Final) else ""
    return f"{time}{said(event)}" + (f"\n{time}{into}" if into else "")


def template(text: str) -> Callable[[Final | Gap, int], str]:
    """A line for each final, with its fields in place of {begin}, {text} and so on.

    Raises:
        UsageError: a field that there is not, braces that do not match, or a width that no line has.
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
        raise UsageError(f"--template: {problem}", f"fields are {', '.join(known)}")
    return lambda event, number: text.format_map(_fields(event, number))


def _fields(event: Final | Gap, number: int) -> Mapping[str, object]:
    about = event if isinstance(event, Final) else Final("", 0, 0, "")
    return {
        "sentence": number,
        "begin": clock(event.begin_ms),
        "end": clock(event.end_ms),
        "begin_ms": event.begin_ms,
        "end_ms": event.end_ms,
        "text": said(replace(event, speaker="")),
        "speaker": harmless(event.speaker),
        "language": harmless(about.language),
        "emotion": harmless(about.emotion),
        "translation": translated(about),
        "translated_into": harmless(about.translated_into),
        "heard": harmless(about.heard).strip(),
    }
