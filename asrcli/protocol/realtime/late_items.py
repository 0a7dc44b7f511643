"""Holds back texts that may belong to a lost connection until it is clear whether they do. Pure."""

from collections import deque

from asrcli.protocol.json_messages import Json, text, word
from asrcli.recovery.duplicate_finals import KEPT, normalized_text


class LateItems:
    """Texts of items that were not announced, on a connection that follows a lost one.

    They may belong to the lost connection. Their audio is then sent again, and an announced item has the same text,
    before them or after them. A service that announces items would have announced them; a service that announces
    none is recognized by its second text.
    """

    def __init__(self) -> None:
        self._texts: deque[str] = deque(maxlen=KEPT)  # of items that were announced
        self._held: Json | None = None
        self._announces_nothing = False

    def holds(self, value: Json, *, done: bool) -> bool:
        """Whether the message is held back. A text that is not `done` is dropped, because a later one replaces it."""
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
        """Whether an announced item had this text already, so that the message is late."""
        words = normalized_text(text(value, "transcript"))
        return bool(words) and f" {words} " in f" {' '.join(self._texts)} "

    def settles(self, final_text: str) -> bool:
        """Note the text of an announced item. True if the text that is held is part of it, and so was late."""
        self._texts.append(normalized_text(final_text))
        held = "" if self._held is None else normalized_text(text(self._held, "transcript"))
        if self._held is None or f" {held} " not in f" {self._texts[-1]} ":
            return False
        self._held = None
        return True

    def release(self, *, over: bool = False) -> Json | None:
        """The held message, once it belongs here: the service announces nothing, or the session is `over`."""
        if not (over or self._announces_nothing):
            return None
        held, self._held = self._held, None
        return held
