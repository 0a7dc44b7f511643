"""Injected faults: what goes wrong, on which connection and when, and scripts of them. No clock, no socket.

A script of faults is a list of JSON objects, one per line in a file:

    {"connection": 2, "after_bytes": 32000, "do": "cut"}

Connections are numbered from 1 in the order in which they come, refused ones too; a fault without a number strikes on
every connection. A fault strikes once on a connection: after this much audio from the client (`after_bytes`), after so
many events to it (`after_events`), at the next task after this many on the server (`after_tasks`), or `at` one of
handshake, run-task and finish; without any of these at the handshake. On the realtime wire run-task is session.update,
and finish is session.finish.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Protocol

from asrcli.core.dataclass import dataclass
from asrcli.protocol.json_messages import Json
from asrcli.recognizers.json_lines import parse_objects, quoted


class FaultAction(StrEnum):
    """What happens; the value is the `do` of a script."""

    CUT = "cut"  # the TCP connection is reset
    CLOSE = "close"  # a WebSocket close, with `code`
    HALF_OPEN = "half-open"  # nothing is read or written any more, and the connection stays open
    STALL = "stall"  # nothing is sent for this many `seconds`
    SLOW = "slow"  # from now on each message waits this many `seconds`
    REFUSE = "refuse"  # the handshake is answered with `status`, and with `retry_after` when it is given
    FAIL = "fail"  # task-failed, or an error event, with `code` and `message`; `close` says whether a close follows
    GARBAGE = "garbage"  # a message that no client can read: `what` is not-json, binary or unknown
    DUPLICATE = "duplicate"  # the last event is sent again
    LATE = "late"  # a result of the task before this one is sent again
    DROP = "accept-and-drop"  # the connection is cut right after the handshake
    DROP_AFTER = "drop-after"  # the connection is cut after this many `seconds`
    STOP_READING = "stop-reading"  # nothing is read for this many `seconds`; earlier messages are still answered
    SLOW_READER = "slow-reader"  # audio is read at `speed` times real time
    HALF_CLOSE = "half-close"  # nothing more is sent (FIN), and what comes is still read, for this many `seconds`
    TORN_FRAME = "torn-frame"  # the connection ends (FIN) in the middle of a WebSocket frame
    QUIET = "quiet"  # no message for this many `seconds`; then all but the partial results of that time is sent
    NEVER_FINISH = "never-finish"  # the end of a task is never sent; its results are
    EMPTY_AUDIO = "empty-audio"  # finish is answered with the error that there was no usable audio


class FaultTrigger(StrEnum):
    """What a fault waits for; the values are the keys and the `at` values of a script."""

    HANDSHAKE = "handshake"
    RUN_TASK = "run-task"
    FINISH = "finish"
    BYTES = "after_bytes"
    EVENTS = "after_events"
    TASKS = "after_tasks"


STATUSES = (401, 403, 404, 429, 500, 503)
GARBAGE = ("not-json", "binary", "unknown")
CLOSE_CODES = (1000, 1001, 1002, 1003, *range(1006, 1015), *range(3000, 5000))
HANGING_S = 60.0  # a connection that hangs is cut after this time, unless a script has another
# The service's code of a refusal, by its status.
CODES = {401: "InvalidApiKey", 403: "AccessDenied", 404: "ModelNotFound", 429: "Throttling", 500: "InternalError",
    503: "ServiceUnavailable"}  # fmt: skip
BROKEN = 1006  # no close frame can carry it: it is the code that clients give to a lost connection

# For each action: the keys that it has in a script, with their default values; None: the key is required.
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
# For the actions that are possible at some moments only: those moments.
_MOMENTS: dict[FaultAction, tuple[FaultTrigger, ...]] = {
    FaultAction.REFUSE: (FaultTrigger.HANDSHAKE, FaultTrigger.TASKS),
    FaultAction.DROP: (FaultTrigger.HANDSHAKE,),
    FaultAction.EMPTY_AUDIO: (FaultTrigger.FINISH,),
}


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One thing that goes wrong. The fields after `connection` are those of a script.

    `count` is how many bytes, events or tasks it waits for; `connection` is None for all connections. A `retry_after`
    of -1 sends no such header; a text is sent as it is.
    """

    action: FaultAction
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
        """Return the fault as it is logged."""
        parts: list[object] = [self.action, self.code, self.what, self.status]
        if self.seconds:
            parts.append(f"{self.seconds:g} s")
        if self.speed:
            parts.append(f"{self.speed:g}x")
        if self.count:
            parts.append(f"{self.when.replace('_', ' ')} {self.count}")
        else:
            parts.append(f"at {self.when}")
        return " ".join(str(part) for part in parts if part)


class FaultPlan(Protocol):
    """The faults of a server."""

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """Return the faults of a connection; called once for each connection, in order."""
        ...


@dataclass(frozen=True, slots=True)
class FaultScript:
    """Faults that were written down."""

    faults: tuple[InjectedFault, ...]

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """Return the faults of this connection and those of all connections."""
        return tuple(fault for fault in self.faults if fault.connection in {None, connection})


def parse_script(lines: Iterable[str], name: str = "faults") -> FaultScript:
    """Return the plan in lines of JSON; empty lines are skipped.

    Raises:
        UsageError: a line is not a fault; the message has `name`, the number of the line and the problem.
    """
    return FaultScript(tuple(parse_objects(lines, name, "a fault", parse_fault)))


def parse_fault(value: Json) -> InjectedFault:
    """Return the fault in an object of a script.

    Raises:
        ValueError: the object is not a fault; the message says why.
    """
    try:
        action = FaultAction(str(value.get("do")))
    except ValueError:
        raise ValueError(f"do {quoted(value.get('do'))} is not one of {', '.join(FaultAction)}") from None
    keys = _KEYS.get(action, {})
    if unknown := value.keys() - keys.keys() - _COMMON:
        raise ValueError(f"{action} has no {min(unknown)}")
    details: Json = {key: value.get(key, default) for key, default in keys.items()}
    for key, detail in details.items():
        _check(action, key, detail)
    connection = value.get("connection")
    if connection is not None:
        _count("connection", connection, 1)
    moments = _MOMENTS.get(action, tuple(FaultTrigger))
    when, count = _trigger(value, moments[0])
    if when not in moments:
        raise ValueError(f"{action} comes {' or '.join(map(_named, moments))} only")
    if action is FaultAction.DUPLICATE and when is not FaultTrigger.EVENTS:
        raise ValueError(f"{action} needs after_events: it is the last of them that comes twice")
    return InjectedFault(action, when, count, connection, **details)


def _named(when: FaultTrigger) -> str:
    if when is FaultTrigger.HANDSHAKE:
        return "at the handshake"
    if when.startswith("after"):
        return when
    return f"at {when}"


def _trigger(value: Json, default: FaultTrigger) -> tuple[FaultTrigger, int]:
    keys = [key for key in _TRIGGERS if key in value]
    if len(keys) > 1:
        raise ValueError(f"{' and '.join(keys)} are one too many")
    if not keys:
        return default, 0
    moment = value[keys[0]]
    if keys != ["at"]:
        return FaultTrigger(keys[0]), _count(keys[0], moment, 1)
    if moment not in (FaultTrigger.HANDSHAKE, FaultTrigger.RUN_TASK, FaultTrigger.FINISH):
        raise ValueError(f"at {quoted(moment)} is not one of handshake, run-task, finish")
    return FaultTrigger(moment), 0


def _count(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{key} {quoted(value)} is not a whole number from {least} on")
    return value


def _check(action: FaultAction, key: str, value: Any) -> None:
    if value is None:
        raise ValueError(f"{action} needs {key}")
    if key == "seconds" and not (_is_number(value) and 0 <= value < 1e6):
        raise ValueError(f"seconds {quoted(value)} is not a number of seconds")
    if key == "speed" and not (_is_number(value) and 0 < value < 1e6):
        raise ValueError(f"speed {quoted(value)} is not how many times real time")
    if key == "retry_after" and isinstance(value, str):
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"retry_after {quoted(value)} is not what a header can hold")
    elif key == "retry_after":
        _count(key, value, -1)
    allowed: dict[tuple[FaultAction, str], tuple[Any, ...]] = {
        (FaultAction.CLOSE, "code"): CLOSE_CODES,
        (FaultAction.REFUSE, "status"): STATUSES,
        (FaultAction.GARBAGE, "what"): GARBAGE,
        (FaultAction.FAIL, "close"): (True, False),
        (FaultAction.EMPTY_AUDIO, "close"): (True, False),
    }
    if (action, key) in allowed and (value not in allowed[action, key] or isinstance(value, bool) != (key == "close")):
        raise ValueError(f"{key} {quoted(value)} is not one that {action} takes")
    if (key == "message" or (action is FaultAction.FAIL and key == "code")) and not isinstance(value, str):
        raise ValueError(f"{key} {quoted(value)} is not a text")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
