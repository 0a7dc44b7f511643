"""Whether a final says again what its task has said before: under its name, or in the same place of the audio. Pure."""

from asrcli.core.events import Final
from asrcli.recovery.duplicate_finals import KEPT, normalized_text

SAME_PLACE_MS = 100  # spans whose ends differ by no more are one place: nobody says a word twice in this time


class EarlierVersions:
    """The last finals of one task, each with what later versions of it have added.

    Attributes:
        places_are_true: No two sentences without a common word were told in one place.
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
        """Return the final that this one says again: it has the same words and place, or the same name and begin.

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

    def _in_same_place(self, final: Final) -> Final | None:
        """Return the final with the same words in the same place, where a service tells places that can be true."""
        if final.estimated or not self.places_are_true:
            return None
        for other in reversed(self._finals.values()):
            near = _begin_together(other, final) and abs(other.end_ms - final.end_ms) <= SAME_PLACE_MS
            if not near or other.estimated:
                continue
            said, text = normalized_text(other.text), normalized_text(final.text)
            if said == text and other.translation == final.translation:
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


def _begin_together(one: Final, other: Final) -> bool:
    """Whether two sentences begin in one place, and most of the shorter one lies in the other."""
    common_ms = min(one.end_ms, other.end_ms) - max(one.begin_ms, other.begin_ms)
    shorter_ms = min(one.end_ms - one.begin_ms, other.end_ms - other.begin_ms)
    return abs(one.begin_ms - other.begin_ms) <= SAME_PLACE_MS and 2 * common_ms > shorter_ms > 0
