"""What goes wrong on which connection, and when: faults, their triggers, and scripts of them. No clock, no socket.

A script of faults is a list of JSON objects, one per line in a file:

    {"connection": 2, "after_bytes": 32000, "do": "cut"}

Connections are numbered from 1 in the order in which they come, refused ones too; a fault without a number befalls each
one. A fault strikes once on a connection: when so much audio has come (`after_bytes`), when so many events have gone
(`after_events`), when another task is asked for after so many on this server (`after_tasks`), or `at` one of handshake,
run-task and finish; without any of these at the handshake. The realtime wire has the same moments in session.update and
session.finish.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from asrcli.protocol.json_lines import objects, shown
from asrcli.protocol.json_messages import Json


class FaultAction(StrEnum):
    """What happens."""

    CUT = "cut"  # the TCP connection goes without a word
    CLOSE = "close"  # a WebSocket close, with `code`
    HALF_OPEN = "half-open"  # nothing is read or written any more, and nothing closed
    STALL = "stall"  # nothing is said for so many `seconds`
    SLOW = "slow"  # from here on each message waits so many `seconds`
    REFUSE = "refuse"  # the handshake is answered with `status`, and `retry_after` where it is given
    FAIL = "fail"  # task-failed, or an error event, with `code` and `message`; `close` says whether a close follows
    GARBAGE = "garbage"  # what no client can read: `what` is not-json, binary or unknown
    DUPLICATE = "duplicate"  # the event that has just gone comes again
    LATE = "late"  # a result of the task before this one comes again
    DROP = "accept-and-drop"  # the handshake is fine, and then the connection is cut
    DROP_AFTER = "drop-after"  # all is well for so many `seconds`, and then the connection is cut
    STOP_READING = "stop-reading"  # nothing is read any more, for so many `seconds`; what was heard is still answered
    SLOW_READER = "slow-reader"  # audio is read at `speed` times real time
    HALF_CLOSE = "half-close"  # nothing is said any more (FIN), and what comes is still read, for so many `seconds`
    TORN_FRAME = "torn-frame"  # the connection ends (FIN) in the middle of a WebSocket frame
    QUIET = "quiet"  # no message for so many `seconds`; then the rest comes, without the partial results of that time
    NEVER_FINISH = "never-finish"  # the end of a task is never told; its results are
    EMPTY_AUDIO = "empty-audio"  # finish is answered with: there was no usable audio


class FaultTrigger(StrEnum):
    """What a fault waits for."""

    HANDSHAKE = "handshake"
    RUN_TASK = "run-task"
    FINISH = "finish"
    BYTES = "after_bytes"
    EVENTS = "after_events"
    TASKS = "after_tasks"


STATUSES = (401, 403, 404, 429, 500, 503)
GARBAGE = ("not-json", "binary", "unknown")
CLOSE_CODES = (1000, 1001, 1002, 1003, *range(1006, 1015), *range(3000, 5000))
HANGING_S = 60.0  # what does not close by itself is cut after so long, unless a script says otherwise
# What a refusal is called, by its status.
CODES = {401: "InvalidApiKey", 403: "AccessDenied", 404: "ModelNotFound", 429: "Throttling", 500: "InternalError",
    503: "ServiceUnavailable"}  # fmt: skip
BROKEN = 1006  # no close frame can carry it: it is what a client calls a cut

# key of a fault in a script -> its value when it is not there; None: it must be
_KEYS: dict[FaultAction, Json] = {
    FaultAction.CLOSE: {"code": None},
    FaultAction.STALL: {"seconds": None},
    FaultAction.SLOW: {"seconds": None},
    FaultAction.QUIET: {"seconds": None},
    FaultAction.DROP_AFTER: {"seconds": None},
    FaultAction.HALF_OPEN: {"seconds": HANGING_S},
    FaultAction.HALF_CLOSE: {"seconds": HANGING_S},
    FaultAction.STOP_READING: {"seconds": HANGING_S},
    FaultAction.SLOW_READER: {"speed": None},
    FaultAction.EMPTY_AUDIO: {"message": "a fault on purpose", "close": True},
    FaultAction.REFUSE: {"status": None, "retry_after": -1},
    FaultAction.FAIL: {"code": None, "message": "a fault on purpose", "close": True},
    FaultAction.GARBAGE: {"what": "not-json"},
}
_TRIGGERS = ("at", "after_bytes", "after_events", "after_tasks")
_COMMON = {"do", "connection", *_TRIGGERS}
# what strikes at some moments only -> those
_MOMENTS: dict[FaultAction, tuple[FaultTrigger, ...]] = {
    FaultAction.REFUSE: (FaultTrigger.HANDSHAKE, FaultTrigger.TASKS),
    FaultAction.DROP: (FaultTrigger.HANDSHAKE,),
    FaultAction.EMPTY_AUDIO: (FaultTrigger.FINISH,),
}


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One thing that goes wrong; the fields behind `count` are those of a script, where `do` has them.

    `count` is how many bytes, events or tasks it waits for, `connection` None for all. A negative `retry_after` is
    none; a text is sent as it is.
    """

    do: FaultAction
    when: FaultTrigger = FaultTrigger.HANDSHAKE
    count: int = 0
    connection: int | None = None
    code: int | str = ""
    message: str = ""
    close: bool = True
    seconds: float = 0
    status: int = 0
    retry_after: int | str = -1
    speed: float = 0
    what: str = ""

    def __str__(self) -> str:
        """For the log."""
        moment = f"{self.when.replace('_', ' ')} {self.count}" if self.count else f"at {self.when}"
        lasting = (f"{self.seconds:g} s" if self.seconds else "", f"{self.speed:g}x" if self.speed else "")
        details = (self.code, self.what, self.status or "", *lasting)
        return " ".join(map(str, filter(None, (self.do, *details, moment))))


class FaultPlan(Protocol):
    """What is to go wrong."""

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """The faults of a connection; asked once for each, in order."""
        ...


@dataclass(frozen=True, slots=True)
class FaultScript:
    """Faults that somebody wrote down."""

    faults: tuple[InjectedFault, ...]

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """Those of this connection, and those of all."""
        return tuple(fault for fault in self.faults if fault.connection in {None, connection})


def parse_script(lines: Iterable[str], name: str = "faults") -> FaultScript:
    """The plan in lines of JSON; empty ones are passed over.

    Raises:
        UsageError: a line is not a fault; it is named by `name` and its number, with what is wrong.
    """
    return FaultScript(tuple(objects(lines, name, "a fault", parse_fault)))


def parse_fault(value: Json) -> InjectedFault:
    """The fault a script's object stands for.

    Raises:
        ValueError: with what is wrong.
    """
    try:
        do = FaultAction(str(value.get("do")))
    except ValueError:
        raise ValueError(f"do {shown(value.get('do'))} is none of {', '.join(FaultAction)}") from None
    keys = _KEYS.get(do, {})
    if unknown := value.keys() - keys.keys() - _COMMON:
        raise ValueError(f"{do} has no {min(unknown)}")
    details: Json = {key: value.get(key, usual) for key, usual in keys.items()}
    for key, detail in details.items():
        _check(do, key, detail)
    connection = value.get("connection")
    if connection is not None:
        _count("connection", connection, 1)
    when, count = _trigger(value, _MOMENTS.get(do, (FaultTrigger.HANDSHAKE,))[0])
    if when not in (moments := _MOMENTS.get(do, tuple(FaultTrigger))):
        raise ValueError(f"{do} comes {' or '.join(map(_named, moments))} only")
    if do is FaultAction.DUPLICATE and when is not FaultTrigger.EVENTS:
        raise ValueError(f"{do} needs after_events: it is the last of them that comes twice")
    return InjectedFault(do, when, count, connection, **details)


def _named(when: FaultTrigger) -> str:
    return (
        when if when.startswith("after") else f"at {when}" if when is not FaultTrigger.HANDSHAKE else "at the handshake"
    )


def _trigger(value: Json, usual: FaultTrigger) -> tuple[FaultTrigger, int]:
    given = [key for key in _TRIGGERS if key in value]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are one too many")
    if not given:
        return usual, 0
    wanted = value[given[0]]
    if given != ["at"]:
        return FaultTrigger(given[0]), _count(given[0], wanted, 1)
    if wanted not in (FaultTrigger.HANDSHAKE, FaultTrigger.RUN_TASK, FaultTrigger.FINISH):
        raise ValueError(f"at {shown(wanted)} is none of handshake, run-task, finish")
    return FaultTrigger(wanted), 0


def _count(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{key} {shown(value)} is not a whole number from {least} on")
    return value


def _check(do: FaultAction, key: str, value: Any) -> None:
    if value is None:
        raise ValueError(f"{do} needs {key}")
    if key == "seconds" and not (_is_number(value) and 0 <= value < 1e6):
        raise ValueError(f"seconds {shown(value)} is not a number of seconds")
    if key == "speed" and not (_is_number(value) and 0 < value < 1e6):
        raise ValueError(f"speed {shown(value)} is not how many times real time")
    if key == "retry_after" and isinstance(value, str):
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"retry_after {shown(value)} is not what a header can hold")
    elif key == "retry_after":
        _count(key, value, -1)
    wanted: dict[tuple[FaultAction, str], tuple[Any, ...]] = {
        (FaultAction.CLOSE, "code"): CLOSE_CODES,
        (FaultAction.REFUSE, "status"): STATUSES,
        (FaultAction.GARBAGE, "what"): GARBAGE,
        (FaultAction.FAIL, "close"): (True, False),
        (FaultAction.EMPTY_AUDIO, "close"): (True, False),
    }
    if (do, key) in wanted and (value not in wanted[do, key] or isinstance(value, bool) != (key == "close")):
        raise ValueError(f"{key} {shown(value)} is not one that {do} takes")
    if (key == "message" or (do is FaultAction.FAIL and key == "code")) and not isinstance(value, str):
        raise ValueError(f"{key} {shown(value)} is not a text")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
