"""What may still come of a lost connection under a name that nobody knows: held until it is plain whose it is. Pure."""

from collections import deque

from asrcli.protocol.json_messages import Json, text, word
from asrcli.recovery.duplicate_finals import KEPT, normalized_text


class LateItems:
    """Texts of items that were never announced, on a connection that follows a lost one.

    The lost connection may have sent them when it broke, and their audio is sent again: announced items say the same,
    before them or after them, perhaps with other limits. A service that has announced an item would have announced
    these too; one that has not, and sends a second such text, announces nothing.
    """

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=KEPT)  # by items that were announced
        self._held: deque[Json] = deque(maxlen=KEPT)
        self._announces_nothing = False

    def holds(self, value: Json, *, done: bool) -> bool:
        """Whether this is kept back; a text that is not `done` is of no use and is left out."""
        if self._announces_nothing:
            return False
        if not done or word(value, "item_id") in {word(held, "item_id") for held in self._held}:
            return True
        if self._held and not self._said:
            self._announces_nothing = True
            return False
        self._held.append(value)
        return True

    def repeats(self, value: Json) -> bool:
        """Whether announced items have said this text already: then it is late."""
        words = normalized_text(text(value, "transcript"))
        return bool(words) and f" {words} " in f" {' '.join(self._said)} "

    def settle(self, said: str) -> int:
        """An announced item has said this. Returns how many of the texts that are held have been said by now."""
        self._said.append(normalized_text(said))
        held = len(self._held)
        self._held = deque((each for each in self._held if not self.repeats(each)), KEPT)
        return held - len(self._held)

    def release(self, *, over: bool = False) -> list[Json]:
        """The messages that are held, where they count: the service announces nothing, or the session is `over`."""
        if not (over or self._announces_nothing):
            return []
        held = list(self._held)
        self._held.clear()
        return held
