"""The service of a simulated session. It works at its own speed, and fails as the test says."""

import json
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from asrcli.core.audio import Format
from asrcli.core.client_commands import FinishTask, SendAudio, StartTask
from asrcli.core.errors import ConnectionLost
from asrcli.core.events import Event, Final, Finished, Partial, Ready
from asrcli.core.message import Closed, Message, Text, Writable
from asrcli.engine.inbox import Inbox, MessageArrived
from asrcli.protocol.inference.server_codec import InferenceServer

RATE = Format(1000)  # few samples: the tests are about time, not about sound
SPEECH = 1000  # samples of at least this value are words
WINDOW_MS = 4000  # audio that a transport takes before the service has heard it
SENTENCE_END_MS = 600
AGAIN_S = 5.0  # a service that says the same again and again does so this often
NOTHING_NEW = {
    "heartbeats": '{"header": {"event": "result-generated"}, "payload": {"output": {"sentence": {"heartbeat": true}}}}',
    "unknown events": '{"header": {"event": "rate-limits"}, "payload": {}}',
}


class Stuck(AssertionError):
    """Raised if nothing can wake the session any more, or if it never ends."""


@dataclass
class World:
    """Simulated time, and the calls that are due at some time."""

    now: float = 0.0
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: "count[int]" = field(default_factory=count)

    def at(self, time: float, do: Callable[[], None]) -> None:
        """Make a call at a time."""
        heappush(self._due, (max(time, self.now), next(self._number), do))

    def go_on(self, until: float | None) -> bool:
        """Go on to the next call, but not beyond a time; False if that time came first."""
        if not self._due and until is None:
            raise Stuck("nothing can wake the session any more")
        if not self._due or (until is not None and self._due[0][0] > until):
            self.now = max(self.now, until or 0.0)
            return False
        self.now, _, do = heappop(self._due)
        do()
        return True


@dataclass
class Sent:
    """Counts how often each piece of sound was sent since the last progress, which is a new word in a final."""

    worst: int = 0
    _times: dict[int, int] = field(default_factory=dict)
    _said: set[int] = field(default_factory=set)

    def add(self, piece: int) -> None:
        """Count a piece that was sent."""
        self._times[piece] = self._times.get(piece, 0) + 1
        self.worst = max(self.worst, self._times[piece])

    def say(self, words: list[int]) -> None:
        """Note the words of a final."""
        if not self._said.issuperset(words):
            self._said.update(words)
            self._times.clear()


@dataclass(frozen=True)
class Life:
    """What happens to one connection.

    Attributes:
        fault: What goes wrong with it; empty is a healthy one.
        after_s: When, counted from when the service listens.
        speed: How many times real time the service listens at.
        forgets_s: From when on the service forgets to end one sentence, and goes on with the next.
        unnamed: The times that it leaves out of its finals.
    """

    fault: str = ""
    after_s: float = 0.0
    speed: float = 50.0
    forgets_s: float | None = None
    unnamed: tuple[str, ...] = ()


class Service:
    """One connection of the simulation: both the call that a session holds and the service behind it."""

    def __init__(self, world: World, life: Life, stall_s: float, sent: Sent) -> None:
        self.url, self._world, self._life, self._stall_s, self._sent = "", world, life, stall_s, sent
        self._inbox: Inbox | None = None
        self._codec = InferenceServer(lambda: "id")
        self._dead = self._mute = self._hung = self._forgetful = False
        self._mute_since = 0.0
        self._ahead_ms = 0
        self._free_at = 0.0
        self._position_ms = self._sentences = 0
        self._begin_ms: int | None = None
        self._words: list[int] = []
        self._end_ms = 0
        self._heard_speech = self._finishing = False
        self._tasks = 0  # what was sent for a task that has ended since is heard by nobody

    def opened(self, url: str, inbox: Inbox) -> "Service":
        """Note that the session has dialled."""
        self.url, self._inbox = url, inbox
        return self

    def note(self, step: str, task: object) -> None:
        """Do nothing."""

    @property
    def transport(self) -> "Service":
        """Return itself."""
        return self

    @property
    def writable(self) -> bool:
        """Whether the service has heard most of what was sent."""
        return self._ahead_ms < WINDOW_MS

    @property
    def silent_s(self) -> float:
        """Return how long the service has answered no ping."""
        return self._world.now - self._mute_since if self._mute else 0.0

    @property
    def engine(self) -> str:
        """Empty, as with the service, which names no recognizer."""
        return ""

    def hand_to(self, inbox: Inbox) -> None:
        """Deliver to the inbox of another session."""
        self._inbox = inbox

    def close(self) -> None:
        """Deliver nothing any more."""
        self._dead = True

    def send(self, message: Message) -> None:
        """Take a message of the client."""
        if self._dead:
            raise ConnectionLost("gone", 1006)
        for request in self._codec.receive(message):
            if isinstance(request, StartTask):
                self._position_ms = self._sentences = 0
                self._begin_ms, self._words, self._heard_speech, self._finishing = None, [], False, False
                self._world.at(self._world.now + 0.05, self._listen)
            elif isinstance(request, SendAudio):
                self._take(array("h", request.data))
            elif isinstance(request, FinishTask):
                self._finishing = True
                self._world.at(max(self._world.now, self._free_at) + 0.05, self._finish)

    def _listen(self) -> None:
        if self._life.fault == "never ready":
            self._fall_silent()
            return
        self._say(Ready(""))
        if self._life.forgets_s is not None:
            self._world.at(self._world.now + self._life.forgets_s, self._forget)
        if self._life.fault in {"drops", "ends the task", "falls silent", "hangs", "stops reading", "fails"}:
            self._world.at(self._world.now + self._life.after_s, self._go_wrong)

    def _forget(self) -> None:
        self._forgetful = True

    def _go_wrong(self) -> None:
        if self._life.fault == "drops":
            self._end(Closed(1006, "dropped"))
        elif self._life.fault == "ends the task":
            if not self._finishing:
                self._say(Finished())
                self._tasks += 1
        elif self._life.fault == "fails":
            self._refuse("InternalError", "sorry")
        elif self._life.fault == "hangs":
            self._hung = True  # pings are answered, speech is not
        else:
            self._fall_silent()

    def _fall_silent(self) -> None:
        self._mute, self._mute_since = True, self._world.now
        self._world.at(self._world.now + self._stall_s, lambda: self._end(Closed(1006, "nothing sent or received")))

    def _take(self, samples: "array[int]") -> None:
        for value in {abs(samples[0]), abs(samples[-1])} - {0}:
            self._sent.add(value)
        ms = RATE.ms(len(samples))
        self._ahead_ms += ms
        if self._life.fault == "stops reading" and self._mute:
            return
        self._free_at = max(self._world.now, self._free_at) + ms / 1000 / self._life.speed
        task = self._tasks
        self._world.at(self._free_at, lambda: self._hear(samples[0], ms, task))

    def _hear(self, value: int, ms: int, task: int) -> None:
        if self._dead or (self._mute and self._life.fault == "stops reading"):
            return
        was_full, self._ahead_ms = not self.writable, self._ahead_ms - ms
        if was_full and self.writable:
            self._put(Writable())
        if task != self._tasks:
            return
        begin_ms, self._position_ms = self._position_ms, self._position_ms + ms
        if value >= SPEECH:
            self._heard_speech = True
            self._begin_ms = begin_ms if self._begin_ms is None else self._begin_ms
            self._words.append(value)
            self._end_ms = self._position_ms
            self._say(Partial(str(self._sentences + 1), self._begin_ms, "", self._text()))
        elif self._begin_ms is not None and self._position_ms - self._end_ms >= SENTENCE_END_MS:
            self._final()

    def _text(self) -> str:
        return " ".join(map(str, self._words))

    def _final(self) -> None:
        if self._begin_ms is not None:
            self._sentences += 1
            if not self._forgetful:
                self._say(Final(str(self._sentences), self._begin_ms, self._end_ms, self._text()))
                self._sent.say(self._words)
            self._forgetful = False
            self._begin_ms, self._words = None, []

    def _finish(self) -> None:
        if self._life.fault == "drops at finish":
            self._end(Closed(1006, "dropped"))
        elif self._life.fault == "never answers finish":
            self._fall_silent()
        elif self._life.fault in NOTHING_NEW:
            self._repeat(Text(NOTHING_NEW[self._life.fault]))
        elif self._life.fault == "same partial":
            self._repeat(*self._codec.encode(Partial("0", 0, "", "the same")))
        elif self._life.fault == "endless partial":
            self._go_on("on")
        elif self._life.fault == "empty audio" and not self._heard_speech:
            self._refuse("EmptyAudio", "No effective audio received")
        else:
            self._final()
            self._say(Finished())

    def _repeat(self, *messages: Message) -> None:
        """Say the same forever."""
        if not self._dead:
            for message in messages:
                self._put(message)
            self._world.at(self._world.now + AGAIN_S, lambda: self._repeat(*messages))

    def _go_on(self, text: str) -> None:
        """Never end a sentence."""
        if not self._dead:
            self._say(Partial("0", 0, "", text))
            self._world.at(self._world.now + AGAIN_S, lambda: self._go_on(text + " and on"))

    def _refuse(self, code: str, words: str) -> None:
        if not (self._dead or self._mute):
            for message in self._codec.fail(code, words):
                self._put(message)
            self._end(Closed(1000, ""))

    def _say(self, event: Event) -> None:
        if not (self._dead or self._mute or self._hung):
            for message in self._codec.encode(event):
                self._put(self._without_times(message))

    def _without_times(self, message: Message) -> Message:
        if not self._life.unnamed or not isinstance(message, Text):
            return message
        value = json.loads(message.data)
        sentence = value["payload"].get("output", {}).get("sentence", {})
        if sentence.get("sentence_end"):
            sentence |= dict.fromkeys(self._life.unnamed) | {"words": []}
        return Text(json.dumps(value))

    def _end(self, closed: Closed) -> None:
        if not self._dead:
            self._dead = True
            self._put(closed)

    def _put(self, message: Message | Writable) -> None:
        assert self._inbox is not None
        self._inbox.put(MessageArrived(self, message))
