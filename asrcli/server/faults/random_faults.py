"""Faults drawn by lot, so that whoever tries again gets through. Pure: the lots are passed in."""

from typing import TYPE_CHECKING

from asrcli.server.faults.script import FaultAction, FaultTrigger, InjectedFault

if TYPE_CHECKING:
    from random import Random

ROUGH_IN_A_ROW = 3  # at most so many connections end early before one that is left alone for long
CALM_BYTES = 3_840_000  # that long: two minutes of audio at 16 kHz
ROUGH_BYTES = 480_000  # the others end within so much audio, or so many events
ROUGH_EVENTS = 40
LONGEST_LIFE_S = 1.0  # of a connection that is healthy and then drops
HANGING_S = 600.0  # longer than any patience: it is the client that has to leave
LONGEST_STALL_S = 4.0
LONGEST_DELAY_S = 0.01  # of each answer: a hundred a second still come through
LONGEST_RETRY_AFTER_S = 1
SLOWEST, FASTEST = 30, 300  # how many times real time a slow reader reads

# What a client notices at once.
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
# What it has to wait for: only its patience ends these.
_WAITING_ENDS = (
    *(FaultAction.HALF_OPEN,) * 2,
    *(FaultAction.STOP_READING,) * 3,
    *(FaultAction.NEVER_FINISH,) * 3,
    FaultAction.CUT,
    FaultAction.CLOSE,
)
_MOMENTS = (FaultTrigger.BYTES,) * 5 + (FaultTrigger.EVENTS,) * 3 + (FaultTrigger.RUN_TASK, FaultTrigger.FINISH)
_NUISANCES = (
    FaultAction.SLOW,
    FaultAction.SLOW_READER,
    FaultAction.DUPLICATE,
    FaultAction.DUPLICATE,
    FaultAction.LATE,
    FaultAction.GARBAGE,
)
_WAITING_NUISANCES = (
    FaultAction.STALL,
    FaultAction.STALL,
    FaultAction.QUIET,
    FaultAction.QUIET,
    FaultAction.SLOW_READER,
    FaultAction.DUPLICATE,
    FaultAction.LATE,
)
# Not drawn: empty-audio, since no client sends that audio again, and a refusal of every task after so many.
DRAWN = frozenset({*_ENDS, *_NUISANCES})
WAITING = frozenset({*_WAITING_ENDS, *_WAITING_NUISANCES})
_STATUSES = (429, 500, 503)  # and none that would make a client stop for good
_CLOSE_CODES = (1000, 1001, 1006, 1011, 1012, 1013)
# Nor one that says that there was nothing to hear: such audio is not sent again.
_CODES = ("InternalError", "SystemError", "ModelServiceFailed", "Throttling", "Throttling.RateQuota")


class RandomFaults:
    """A plan without end. The same seed gives the same faults. `waiting` draws those that only patience ends."""

    def __init__(self, lots: "Random", *, waiting: bool = False) -> None:
        self._lots = lots
        self._ends: tuple[FaultAction, ...] = _WAITING_ENDS if waiting else _ENDS
        self._nuisances: tuple[FaultAction, ...] = _WAITING_NUISANCES if waiting else _NUISANCES
        self._rough = lots.randint(1, ROUGH_IN_A_ROW)  # connections until the next calm one

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """The faults of the next connection."""
        self._rough -= 1
        if self._rough >= 0:
            return self._faults(connection, self._end(connection))
        self._rough = self._lots.randint(1, ROUGH_IN_A_ROW)
        late = self._lots.randint(CALM_BYTES, 2 * CALM_BYTES)
        return self._faults(connection, InjectedFault(FaultAction.CUT, FaultTrigger.BYTES, late, connection))

    def _faults(self, connection: int, end: InjectedFault) -> tuple[InjectedFault, ...]:
        nuisances = [self._nuisance(connection) for _ in range(self._lots.randint(0, 2))]
        return (*nuisances, end)

    def _moment(self) -> tuple[FaultTrigger, int]:
        when = self._lots.choice(_MOMENTS)
        most = {FaultTrigger.BYTES: ROUGH_BYTES, FaultTrigger.EVENTS: ROUGH_EVENTS}.get(when)
        return when, self._lots.randint(1, most) if most else 0

    def _end(self, connection: int) -> InjectedFault:
        lots, do = self._lots, self._lots.choice(self._ends)
        if do is FaultAction.REFUSE:
            wait_s = lots.randint(-1, LONGEST_RETRY_AFTER_S)
            return InjectedFault(do, connection=connection, status=lots.choice(_STATUSES), retry_after=wait_s)
        if do in {FaultAction.DROP, FaultAction.NEVER_FINISH}:
            return InjectedFault(do, connection=connection)
        if do is FaultAction.DROP_AFTER:
            return InjectedFault(do, connection=connection, seconds=round(lots.uniform(0, LONGEST_LIFE_S), 2))
        when, count = self._moment()
        code: int | str = ""
        if do is FaultAction.CLOSE:
            code = lots.choice(_CLOSE_CODES)
        elif do is FaultAction.FAIL:
            code = lots.choice(_CODES)
        what = lots.choice(("not-json", "binary")) if do is FaultAction.GARBAGE else ""
        hanging_s = HANGING_S if do in {FaultAction.HALF_OPEN, FaultAction.HALF_CLOSE, FaultAction.STOP_READING} else 0
        return InjectedFault(do, when, count, connection, code, "drawn by lot", seconds=hanging_s, what=what)

    def _nuisance(self, connection: int) -> InjectedFault:
        """What no client has to leave for."""
        lots, do = self._lots, self._lots.choice(self._nuisances)
        if do is FaultAction.SLOW:
            return InjectedFault(do, connection=connection, seconds=round(lots.uniform(0, LONGEST_DELAY_S), 3))
        if do is FaultAction.SLOW_READER:
            return InjectedFault(do, *self._moment(), connection, speed=lots.randint(SLOWEST, FASTEST))
        if do in {FaultAction.STALL, FaultAction.QUIET}:
            return InjectedFault(do, *self._moment(), connection, seconds=round(lots.uniform(0, LONGEST_STALL_S), 2))
        what = "unknown" if do is FaultAction.GARBAGE else ""
        return InjectedFault(do, FaultTrigger.EVENTS, lots.randint(1, ROUGH_EVENTS), connection, what=what)
