"""What may still come of a lost connection under a name that nobody knows: held until it is plain whose it is. Pure."""

from collections import deque

from asrcli.protocol.json_messages import Json, text, word
from asrcli.recovery.duplicate_finals import KEPT, normalized_text


class LateItems:
    """Texts of items that were never announced, on a connection that follows a lost one.

    The lost connection may have sent them when it broke, and their audio is sent again: an announced item says the
    same, before them or after them. A service that announces its items would have announced them; one that announces
    nothing is known by its second text.
    """

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=KEPT)  # by items that were announced
        self._held: Json | None = None
        self._announces_nothing = False

    def holds(self, value: Json, *, done: bool) -> bool:
        """Whether this is kept back; a text that is not `done` is of no use and is left out."""
        if self._announces_nothing:
            return False
        if not done:
            return True
        if self._held is None:
            self._held = value
            return True
        if word(self._held, "item_id") == word(value, "item_id"):
            return True
        self._announces_nothing = True
        return False

    def repeats(self, value: Json) -> bool:
        """Whether an item that was announced has said this text already: it is late."""
        words = normalized_text(text(value, "transcript"))
        return bool(words) and f" {words} " in f" {' '.join(self._said)} "

    def settles(self, said: str) -> bool:
        """An announced item has said this; whether the text that is held is part of it, and so was late."""
        self._said.append(normalized_text(said))
        held = "" if self._held is None else normalized_text(text(self._held, "transcript"))
        if self._held is None or f" {held} " not in f" {self._said[-1]} ":
            return False
        self._held = None
        return True

    def release(self, *, over: bool = False) -> Json | None:
        """The message that is held, once it is to be heard: the service announces nothing, or the session is `over`."""
        if not (over or self._announces_nothing):
            return None
        held, self._held = self._held, None
        return held
