"""Whether a final says again what is settled already, because audio was sent again. Pure."""

import unicodedata
from collections import deque
from dataclasses import dataclass

from asrcli.core.events import Final

SHORTER = 0.9  # nobody says the same sentence so much faster
KEPT = 50  # so many finals are remembered: the audio that is sent again is short


@dataclass(frozen=True, slots=True)
class ResentAudio:
    """Audio that was final when a connection was lost and is sent again on the next.

    Attributes:
        until_ms: Finals reached up to here.
        said: The words of the finals that lie in it, compared without case and punctuation.
        last: The words of the last final, where its task may have ended behind it; else empty.
        last_ms: How long that was.
    """

    until_ms: int
    said: str
    last: str = ""
    last_ms: int = 0


def is_repeat(final: Final, again: ResentAudio, room_ms: int | None = None) -> bool:
    """Whether a final lies in audio that was final before and brings no new words.

    A service that never says that it has ended may have said all there was, and says its last sentence again, whatever
    it is sent. It is taken for that where all the audio of the task, `room_ms` of it, is too short for the sentence; a
    word alone is not enough to tell.
    """
    words = normalized_text(final.text)
    if final.end_ms <= again.until_ms and f" {words} " in f" {again.said} ":
        return True
    short = room_ms is not None and room_ms < SHORTER * again.last_ms
    return short and words == again.last and " " in words


def normalized_text(text: str) -> str:
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


class RecentFinals:
    """The last finals of a session, for the moment when their audio is sent again.

    Attributes:
        untold: The task that was lost may have come to its end, without a word about that.
    """

    def __init__(self) -> None:
        self.untold = False
        self._finals: deque[Final] = deque(maxlen=KEPT)

    def add(self, final: Final) -> None:
        """A final with its words."""
        self._finals.append(final)

    def since(self, begin_ms: int) -> ResentAudio | None:
        """What is settled of the audio from `begin_ms` on; None where nothing of that can be repeated."""
        inside = [final for final in self._finals if final.end_ms > begin_ms]
        latest = self._finals[-1] if self.untold and self._finals else None
        last = normalized_text(latest.text) if latest is not None else ""
        if not inside and not last:
            return None
        until_ms = max((final.end_ms for final in inside), default=begin_ms)
        last_ms = latest.end_ms - latest.begin_ms if latest is not None else 0
        return ResentAudio(until_ms, normalized_text(" ".join(final.text for final in inside)), last, last_ms)
