"""Finds finals that repeat text that is already final, because audio was sent again or a task repeats itself. Pure."""

import unicodedata
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from asrcli.core.dataclass import dataclass, field
from asrcli.core.events import Final, Word

SHORTER = 0.9  # no speaker repeats a sentence in less than this part of its duration
COMPARED = 2000  # characters of a sentence that are searched for the end of an earlier text
KEPT = 50  # how many finals are remembered: little audio is sent again
SAME_PLACE_MS = 100  # spans whose ends differ by no more are the same place: a word takes longer


class TaskFinal(NamedTuple):
    """A final as the service sent it: its text, and its times from the beginning of its task, `estimated` or not."""

    text: str
    begin_ms: int
    end_ms: int
    estimated: bool = False

    def is_repeated_by(self, other: "TaskFinal", task_ms: int) -> bool:
        """Whether `other`, of a later task that was sent `task_ms` of audio, has the same text in the same place.

        The place of this final is cut to the end of that audio. Where the service names no places, the text is enough.
        A single word is not enough: many sentences are only "yes", and some begin with the first sample of their audio.
        """
        if other.text != self.text or " " not in normalized_text(self.text):
            return False
        places = [(self.begin_ms, self.end_ms), (min(self.begin_ms, task_ms), min(self.end_ms, task_ms))]
        return (self.estimated and other.estimated) or (other.begin_ms, other.end_ms) in places


@dataclass(frozen=True, slots=True)
class RepeatedFinal:
    """A final that is dropped: its text is final already."""

    final: Final


@dataclass(frozen=True, slots=True)
class ResentAudio:
    """Audio that was final when a connection was lost and is sent again on the next.

    Attributes:
        until_ms: Where the last final in it ends.
        text: The normalized text of the finals in it.
        last_text: The normalized text of the last final, where its task may have ended after it; else empty.
        last_ms: How long that final was.
        task_finals: The first finals of that task, in the order in which they came; empty if it cannot have ended.
        guessed: The finals in that audio whose end is a guess; `until_ms` and `text` are without them.
        begin_ms: From where audio is sent again.
    """

    until_ms: int
    text: str
    last_text: str = ""
    last_ms: int = 0
    task_finals: tuple["TaskFinal", ...] = ()
    guessed: tuple[Final, ...] = ()
    begin_ms: int = field(default=0, compare=False)


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
    """Return the text of a final that an earlier final of the same sentence does not contain; None if there is none.

    A final that begins with other words is returned whole: it is better to repeat a corrected text than to lose it.
    """
    said = normalized_text(earlier.text)
    text = normalized_text(final.text)
    if f" {text} " in f" {said} " or _is_its_translation(final, earlier):
        return None
    if not f"{text} ".startswith(f"{said} "):
        return final
    places = range(min(len(final.text), COMPARED))
    end = bisect_right(places, len(said), key=lambda at: len(normalized_text(final.text[:at]))) - 1
    if normalized_text(final.text[:end]) != said:
        return final
    rest = final.text[end:].lstrip()
    begin_ms = max(final.begin_ms, min(earlier.end_ms, final.end_ms))
    return replace(final, text=rest, words=_last_words(final.words, normalized_text(rest)), begin_ms=begin_ms)


def _last_words(words: tuple[Word, ...], text: str) -> tuple[Word, ...]:
    """Return the words at the end that together are a normalized text; none if the words say something else."""
    left = text.split()
    first = len(words)
    while first:
        said = normalized_text(words[first - 1].text).split()
        at = len(left) - len(said)
        if left[at:] != said:
            break
        del left[at:]
        first -= 1
    if left:
        return ()
    return words[first:]


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


class FirstFinals:
    """The first finals of one task, and whether they are those of the lost task before it.

    A service that sends no end event may have finished that task, and then sends its sentences again for any audio: all
    of them from the first on, each in the same place of the task. Other audio has other words in other places.

    Attributes:
        finals: These finals, at most KEPT.
    """

    def __init__(self, resent: ResentAudio | None = None) -> None:
        self.finals: tuple[TaskFinal, ...] = ()
        self._before: tuple[TaskFinal, ...] = ()
        if resent is not None:
            self._before = resent.task_finals

    def add(self, final: Final, offset_ms: int, sent_ms: int) -> bool:
        """Note a final; returns whether the lost task has sent it, too.

        Args:
            final: The final, on the timeline of the run.
            offset_ms: Where the task begins on it.
            sent_ms: Where the audio ends on it that the task was sent.
        """
        task_final = TaskFinal(final.text, final.begin_ms - offset_ms, final.end_ms - offset_ms, final.estimated)
        earlier = self._before[len(self.finals) :][:1]
        if len(self.finals) < KEPT:
            self.finals += (task_final,)
        if not earlier or not earlier[0].is_repeated_by(task_final, sent_ms - offset_ms):
            self._before = ()
            return False
        return True


class RecentFinals:
    """The last finals of a session, for the moment when their audio is sent again. At first those of an earlier run.

    Attributes:
        task_may_have_ended: The last task was lost, but may have come to its end before.
        task_finals: The first finals of that task.
    """

    def __init__(self, earlier: Iterable[Final] = ()) -> None:
        self.task_may_have_ended = False
        self.task_finals: tuple[TaskFinal, ...] = ()
        self._finals: deque[Final] = deque(maxlen=KEPT)
        for final in earlier:
            self.add(final)

    def add(self, final: Final) -> None:
        """Remember a final, without its words: those of KEPT finals are 100 KB, and nothing here looks at them."""
        self._finals.append(Final(final.key, final.begin_ms, final.end_ms, final.text, sure_ms=final.sure_ms))

    def since(self, begin_ms: int) -> ResentAudio | None:
        """Return the finals in the audio from `begin_ms` on; None if nothing can be repeated."""
        inside = [final for final in self._finals if final.end_ms > begin_ms]
        last_text = ""
        last_ms = 0
        task_finals: tuple[TaskFinal, ...] = ()
        if self.task_may_have_ended and self._finals:
            last, task_finals = self._finals[-1], self.task_finals
            last_text = normalized_text(last.text)
            last_ms = last.end_ms - last.begin_ms
        if not inside and not last_text:
            return None
        guessed = tuple(final for final in inside if final.sure_ms is not None)
        inside = [final for final in inside if final.sure_ms is None]
        until_ms = max((final.end_ms for final in inside), default=begin_ms)
        text = normalized_text(" ".join(final.text for final in inside))
        return ResentAudio(until_ms, text, last_text, last_ms, task_finals, guessed, begin_ms)


class EarlierVersions:
    """The last finals of one task, each with what later versions of it have added.

    Attributes:
        places_are_true: No two sentences without a common word were sent for one place.
    """

    def __init__(self) -> None:
        self._finals: dict[str, Final] = {}  # by key, without words: those are large
        self.places_are_true = True

    def remember(self, final: Final, key: str = "") -> None:
        """Remember a final that has a text, under the `key` of the earlier one where it continues that."""
        if not final.text.strip():
            return
        key = key or final.key
        self._finals[key] = Final(
            key, final.begin_ms, final.end_ms, final.text, translation=final.translation, estimated=final.estimated
        )
        if len(self._finals) > KEPT:
            del self._finals[next(iter(self._finals))]

    def earlier(self, final: Final) -> Final | None:
        """Return the final that this one repeats: it has the same words and place, or the same name and beginning.

        A codec adds a number to a name that the service uses again.
        """
        if final.begin_ms >= final.end_ms:
            return None
        if same := self._in_same_place(final):
            return same
        named = self._finals.get(_name(final.key))
        if named is not None and named.key != final.key and _begin_together(named, final):
            return named
        return None

    def holds(self, begin_ms: int, text: str) -> bool:
        """Whether an unfinished text that begins inside a final is the beginning of words of that final."""
        said = normalized_text(text)
        around = [other for other in self._finals.values() if other.begin_ms <= begin_ms < other.end_ms]
        told = [normalized_text(other.text) for other in around if self.places_are_true and not other.estimated]
        return any(f" {said}" in f" {each}" for each in told)

    def _in_same_place(self, final: Final) -> Final | None:
        """Return the final with the same words in the same place, where a service names places that can be true."""
        if final.estimated or not self.places_are_true:
            return None
        for other in reversed(self._finals.values()):
            near = _begin_together(other, final) and abs(other.end_ms - final.end_ms) <= SAME_PLACE_MS
            if not near or other.estimated:
                continue
            said, text = normalized_text(other.text), normalized_text(final.text)
            if (said == text and other.translation == final.translation) or _is_its_translation(final, other):
                return other
            if text and _name(other.key) != _name(final.key) and set(said.split()).isdisjoint(text.split()):
                self.places_are_true = False
        return None


def _name(key: str) -> str:
    """Return the name of the service in a key."""
    name, _, number = key.rpartition(".")
    if name and number.isdigit():
        return name
    return key


def _is_its_translation(final: Final, earlier: Final) -> bool:
    """Whether a final says only the translation of an earlier one, as where a service translates a sentence twice."""
    return bool(earlier.translation) and (final.text, final.translation) == (earlier.translation, "")


def _begin_together(one: Final, other: Final) -> bool:
    """Whether two sentences begin in one place, and most of the shorter one lies in the other."""
    common_ms = min(one.end_ms, other.end_ms) - max(one.begin_ms, other.begin_ms)
    shorter_ms = min(one.end_ms - one.begin_ms, other.end_ms - other.begin_ms)
    return abs(one.begin_ms - other.begin_ms) <= SAME_PLACE_MS and 2 * common_ms > shorter_ms > 0
