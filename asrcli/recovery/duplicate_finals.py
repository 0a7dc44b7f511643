"""Whether a final repeats text that is final already, because its audio was sent again. Pure."""

import unicodedata
from collections import deque
from dataclasses import replace

from asrcli.core.dataclass import dataclass
from asrcli.core.events import Final

SHORTER = 0.9  # nobody says the same sentence in less than this part of its time
COMPARED = 2000  # characters of a sentence that are looked through for the end of an earlier text
KEPT = 50  # how many finals are remembered: little audio is sent again


@dataclass(frozen=True, slots=True)
class ResentAudio:
    """Audio that was final when a connection was lost and is sent again on the next.

    Attributes:
        until_ms: Where the last final in it ends.
        text: The normalized text of the finals in it.
        last_text: The normalized text of the last final, where its task may have ended behind it; else empty.
        last_ms: How long that final was.
    """

    until_ms: int
    text: str
    last_text: str = ""
    last_ms: int = 0


def is_repeat(final: Final, resent: ResentAudio, task_ms: int | None = None) -> bool:
    """Whether a final lies in resent audio and brings no new words.

    A service that sends no end event may have finished its task without our knowing, and then repeats its last sentence
    for any audio. A final counts as such a repeat where all the audio of the task, `task_ms` of it, is too short for
    the sentence. A single word is too little for that.
    """
    text = normalized_text(final.text)
    if final.end_ms <= resent.until_ms and f" {text} " in f" {resent.text} ":
        return True
    too_short = task_ms is not None and task_ms < SHORTER * resent.last_ms
    return too_short and text == resent.last_text and " " in text


def rest_of(final: Final, earlier: Final) -> Final | None:
    """Return what a final says beyond an earlier final of the same sentence; None where that has said all of it.

    A final that begins with other words is returned whole: a corrected text is better said twice than lost.
    """
    said = normalized_text(earlier.text)
    text = normalized_text(final.text)
    if f" {text} " in f" {said} ":
        return None
    if not f"{text} ".startswith(f"{said} "):
        return final
    ends = [end for end in range(min(len(final.text), COMPARED)) if normalized_text(final.text[:end]) == said]
    if not ends:
        return final
    rest = final.text[ends[-1] :].lstrip()
    words = final.words
    while words and normalized_text(" ".join(word.text for word in words)) != normalized_text(rest):
        words = words[1:]
    begin_ms = max(final.begin_ms, min(earlier.end_ms, final.end_ms))
    return replace(final, text=rest, words=words, begin_ms=begin_ms)


def normalized_text(text: str) -> str:
    """Return a text without case and punctuation, words separated by spaces; a CJK character is a word."""
    kept: list[str] = []
    for char in unicodedata.normalize("NFKC", text).casefold():
        if unicodedata.east_asian_width(char) in "WF" and char.isalnum():
            kept.append(f" {char} ")
        elif char.isalnum() or unicodedata.combining(char):
            kept.append(char)
        elif char not in "'’":
            kept.append(" ")
    return " ".join("".join(kept).split())


class RecentFinals:
    """The last finals of a session, for the moment when their audio is sent again.

    Attributes:
        task_may_have_ended: The last task was lost, but may have come to its end before.
    """

    def __init__(self) -> None:
        self.task_may_have_ended = False
        self._finals: deque[Final] = deque(maxlen=KEPT)

    def add(self, final: Final) -> None:
        """Remember a final, without its words: those of KEPT finals are 100 KB, and nothing here looks at them."""
        self._finals.append(Final(final.key, final.begin_ms, final.end_ms, final.text))

    def since(self, begin_ms: int) -> ResentAudio | None:
        """Return the finals in the audio from `begin_ms` on; None where nothing can be repeated."""
        inside = [final for final in self._finals if final.end_ms > begin_ms]
        last_text = ""
        last_ms = 0
        if self.task_may_have_ended and self._finals:
            last = self._finals[-1]
            last_text = normalized_text(last.text)
            last_ms = last.end_ms - last.begin_ms
        if not inside and not last_text:
            return None
        until_ms = max((final.end_ms for final in inside), default=begin_ms)
        return ResentAudio(until_ms, normalized_text(" ".join(final.text for final in inside)), last_text, last_ms)
