"""Counts the messages that a client codec drops and makes notices of them; makes unique sentence keys. Pure."""

from collections import Counter

from asrcli.core.errors import ProtocolError, shorten
from asrcli.core.events import Notice

UNREADABLE = "dropped a message of the service that cannot be read"
MISSING_TEXT = "the service ended a sentence and left its text out"
REPEATED = "dropped a sentence that the service said twice: same name, same text, same times"
MOST_KINDS = 100  # of notices that are counted apart


class DiscardedMessages:
    """The messages that were dropped in one task; `finals` counts the finals among them."""

    def __init__(self) -> None:
        self.finals = 0
        self._counts: Counter[str] = Counter()

    def unreadable(self, exc: ProtocolError) -> Notice:
        """The notice for a message that cannot be read; the task goes on without it."""
        excerpt = ""
        if exc.message.strip():
            excerpt = f": {shorten(exc.message)}"
        return self._notice(f"{UNREADABLE}: {exc.problem}", excerpt)

    def missing_text(self) -> Notice:
        """The notice for a sentence that has ended without its text: what was heard of it before is kept."""
        return self._notice(MISSING_TEXT)

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
        return Notice("debug", f"{text} ({times} times){excerpt}")  # a person need not see it again


class SentenceKeys:
    """Unique keys for the sentences of one task: the name from the service, with a number added where it is reused."""

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}  # name -> how many sentences have it

    def new(self, name: str) -> str:
        """A key that this object has never returned before."""
        key = name
        while key in self._uses:
            self._uses[name] += 1
            key = f"{name}.{self._uses[name]}"
        self._uses[key] = 1
        return key
