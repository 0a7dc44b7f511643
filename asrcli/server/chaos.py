"""Faults drawn by lot, so that whoever tries again gets through. Pure: the lots are passed in."""

from typing import TYPE_CHECKING

from asrcli.server.faults import Do, Fault, When

if TYPE_CHECKING:
    from random import Random

ROUGH_IN_A_ROW = 3  # at most so many connections end early before one that is left alone for long
CALM_BYTES = 3_840_000  # that long: two minutes of audio at 16 kHz
ROUGH_BYTES = 480_000  # the others end within so much audio, or so many events
ROUGH_EVENTS = 40
LONGEST_STALL_S = 1.0
LONGEST_DELAY_S = 0.01  # of each answer: a hundred a second still come through
LONGEST_RETRY_AFTER_S = 1

_ENDS = (Do.CUT,) * 5 + (Do.CLOSE,) * 4 + (Do.FAIL,) * 4 + (Do.REFUSE, Do.REFUSE, Do.DROP, Do.GARBAGE, Do.HALF_OPEN)
_MOMENTS = (When.BYTES,) * 5 + (When.EVENTS,) * 3 + (When.RUN_TASK, When.FINISH)
_NUISANCES = (Do.STALL, Do.SLOW, Do.DUPLICATE, Do.DUPLICATE, Do.LATE, Do.GARBAGE)
_STATUSES = (429, 500, 503)  # and none that would make a client stop for good
_CLOSE_CODES = (1000, 1001, 1006, 1011, 1012, 1013)
# Nor one that says that there was nothing to hear: such audio is not sent again.
_CODES = ("InternalError", "SystemError", "ModelServiceFailed", "Throttling", "Throttling.RateQuota")


class Chaos:
    """A plan without end. The same seed gives the same faults."""

    def __init__(self, lots: "Random") -> None:
        self._lots = lots
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
        lots, do = self._lots, self._lots.choice(_ENDS)
        if do is Do.REFUSE:
            wait_s = lots.randint(-1, LONGEST_RETRY_AFTER_S)
            return Fault(do, connection=connection, status=lots.choice(_STATUSES), retry_after=wait_s)
        if do is Do.DROP:
            return Fault(do, connection=connection)
        when, count = self._moment()
        code: int | str = ""
        if do is Do.CLOSE:
            code = lots.choice(_CLOSE_CODES)
        elif do is Do.FAIL:
            code = lots.choice(_CODES)
        what = lots.choice(("not-json", "binary")) if do is Do.GARBAGE else ""
        return Fault(do, when, count, connection, code, "drawn by lot", what=what)

    def _nuisance(self, connection: int) -> Fault:
        """What no client has to leave for."""
        lots, do = self._lots, self._lots.choice(_NUISANCES)
        if do is Do.SLOW:
            return Fault(do, connection=connection, seconds=round(lots.uniform(0, LONGEST_DELAY_S), 3))
        if do is Do.STALL:
            return Fault(do, *self._moment(), connection, seconds=round(lots.uniform(0, LONGEST_STALL_S), 2))
        what = "unknown" if do is Do.GARBAGE else ""
        return Fault(do, When.EVENTS, lots.randint(1, ROUGH_EVENTS), connection, what=what)
