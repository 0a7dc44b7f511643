"""What a client does not pass on, counted and told; and keys for what it does, each of which is given once. Pure."""

from collections import Counter

from asrcli.core.errors import ProtocolError, shorten
from asrcli.core.events import Notice

UNREADABLE = "dropped a message of the service that cannot be read"
REPEATED = "dropped a sentence that the service said twice: same name, same text, same times"
KINDS = 100  # so many of them are told apart


class DiscardedMessages:
    """What was dropped in one task; `finals` counts the finished sentences among it."""

    def __init__(self) -> None:
        self.finals = 0
        self._counts: Counter[str] = Counter()

    def unreadable(self, exc: ProtocolError) -> Notice:
        """A message that nothing can be made of: the conversation goes on without it."""
        return self._told(f"{UNREADABLE}: {exc.problem}", f": {shorten(exc.message)}" if exc.message.strip() else "")

    def final(self, why: str) -> Notice:
        """A finished sentence that is not passed on."""
        self.finals += 1
        return self._told(why)

    def _told(self, what: str, more: str = "") -> Notice:
        kind = what if what in self._counts or len(self._counts) < KINDS else UNREADABLE
        self._counts[kind] += 1
        times = self._counts[kind]
        return Notice("warning", what + more) if times == 1 else Notice("debug", f"{what} ({times} times){more}")


class SentenceKeys:
    """Names for the sentences of one task: as the service calls them, and told apart where it uses a name again."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}  # name -> how many have it

    def new(self, name: str) -> str:
        """A key that was never given before."""
        key = name
        while key in self._given:
            self._given[name] += 1
            key = f"{name}.{self._given[name]}"
        self._given[key] = 1
        return key
