"""A limit on the cost of runs: whether more audio may be taken before the bill could exceed it.

The bill is what the service has counted, plus the most that uncounted audio can cost. A reserve is kept for sending the
audio without text once more, because a connection may break. A connection that breaks again and again without any new
text can exceed the limit.
"""

from collections.abc import Callable, Iterator, Sequence

from asrcli.core.audio import Chunk
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import BudgetReached
from asrcli.core.events import Billed, Ended, Event, Finished, Ready, Reconnecting, Usage
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.core.transcript import Transcript
from asrcli.runs.run import ConcurrentSources


@dataclass
class Budget:
    """A limit for all runs and sources together. It gets the events of each run as an Output; sources ask `affords`.

    Sources ask from threads of their own, each about numbers that it alone writes: two at once can be wrong by a chunk.

    Attributes:
        limit: The most that may be charged, in CNY.
        cost: Returns the price of what the service has counted, in CNY; None without a price.
        highest_cost: Returns the most that seconds can cost which the service has not counted yet, in CNY.
        resends: A lost connection is replaced, and audio is sent again.
    """

    passive = True
    limit: float
    cost: Callable[[Usage], float | None]
    highest_cost: Callable[[float], float]
    resends: bool = True
    _taken_ms: dict[int, int] = field(default_factory=dict)  # by source
    _open_ms: dict[int, int] = field(default_factory=dict)  # by source: audio without text
    _speakers: dict[int, str] = field(default_factory=dict)  # by source
    _transcript: Transcript = field(default_factory=Transcript)  # of this run: it knows where finals reach up to
    _past: Usage = Usage()  # the usage of runs that are over
    _usage: Usage = Usage()
    _resent_ms: int = 0
    _lost: bool = False  # a connection was lost and is not replaced yet

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Follow the transcript, the bill and losses."""
        self._transcript = transcript
        if isinstance(event, Billed):
            self._usage = event.usage
        elif isinstance(event, Reconnecting):
            self._lost = True
        elif isinstance(event, Ready) and self._lost:  # only now audio is sent again: a failed attempt sends none
            self._lost = False
            self._resent_ms = self._resent_ms + sum(list(self._open_ms.values()))
        elif isinstance(event, Finished):  # audio that has no text by now will never have text
            self._open_ms |= {key: 0 for key, name in list(self._speakers.items()) if name == event.speaker}
        elif isinstance(event, Ended):
            self._past += self._usage
            self._usage = Usage()
            self._transcript = Transcript()

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def limited(self, source: Source) -> "BudgetedSource":
        """Return the source, which ends where this budget does."""
        return BudgetedSource(source, self)

    @property
    def whole_limit(self) -> float:
        """The limit that the user has set, in CNY."""
        return self.limit

    @property
    def bill(self) -> float:
        """The highest possible bill for the audio that was taken, in CNY."""
        return self._bill(self._taken_ms, self._open_ms)

    def affords(self, source: Source, chunk: Chunk) -> bool:
        """Return whether this chunk may be taken too, and count it if so."""
        key = id(source)
        audio_format = source.format
        reached_ms = max(source.begin_ms, self._transcript.final_until_ms.get(source.speaker, 0))
        taken_ms = self._taken_ms.get(key, 0) + audio_format.ms(chunk.end - chunk.position)
        open_ms = min(taken_ms, max(0, audio_format.ms(chunk.end) - reached_ms))
        if self._bill(self._taken_ms | {key: taken_ms}, self._open_ms | {key: open_ms}) > self.limit:
            return False
        self._taken_ms[key] = taken_ms
        self._open_ms[key] = open_ms
        self._speakers[key] = source.speaker
        return True

    def _bill(self, taken_ms: dict[int, int], open_ms: dict[int, int]) -> float:
        """Return the highest possible bill for audio that was taken, in CNY."""
        usage = self._past + self._usage
        waiting_ms = sum(open_ms.values())
        # The service counts whole seconds of each.
        sent_ms = sum(map(_whole, taken_ms.values())) + _whole(self._resent_ms)
        cost = self.cost(usage)
        counted_ms = 0
        if cost is not None:
            counted_ms = sent_ms - waiting_ms
        if cost is not None and usage.seconds is not None:
            counted_ms = round(usage.seconds * 1000)
        uncounted_ms = max(0, sent_ms - counted_ms)
        if self.resends:
            uncounted_ms += waiting_ms
        return (cost or 0.0) + self.highest_cost(uncounted_ms / 1000)


def _whole(ms: int) -> int:
    """Round up to whole seconds."""
    return -(-ms // 1000) * 1000


class BudgetedSource(SourceWrapper):
    """A source that ends where the budget does. It is the outermost wrapper, so unsent audio is not recorded."""

    def __init__(self, source: Source, budget: Budget) -> None:
        super().__init__(source)
        self._budget = budget

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield what the source yields, as long as the budget allows.

        Raises:
            BudgetReached: the budget does not allow the next chunk.
            SourceError: as the source does.
        """
        for item in self._source.chunks(start):
            if isinstance(item, Chunk) and not self._budget.affords(self, item):
                if self.live is not None:
                    self.live.end()
                raise BudgetReached(self._budget.whole_limit)
            yield item


def limit_sources(sources: Sequence[Source | ConcurrentSources], budget: Budget) -> list[Source | ConcurrentSources]:
    """Return the sources, each of which ends when the budget is used up."""

    def limited(source: Source | ConcurrentSources) -> Source | ConcurrentSources:
        if isinstance(source, ConcurrentSources):
            return ConcurrentSources(tuple(map(budget.limited, source.sources)))
        return budget.limited(source)

    return [limited(source) for source in sources]
