"""Items that the service could not transcribe and whose end is unknown: their gaps wait for what comes after. Pure."""

from collections.abc import Iterable, Mapping

from asrcli.core.dataclass import dataclass
from asrcli.core.events import Gap
from asrcli.protocol.realtime.utterance import Utterance

MOST_WAIT_MS = 10_000  # of further audio; with more, and a message, the end is not waited for any longer


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An utterance without text, which began at a time that the service has named, and why it has none.

    Attributes:
        latest_ms: How much audio had been sent when it failed: it had ended by then.
    """

    utterance: Utterance
    begin_ms: int
    latest_ms: int
    reason: str

    def end_ms(self, others: Iterable[Utterance]) -> int | None:
        """Where it ends at the latest: at its own end, or where a later one begins. None if neither is known."""
        told = [each.begin_ms for each in others if each.begin_ms is not None and each.begin_ms > self.begin_ms]
        if self.utterance.end_ms is not None:
            told.append(self.utterance.end_ms)
        if not told:
            return None
        return max(self.begin_ms, min(*told, self.latest_ms))


class FailedItems:
    """Holds the gap of a failed item back until its end is known, so that it covers no audio of a later item.

    Such audio would stay lost when its text comes. The utterances of all items are looked at each time.
    """

    def __init__(self, utterances: Mapping[str, Utterance]) -> None:
        self._utterances = utterances
        self._waiting: dict[str, FailedItem] = {}  # by the key of the utterance

    def add(self, utterance: Utterance, begin_ms: int, latest_ms: int, reason: str) -> list[Gap]:
        """Note an item that has failed without an end; returns its gap where a later item has begun already."""
        self._waiting[utterance.key] = FailedItem(utterance, begin_ms, latest_ms, reason)
        return self.gaps(latest_ms)

    def stopped(self, utterance: Utterance, end_ms: int) -> None:
        """Note the end of an utterance, if it is one of these and had none."""
        if utterance.key in self._waiting and utterance.end_ms is None:
            utterance.end_ms = end_ms

    def gaps(self, sent_ms: int | None, *, over: bool = False) -> list[Gap]:
        """Take the gaps whose end is known now, or is not waited for any longer: with `over` that is all of them."""
        found = []
        for key, item in list(self._waiting.items()):
            end_ms = item.end_ms(self._utterances.values())
            if end_ms is None and (over or (sent_ms or 0) - item.latest_ms > MOST_WAIT_MS):
                end_ms = item.latest_ms
            if end_ms is not None:
                found.append(Gap(item.begin_ms, end_ms, item.reason))
                del self._waiting[key]
        return found
