"""Holds back texts that may belong to a lost connection until it is clear whether they do. Pure."""

from collections import deque
from collections.abc import Mapping

from asrcli.protocol.json_messages import Json, text, word
from asrcli.recovery.duplicate_finals import KEPT, normalized_text


class LateItems:
    """Texts of items that were not announced, on a connection that follows a lost one.

    The lost connection may have sent them when it broke. Their audio is then sent again, and announced items have the
    same text, before them or after them, perhaps in other sentences. A service that has announced an item would have
    announced these too; one that has announced none is recognized by its second text.

    Attributes:
        held: The messages that are held back.
    """

    def __init__(self) -> None:
        self._texts: deque[str] = deque(maxlen=KEPT)  # of items that were announced, normalized
        self._later_texts: deque[str] = deque(maxlen=KEPT)  # after these, as they came: few are ever compared
        self.held: deque[Json] = deque(maxlen=KEPT)
        self._announces_nothing = False

    def holds(self, value: Json, *, done: bool) -> bool:
        """Whether the message is held back. A text that is not `done` is dropped, because a later one replaces it."""
        if self._announces_nothing:
            return False
        if not done or word(value, "item_id") in {word(held, "item_id") for held in self.held}:
            return True
        if self.held and not self._announced():
            self._announces_nothing = True
            return False
        self.held.append(value)
        return True

    def repeats(self, value: Json) -> bool:
        """Whether announced items had this text already, so that the message is late."""
        words = normalized_text(text(value, "transcript"))
        return bool(words) and f" {words} " in f" {' '.join(self._announced())} "

    def copies(self, value: Json) -> bool:
        """Whether the message has the whole text of an announced item; a single word only if it is the last text."""
        words = normalized_text(text(value, "transcript"))
        if " " in words:
            return words in self._announced()
        return bool(words) and list(self._announced())[-1:] == [words]

    def settle(self, final_text: str) -> int:
        """Note the text of an announced item. Returns how many held texts were late, as is now known."""
        self._later_texts.append(final_text)
        held = len(self.held)
        if not held:
            return 0
        self.held = deque((each for each in self.held if not self.repeats(each)), KEPT)
        return held - len(self.held)

    def _announced(self) -> deque[str]:
        """The normalized texts of announced items."""
        self._texts.extend(map(normalized_text, self._later_texts))
        self._later_texts.clear()
        return self._texts

    def release(self, *, over: bool = False) -> list[Json]:
        """The held messages, once they belong here: the service announces nothing, or the session is `over`."""
        if not (over or self._announces_nothing):
            return []
        released = list(self.held)
        self.held.clear()
        return released


def is_of_lost_item(value: Json, retired: Mapping[str, str]) -> bool:
    """Whether a text repeats that of an item of a lost connection, whose items have these last texts."""
    item = word(value, "item_id")
    if item not in retired:
        return False
    said = text(value, "transcript") or text(value, "text") + text(value, "stash")
    if not said:
        return not retired[item]
    return retired[item].startswith(said)
