"""What client codecs have in common: dropped messages, which are counted and reported, and unique keys. Pure."""

from bisect import bisect_right
from collections import Counter

from asrcli.core.errors import ProtocolError, shorten
from asrcli.core.events import Event, Notice

UNREADABLE = "dropped a message of the service that cannot be read"
MISSING_TEXT = "the service ended a sentence and left its text out"
MISSING_TRANSLATION = "the service did not end a translation: what came of it is kept"
REPEATED = "dropped a sentence that the service said twice: same name, same text, same times"
MOST_KINDS = 100  # of notices that are counted apart
MOST_DIGITS = 18  # of a sentence number


class DiscardedMessages:
    """The messages that were dropped in one task.

    Attributes:
        finals: How many finals were among them.
        unread: How many messages may have had a text that could not be read.
    """

    def __init__(self) -> None:
        self.finals = self.unread = 0
        self._counts: Counter[str] = Counter()

    def unreadable(self, exc: ProtocolError) -> Notice:
        """The notice for a message that cannot be read; the task goes on without it."""
        excerpt = ""
        if exc.message.strip():
            excerpt = f": {shorten(exc.message)}"
        self.unread += 1
        return self._notice(f"{UNREADABLE}: {exc.problem}", excerpt)

    def missing_text(self) -> Notice:
        """The notice for a sentence that has ended without its text: its text so far is kept."""
        self.unread += 1
        return self._notice(MISSING_TEXT)

    def missing_translation(self) -> Notice:
        """The notice for a sentence that is final with the beginning of its translation."""
        return self._notice(MISSING_TRANSLATION)

    def final(self, reason: str) -> Notice:
        """The notice for a final that is dropped."""
        self.finals += 1
        return self._notice(reason)

    def _notice(self, text: str, excerpt: str = "") -> Notice:
        kind = text
        if kind not in self._counts and len(self._counts) >= MOST_KINDS:
            kind = UNREADABLE
        self._counts[kind] += 1
        times = self._counts[kind]
        if times == 1:
            return Notice("warning", text + excerpt)
        return Notice("debug", f"{text} ({times} times){excerpt}")  # one warning is enough for a person


class EmitsAtOnce:
    """The part of a client codec that holds no event back."""

    def held_back(self, *, incomplete: bool) -> list[Event]:
        """Nothing: every event was returned with the message that brought it."""
        del incomplete
        return []


class SentenceKeys:
    """Unique keys for the sentences of one task: the name from the service, with a number added where it is reused.

    Most services number their sentences. Numbers that follow each other are kept as one range, so ten hours of
    sentences need no more memory than the first ten.
    """

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}  # name -> how many sentences have it
        self._numbered: list[range] = []  # used names that are numbers, in ascending order

    def new(self, name: str) -> str:
        """A key that this object has never returned before."""
        key = name
        while self._used(key):
            self._uses[name] = self._uses.get(name, 1) + 1
            key = f"{name}.{self._uses[name]}"
        if not self._continues(key):
            self._uses[key] = 1
        return key

    def _used(self, key: str) -> bool:
        if key in self._uses:
            return True
        number = _number(key)
        at = bisect_right(self._numbered, number, key=_first) - 1
        return at >= 0 and number in self._numbered[at]

    def _continues(self, key: str) -> bool:
        """Whether the key is a number that is higher than all before; then it is kept among the numbers."""
        number = _number(key)
        begin = number
        if number < 0 or (self._numbered and number < self._numbered[-1].stop):
            return False
        if self._numbered and number == self._numbered[-1].stop:
            begin = self._numbered.pop().start
        self._numbered.append(range(begin, number + 1))
        return True


def _first(numbers: range) -> int:
    return numbers.start


def _number(key: str) -> int:
    """The number that a key consists of; -1 if the key is not a plain number."""
    if not key.isdecimal() or len(key) > MOST_DIGITS:
        return -1
    number = int(key)
    if str(number) != key:
        return -1  # "007", or digits that are not ASCII
    return number
