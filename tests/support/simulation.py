"""A session in simulated time: one thread, a service with faults, and audio in which each tenth of a second has a name.

Hours of audio and of waiting pass in milliseconds, and nothing depends on the machine.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import cast

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError, ConnectFailed, ServiceRefused
from asrcli.core.events import Event, Final, Resumed
from asrcli.core.interfaces import LocalEngine, Transport
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.engine.connection_pool import ConnectionPool, OpenConnection
from asrcli.engine.fallback_loop import FallbackLoop
from asrcli.engine.inbox import Inbox, Item, Mark, Signal, SourceEnded, StopRequested
from asrcli.engine.loop import SessionLoop
from asrcli.engine.session_result import SessionResult
from asrcli.engine.steps import Wait
from asrcli.engine.task_connection import TaskConnection
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.simulated_service import RATE, Life, Sent, Service, Stuck, World
from tests.support.stepping import stepped

PIECE_MS = 100
NOISE, QUIET = -1000, 0  # the first sample value of these kinds, as SPEECH is that of words
PAUSE = None
AHEAD = 50  # this many chunks are captured before they are taken
STEPS = 100_000


class Tape(Inbox):
    """The inbox of a session over a source of given pieces: of the present, or a file that waits to be read."""

    def __init__(self, world: World, items: Sequence[Chunk | Mark], *, live: bool, pace: float | None) -> None:
        super().__init__(AHEAD)
        self._world, self._items, self._is_live = world, items, live
        self._factor = 1.0 if live else pace
        self._taken, self._steps = 0, 0
        self._pending: deque[Signal] = deque()
        self._stopped = False

    def put(self, signal: Signal) -> None:
        """Add a signal."""
        self._pending.append(signal)

    def end(self, error: AsrError | None = None) -> None:
        """End the audio."""
        assert error is None
        self._stopped = True

    def drop(self, kept: Callable[[list[Chunk]], list[Chunk]] = lambda _: []) -> None:
        """No more audio, and none of what was captured: it is not read ahead."""
        del kept
        self._stopped, self._taken = True, max(self._taken, len(self._items))

    @property
    def ended(self) -> bool:
        """Whether the end of the audio is known."""
        return self._stopped or self._captured() >= len(self._items)

    def take(self, *, audio: bool) -> Item | None:
        """Return the next item that is there now; None without one."""
        if self._pending:
            return self._pending.popleft()
        return self._next() if audio else None

    def get(self, wait: Wait) -> Item | None:
        """Wait in simulated time, and return what comes; None after the wait."""
        self._steps += 1
        if self._steps > STEPS:
            raise Stuck("it never ends")
        until, audio = wait.until, wait.audio
        while True:
            if (item := self.take(audio=audio)) is not None:
                return item
            next_s = self._time(self._taken) if audio and self._taken < len(self._items) else None
            if next_s is not None and (until is None or next_s < until):
                if not self._world.go_on(next_s):
                    continue
            elif not self._world.go_on(until):
                return None

    def _time(self, number: int) -> float:
        """Return when an item is available."""
        item = self._items[number]
        end_ms = RATE.ms(item.end) if isinstance(item, Chunk) else item.end_ms
        return 0.0 if self._factor is None else end_ms / 1000 / self._factor

    def _captured(self) -> int:
        number = self._taken
        limit = len(self._items) if self._is_live else min(len(self._items), self._taken + AHEAD)
        while number < limit and self._time(number) <= self._world.now:
            number += 1
        return number

    def _next(self) -> Item | None:
        if self._taken == len(self._items) or (self._stopped and self._captured() == self._taken):
            if self._taken > len(self._items):
                return None
            self._taken = len(self._items) + 1
            return SourceEnded()
        if self._taken > len(self._items) or self._time(self._taken) > self._world.now:
            return None
        self._taken += 1
        return self._items[self._taken - 1]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a session: its events, its account, the most that sound was sent, and when it ended."""

    events: list[Event]
    over: SessionResult
    sent: int
    ended_s: float


def tape(kinds: Sequence[tuple[int | None, int]], *, live: bool, cuts: bool = False) -> list[Chunk | Mark]:
    """Audio of kinds and lengths in tenths of a second. `cuts`: a sentence ends after each part."""
    items: list[Chunk | Mark] = []
    position = 0
    for kind, pieces in kinds:
        if kind is None:
            items.append(Resumed(RATE.ms(position), RATE.ms(position) + pieces * PIECE_MS))
            position += pieces * RATE.samples(PIECE_MS)
            continue
        for number in range(pieces):
            index = position // RATE.samples(PIECE_MS)
            value = kind + index if kind > 0 else kind - index if kind < 0 else 0
            pcm = array("h", [value]) * RATE.samples(PIECE_MS)
            quiet = kind == QUIET if live else None
            items.append(Chunk(position, pcm.tobytes(), cuts and number == pieces - 1, None, quiet))
            position += RATE.samples(PIECE_MS)
    return items


def stop(inbox: Tape, *, live: bool) -> None:
    """The user ends the run, as Ctrl-C does."""
    if live:
        inbox.end()
    else:
        inbox.drop()
    inbox.put(StopRequested())


class Dialler:
    """Opens the connections of a simulation, one for each life. To find that nobody is there takes time."""

    def __init__(self, world: World, lives: Iterator[Life], sent: Sent) -> None:
        self._world, self._lives, self._sent = world, lives, sent
        self._life = Life()

    def spawn(self, act: Callable[[], None]) -> None:
        """Dial while the session goes on."""
        life = next(self._lives)

        def attempt() -> None:
            self._life = life
            act()

        if life.fault == "away":
            self._world.at(self._world.now + life.after_s, attempt)
        else:
            attempt()

    def dial(self, url: str, asked: ConnectionSettings) -> Transport:
        """Open the connection, or fail."""
        if self._life.fault == "away":
            raise ConnectFailed(url, "connection refused")
        if self._life.fault == "refuses":
            raise ServiceRefused("Throttling", "later")
        if self._life.fault == "forbids":
            raise ServiceRefused("InvalidApiKey", "no such key")
        return cast("Transport", Service(self._world, self._life, asked.stall_timeout_s, self._sent))


def simulated(
    items: Sequence[Chunk | Mark], lives: Sequence[Life], *, live: bool, pace: float | None, retries: RetrySettings,
    after: Life | None = None, stall_s: float = 30.0, lifetime_s: float | None = None,
    local: Callable[[World], LocalEngine] | None = None, stop_s: float | None = None, earlier: Sequence[Final] = (),
) -> Outcome:  # fmt: skip
    """Hold a conversation over these lives, one after the other, and then over healthy ones or `after` forever.

    With `local` this machine hears while the service is away. The user ends it after `stop_s` seconds. It continues a
    run that had the finals `earlier`, from the first item on.
    """
    world, sent, events = World(), Sent(), list[Event]()
    dialler = Dialler(world, chain(lives, repeat(after or Life())), sent)
    inbox = Tape(world, items, live=live, pace=pace)

    def made() -> InferenceClient:
        codec = InferenceClient(RecognitionSettings("fun-asr-realtime", rate=RATE.rate), lambda: "id")
        codec.lifetime_s = lifetime_s
        return codec

    begin_ms = RATE.ms(items[0].position) if earlier and items and isinstance(items[0], Chunk) else 0
    connection = ConnectionSettings("ws://test", idle_timeout_s=stall_s, stall_timeout_s=stall_s)
    clock = lambda: world.now  # noqa: E731
    line = TaskConnection(
        made, dialler.dial, connection, inbox, clock, ConnectionPool(),
        lambda url, transport, box: cast("OpenConnection", cast("Service", transport).opened(url, box)),
        dialler.spawn, earlier, begin_ms,
    )  # fmt: skip
    make_loop: Callable[..., SessionLoop] = SessionLoop
    if local is not None:
        make_loop = partial(FallbackLoop, local(world))
    if stop_s is not None:
        world.at(stop_s, partial(stop, inbox, live=live))
    loop = make_loop(
        line, inbox, events.append, clock, lambda: 1.0, RATE, RATE.samples(begin_ms),
        realtime=live, retries=retries.of(realtime=live, pace=pace, can_wait=not live),
    )  # fmt: skip
    last = items[-1] if items else None
    end_ms = RATE.ms(last.end) if isinstance(last, Chunk) else last.end_ms if last is not None else 0
    result = stepped(loop.run(None if live else end_ms - begin_ms), inbox.get)
    return Outcome(events, result, sent.worst, world.now)
