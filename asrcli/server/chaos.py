"""Faults drawn by lot, so that whoever tries again gets through. Pure: the lots are passed in."""

from typing import TYPE_CHECKING

from asrcli.server.faults import Do, Fault, When

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
    *(Do.CUT,) * 5, *(Do.CLOSE,) * 4, *(Do.FAIL,) * 4, Do.REFUSE, Do.REFUSE, Do.DROP, Do.GARBAGE,
    Do.HALF_CLOSE, Do.HALF_CLOSE, Do.TORN_FRAME, Do.TORN_FRAME, Do.DROP_AFTER, Do.DROP_AFTER,
)  # fmt: skip
# What it has to wait for: only its patience ends these.
_WAITING_ENDS = (*(Do.HALF_OPEN,) * 2, *(Do.STOP_READING,) * 3, *(Do.NEVER_FINISH,) * 3, Do.CUT, Do.CLOSE)
_MOMENTS = (When.BYTES,) * 5 + (When.EVENTS,) * 3 + (When.RUN_TASK, When.FINISH)
_NUISANCES = (Do.SLOW, Do.SLOW_READER, Do.DUPLICATE, Do.DUPLICATE, Do.LATE, Do.GARBAGE)
_WAITING_NUISANCES = (Do.STALL, Do.STALL, Do.QUIET, Do.QUIET, Do.SLOW_READER, Do.DUPLICATE, Do.LATE)
# Not drawn: empty-audio, since no client sends that audio again, and a refusal of every task after so many.
DRAWN = frozenset({*_ENDS, *_NUISANCES})
WAITING = frozenset({*_WAITING_ENDS, *_WAITING_NUISANCES})
_STATUSES = (429, 500, 503)  # and none that would make a client stop for good
_CLOSE_CODES = (1000, 1001, 1006, 1011, 1012, 1013)
# Nor one that says that there was nothing to hear: such audio is not sent again.
_CODES = ("InternalError", "SystemError", "ModelServiceFailed", "Throttling", "Throttling.RateQuota")


class Chaos:
    """A plan without end. The same seed gives the same faults. `waiting` draws those that only patience ends."""

    def __init__(self, lots: "Random", *, waiting: bool = False) -> None:
        self._lots = lots
        self._ends: tuple[Do, ...] = _WAITING_ENDS if waiting else _ENDS
        self._nuisances: tuple[Do, ...] = _WAITING_NUISANCES if waiting else _NUISANCES
        self._rough = lots.randint(1, ROUGH_IN_A_ROW)  # connections until the next calm one

    def of(self, connection: int) -> tuple[Fault, ...]:
        """The faults of the next connection."""
        self._rough -= 1
        if self._rough >= 0:
            return self._faults(connection, self._end(connection))
        self._rough = self._lots.randint(1, ROUGH_IN_A_ROW)
        late = self._lots.randint(CALM_BYTES, 2 * CALM_BYTES)
        return self._faults(connection, Fault(Do.CUT, When.BYTES, late, connection))

    def _faults(self, connection: int, end: Fault) -> tuple[Fault, ...]:
        nuisances = [self._nuisance(connection) for _ in range(self._lots.randint(0, 2))]
        return (*nuisances, end)

    def _moment(self) -> tuple[When, int]:
        when = self._lots.choice(_MOMENTS)
        most = {When.BYTES: ROUGH_BYTES, When.EVENTS: ROUGH_EVENTS}.get(when)
        return when, self._lots.randint(1, most) if most else 0

    def _end(self, connection: int) -> Fault:
        lots, do = self._lots, self._lots.choice(self._ends)
        if do is Do.REFUSE:
            wait_s = lots.randint(-1, LONGEST_RETRY_AFTER_S)
            return Fault(do, connection=connection, status=lots.choice(_STATUSES), retry_after=wait_s)
        if do in {Do.DROP, Do.NEVER_FINISH}:
            return Fault(do, connection=connection)
        if do is Do.DROP_AFTER:
            return Fault(do, connection=connection, seconds=round(lots.uniform(0, LONGEST_LIFE_S), 2))
        when, count = self._moment()
        code: int | str = ""
        if do is Do.CLOSE:
            code = lots.choice(_CLOSE_CODES)
        elif do is Do.FAIL:
            code = lots.choice(_CODES)
        what = lots.choice(("not-json", "binary")) if do is Do.GARBAGE else ""
        hanging_s = HANGING_S if do in {Do.HALF_OPEN, Do.HALF_CLOSE, Do.STOP_READING} else 0
        return Fault(do, when, count, connection, code, "drawn by lot", seconds=hanging_s, what=what)

    def _nuisance(self, connection: int) -> Fault:
        """What no client has to leave for."""
        lots, do = self._lots, self._lots.choice(self._nuisances)
        if do is Do.SLOW:
            return Fault(do, connection=connection, seconds=round(lots.uniform(0, LONGEST_DELAY_S), 3))
        if do is Do.SLOW_READER:
            return Fault(do, *self._moment(), connection, speed=lots.randint(SLOWEST, FASTEST))
        if do in {Do.STALL, Do.QUIET}:
            return Fault(do, *self._moment(), connection, seconds=round(lots.uniform(0, LONGEST_STALL_S), 2))
        what = "unknown" if do is Do.GARBAGE else ""
        return Fault(do, When.EVENTS, lots.randint(1, ROUGH_EVENTS), connection, what=what)
