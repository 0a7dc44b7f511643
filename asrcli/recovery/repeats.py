"""Whether a final says again what is settled already, because audio was sent again. Pure."""

import unicodedata
from collections import deque
from dataclasses import dataclass

from asrcli.events import Final

KEPT = 50  # so many finals are remembered: the audio that is sent again is short


@dataclass(frozen=True, slots=True)
class Sent:
    """Audio that was final when a connection was lost and is sent again on the next.

    Attributes:
        until_ms: Finals reached up to here.
        said: The words of the finals that lie in it, compared without case and punctuation.
        last: The words of the last final, where its connection may have ended in order behind it; else empty.
    """

    until_ms: int
    said: str
    last: str = ""


def is_repeat(final: Final, again: Sent) -> bool:
    """Whether a final lies in audio that was final before and brings no new words.

    A service that never says that it has ended may have said all there was. Whatever is sent to it again, it may say
    its last sentence again; a word alone is not enough to tell.
    """
    words = plain(final.text)
    if final.end_ms <= again.until_ms and f" {words} " in f" {again.said} ":
        return True
    return bool(again.last) and words == again.last and " " in words


def plain(text: str) -> str:
    """The words of a text without case and punctuation; characters of scripts without spaces are words."""
    kept: list[str] = []
    for char in unicodedata.normalize("NFKC", text).casefold():
        if unicodedata.east_asian_width(char) in "WF" and char.isalnum():
            kept.append(f" {char} ")
        elif char.isalnum() or unicodedata.combining(char):
            kept.append(char)
        elif char not in "'’":
            kept.append(" ")
    return " ".join("".join(kept).split())


class Said:
    """The last finals of a session, for the moment when their audio is sent again.

    Attributes:
        untold: The connection that was lost may have ended in order, without a word about that.
    """

    def __init__(self) -> None:
        self.untold = False
        self._finals: deque[Final] = deque(maxlen=KEPT)

    def add(self, final: Final) -> None:
        """A final with its words."""
        self._finals.append(final)

    def since(self, begin_ms: int) -> Sent | None:
        """What is settled of the audio from `begin_ms` on; None where nothing of that can be repeated."""
        inside = [final for final in self._finals if final.end_ms > begin_ms]
        last = plain(self._finals[-1].text) if self.untold and self._finals else ""
        if not inside and not last:
            return None
        until_ms = max((final.end_ms for final in inside), default=begin_ms)
        return Sent(until_ms, plain(" ".join(final.text for final in inside)), last)
