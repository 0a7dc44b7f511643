"""A limit on what a run may cost: how much more audio may be taken before the bill could pass it. Sends nothing.

The bill is the service's own count, and what it has not counted yet at most. Enough is kept back to send once more what
has no text yet, for a connection may break; one that breaks again and again without any new text can pass the limit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from asrcli.core.audio import Chunk
from asrcli.core.errors import BudgetReached
from asrcli.core.events import Billed, Ended, Event, Finished, Ready, Reconnecting, Usage
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.core.transcript import Transcript


@dataclass
class Budget:
    """So much money, for all runs and sources together. It hears each run as an Output does, and is asked by sources.

    Sources ask from threads of their own, each about figures that it alone writes: two at once can be wrong by a chunk.

    Attributes:
        limit: In CNY.
        cost: What the service has counted comes to.
        at_most: What so many seconds that it has not counted yet may come to.
        again: A lost connection is made anew, and audio sent again.
    """

    passive = True
    limit: float
    cost: Callable[[Usage], float | None]
    at_most: Callable[[float], float]
    again: bool = True
    _taken_ms: dict[int, int] = field(default_factory=dict)  # by source
    _open_ms: dict[int, int] = field(default_factory=dict)  # by source: what has no text yet
    _speakers: dict[int, str] = field(default_factory=dict)  # by source
    _reached_ms: dict[str, int] = field(default_factory=dict)  # by speaker: where finals reach up to
    _past: Usage = Usage()  # noqa: RUF009  a frozen value; what was counted in runs that are over
    _usage: Usage = Usage()  # noqa: RUF009  in this one
    _resent_ms: int = 0
    _lost: bool = False  # a connection is, and none has taken its place

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Follow what has text, what was counted, and what is sent again."""
        self._reached_ms = transcript.reached_ms
        if isinstance(event, Billed):
            self._usage = event.usage
        elif isinstance(event, Reconnecting):
            self._lost = True
        elif isinstance(event, Ready) and self._lost:  # now it is sent again; an attempt that failed sent nothing
            self._lost, self._resent_ms = False, self._resent_ms + sum(list(self._open_ms.values()))
        elif isinstance(event, Finished):  # what has no text by now will have none
            self._open_ms |= {key: 0 for key, name in list(self._speakers.items()) if name == event.speaker}
        elif isinstance(event, Ended):
            self._past, self._usage, self._reached_ms = self._past + self._usage, Usage(), {}

    def close(self) -> None:
        """Nothing to end."""

    def affords(self, source: Source, chunk: Chunk) -> bool:
        """Whether this chunk may be taken too."""
        key, form = id(source), source.format
        reached_ms = max(source.begin_ms, self._reached_ms.get(source.speaker, 0))
        taken_ms = self._taken_ms.get(key, 0) + form.ms(chunk.end - chunk.position)
        open_ms = min(taken_ms, max(0, form.ms(chunk.end) - reached_ms))
        if self._bill(self._taken_ms | {key: taken_ms}, self._open_ms | {key: open_ms}) > self.limit:
            return False
        self._taken_ms[key], self._open_ms[key], self._speakers[key] = taken_ms, open_ms, source.speaker
        return True

    def _bill(self, taken_ms: dict[int, int], open_ms: dict[int, int]) -> float:
        """What all this comes to at most."""
        usage, waiting_ms = self._past + self._usage, sum(open_ms.values())
        sent_ms = sum(map(_whole, taken_ms.values())) + _whole(self._resent_ms)  # each is counted in whole seconds
        cost = self.cost(usage)
        counted_ms = 0 if cost is None else sent_ms - waiting_ms
        if cost is not None and usage.seconds is not None:
            counted_ms = round(usage.seconds * 1000)
        uncounted_ms = max(0, sent_ms - counted_ms) + (waiting_ms if self.again else 0)
        return (cost or 0.0) + self.at_most(uncounted_ms / 1000)


def _whole(ms: int) -> int:
    return -(-ms // 1000) * 1000


class BudgetedSource(SourceWrapper):
    """A source that ends where the budget does. Belongs outside of all others: what is not sent is not kept either."""

    def __init__(self, source: Source, budget: Budget) -> None:
        super().__init__(source)
        self._budget = budget

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All that the source has and the budget allows.

        Raises:
            BudgetReached: there is more of the audio than money for it.
            SourceError: as the source does.
        """
        for item in self._source.chunks(start):
            if isinstance(item, Chunk) and not self._budget.affords(self, item):
                if self.live is not None:
                    self.live.end()
                raise BudgetReached(self._budget.limit)
            yield item
