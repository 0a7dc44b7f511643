"""Random faults: a client that tries again always gets through. Pure: the random generator is passed in."""

from typing import TYPE_CHECKING

from asrcli.server.faults.script import FaultAction, FaultTrigger, InjectedFault

if TYPE_CHECKING:
    from random import Random

# Connections are rough or calm: a rough one soon ends by a fault, a calm one lasts for minutes.
ROUGH_IN_A_ROW = 3  # rough connections before a calm one, at most
CALM_BYTES = 3_840_000  # audio on a calm connection, at least: two minutes at 16 kHz
ROUGH_BYTES = 480_000  # audio on a rough connection, at most
ROUGH_EVENTS = 40  # events on a rough connection, at most
LONGEST_LIFE_S = 1.0  # of a connection that is healthy and then drops
HANGING_S = 600.0  # longer than any timeout of a client: it is the client that has to leave
LONGEST_STALL_S = 4.0
LONGEST_DELAY_S = 0.01  # of each message: a hundred in a second still come through
LONGEST_RETRY_AFTER_S = 1
SLOWEST, FASTEST = 30, 300  # how many times real time a slow reader reads

# Faults that end a connection, and that a client notices at once.
_ENDS = (
    *(FaultAction.CUT,) * 5,
    *(FaultAction.CLOSE,) * 4,
    *(FaultAction.FAIL,) * 4,
    FaultAction.REFUSE,
    FaultAction.REFUSE,
    FaultAction.DROP,
    FaultAction.GARBAGE,
    FaultAction.HALF_CLOSE,
    FaultAction.HALF_CLOSE,
    FaultAction.TORN_FRAME,
    FaultAction.TORN_FRAME,
    FaultAction.DROP_AFTER,
    FaultAction.DROP_AFTER,
)
# Faults that end a connection by a timeout of the client.
_WAITING_ENDS = (
    *(FaultAction.HALF_OPEN,) * 2,
    *(FaultAction.STOP_READING,) * 3,
    *(FaultAction.NEVER_FINISH,) * 3,
    FaultAction.CUT,
    FaultAction.CLOSE,
)
_MOMENTS = (FaultTrigger.BYTES,) * 5 + (FaultTrigger.EVENTS,) * 3 + (FaultTrigger.RUN_TASK, FaultTrigger.FINISH)
_DISTURBANCES = (
    FaultAction.SLOW,
    FaultAction.SLOW_READER,
    FaultAction.DUPLICATE,
    FaultAction.DUPLICATE,
    FaultAction.LATE,
    FaultAction.GARBAGE,
)
_WAITING_DISTURBANCES = (
    FaultAction.STALL,
    FaultAction.STALL,
    FaultAction.QUIET,
    FaultAction.QUIET,
    FaultAction.SLOW_READER,
    FaultAction.DUPLICATE,
    FaultAction.LATE,
)
# Never drawn: empty-audio, because no client sends that audio again, and a refusal of every later task.
DRAWN = frozenset({*_ENDS, *_DISTURBANCES})
WAITING = frozenset({*_WAITING_ENDS, *_WAITING_DISTURBANCES})
_STATUSES = (429, 500, 503)  # none that makes a client stop for good
_CLOSE_CODES = (1000, 1001, 1006, 1011, 1012, 1013)
# None that says that there was no speech: such audio is not sent again.
_CODES = ("InternalError", "SystemError", "ModelServiceFailed", "Throttling", "Throttling.RateQuota")


class RandomFaults:
    """A plan without end. The same seed gives the same faults.

    Args:
        random: Where the choices come from.
        waiting: Whether to draw the faults that a client has to wait for, instead of those that it notices at once.
    """

    def __init__(self, random: "Random", *, waiting: bool = False) -> None:
        self._random = random
        self._ends: tuple[FaultAction, ...] = _ENDS
        self._disturbances: tuple[FaultAction, ...] = _DISTURBANCES
        if waiting:
            self._ends = _WAITING_ENDS
            self._disturbances = _WAITING_DISTURBANCES
        self._rough = random.randint(1, ROUGH_IN_A_ROW)  # connections before the next calm one

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """Return the faults of the next connection."""
        self._rough -= 1
        if self._rough >= 0:
            return self._faults(connection, self._end(connection))
        self._rough = self._random.randint(1, ROUGH_IN_A_ROW)
        late = self._random.randint(CALM_BYTES, 2 * CALM_BYTES)
        return self._faults(connection, InjectedFault(FaultAction.CUT, FaultTrigger.BYTES, late, connection))

    def _faults(self, connection: int, end: InjectedFault) -> tuple[InjectedFault, ...]:
        disturbances = [self._disturbance(connection) for _ in range(self._random.randint(0, 2))]
        return (*disturbances, end)

    def _moment(self) -> tuple[FaultTrigger, int]:
        when = self._random.choice(_MOMENTS)
        limit = {FaultTrigger.BYTES: ROUGH_BYTES, FaultTrigger.EVENTS: ROUGH_EVENTS}.get(when)
        if limit is None:
            return when, 0
        return when, self._random.randint(1, limit)

    def _end(self, connection: int) -> InjectedFault:
        random = self._random
        action = random.choice(self._ends)
        if action is FaultAction.REFUSE:
            wait_s = random.randint(-1, LONGEST_RETRY_AFTER_S)
            return InjectedFault(action, connection=connection, status=random.choice(_STATUSES), retry_after=wait_s)
        if action in {FaultAction.DROP, FaultAction.NEVER_FINISH}:
            return InjectedFault(action, connection=connection)
        if action is FaultAction.DROP_AFTER:
            return InjectedFault(action, connection=connection, seconds=round(random.uniform(0, LONGEST_LIFE_S), 2))
        when, count = self._moment()
        code: int | str = ""
        if action is FaultAction.CLOSE:
            code = random.choice(_CLOSE_CODES)
        elif action is FaultAction.FAIL:
            code = random.choice(_CODES)
        what = ""
        if action is FaultAction.GARBAGE:
            what = random.choice(("not-json", "binary"))
        hanging_s = 0.0
        if action in {FaultAction.HALF_OPEN, FaultAction.HALF_CLOSE, FaultAction.STOP_READING}:
            hanging_s = HANGING_S
        return InjectedFault(action, when, count, connection, code, "a random fault", seconds=hanging_s, what=what)

    def _disturbance(self, connection: int) -> InjectedFault:
        """Return a fault with which a connection can go on."""
        random = self._random
        action = random.choice(self._disturbances)
        if action is FaultAction.SLOW:
            return InjectedFault(action, connection=connection, seconds=round(random.uniform(0, LONGEST_DELAY_S), 3))
        if action is FaultAction.SLOW_READER:
            return InjectedFault(action, *self._moment(), connection, speed=random.randint(SLOWEST, FASTEST))
        if action in {FaultAction.STALL, FaultAction.QUIET}:
            return InjectedFault(
                action, *self._moment(), connection, seconds=round(random.uniform(0, LONGEST_STALL_S), 2)
            )
        what = ""
        if action is FaultAction.GARBAGE:
            what = "unknown"
        return InjectedFault(action, FaultTrigger.EVENTS, random.randint(1, ROUGH_EVENTS), connection, what=what)
