"""What goes wrong on which connection, and when: faults, their triggers, and scripts of them. No clock, no socket.

A script of faults is a list of JSON objects, one per line in a file:

    {"connection": 2, "after_bytes": 32000, "do": "cut"}

Connections are numbered from 1 in the order in which they come, refused ones too; a fault without a number befalls each
one. A fault strikes once on a connection, when so much audio has come (`after_bytes`), when so many events have gone
(`after_events`), or `at` one of handshake, run-task and finish; without any of these at the handshake. The realtime
wire has the same moments in session.update and session.finish.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from asrcli.errors import UsageError
from asrcli.protocol.parsing import Json


class Do(StrEnum):
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


class When(StrEnum):
    """What a fault waits for."""

    HANDSHAKE = "handshake"
    RUN_TASK = "run-task"
    FINISH = "finish"
    BYTES = "after_bytes"
    EVENTS = "after_events"


STATUSES = (401, 403, 404, 429, 500, 503)
GARBAGE = ("not-json", "binary", "unknown")
CLOSE_CODES = (1000, 1001, 1002, 1003, *range(1006, 1015), *range(3000, 5000))
BROKEN = 1006  # no close frame can carry it: it is what a client calls a cut

# key of a fault in a script -> its value when it is not there; None: it must be
_KEYS: dict[Do, Json] = {
    Do.CLOSE: {"code": None},
    Do.STALL: {"seconds": None},
    Do.SLOW: {"seconds": None},
    Do.REFUSE: {"status": None, "retry_after": -1},
    Do.FAIL: {"code": None, "message": "a fault on purpose", "close": True},
    Do.GARBAGE: {"what": "not-json"},
}
_COMMON = {"do", "connection", "at", "after_bytes", "after_events"}
_EARLY = (Do.REFUSE, Do.DROP)  # these are nothing but a handshake


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong; the fields behind `count` are those of a script, where `do` has them.

    `count` is how many bytes or events it waits for, `connection` None for all. A negative `retry_after` is none.
    """

    do: Do
    when: When = When.HANDSHAKE
    count: int = 0
    connection: int | None = None
    code: int | str = ""
    message: str = ""
    close: bool = True
    seconds: float = 0
    status: int = 0
    retry_after: int = -1
    what: str = ""

    def __str__(self) -> str:
        """For the log."""
        moment = f"{self.when.replace('_', ' ')} {self.count}" if self.count else f"at {self.when}"
        details = (self.code, self.what, self.status or "", f"{self.seconds:g} s" if self.seconds else "")
        return " ".join(map(str, filter(None, (self.do, *details, moment))))


class Faults(Protocol):
    """What is to go wrong."""

    def of(self, connection: int) -> tuple[Fault, ...]:
        """The faults of a connection; asked once for each, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """Faults that somebody wrote down."""

    faults: tuple[Fault, ...]

    def of(self, connection: int) -> tuple[Fault, ...]:
        """Those of this connection, and those of all."""
        return tuple(fault for fault in self.faults if fault.connection in {None, connection})


def parse(lines: Iterable[str], name: str = "faults") -> Plan:
    """The plan in lines of JSON; empty ones are passed over.

    Raises:
        UsageError: a line is not a fault; it is named by `name` and its number, with what is wrong.
    """
    faults = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            faults.append(fault(json.loads(line)))
        except RecursionError:
            raise UsageError(f"{name}: line {number} is not a fault: not JSON") from None
        except ValueError as exc:
            problem = "not JSON" if isinstance(exc, json.JSONDecodeError) else exc
            advice = "asr serve --help shows what a fault looks like"
            raise UsageError(f"{name}: line {number} is not a fault: {problem}", advice) from None
    return Plan(tuple(faults))


def fault(value: Any) -> Fault:
    """The fault a script's object stands for.

    Raises:
        ValueError: with what is wrong.
    """
    if not isinstance(value, dict):
        raise ValueError("not an object")
    try:
        do = Do(str(value.get("do")))
    except ValueError:
        raise ValueError(f"do {value.get('do')!r} is none of {', '.join(Do)}") from None
    keys = _KEYS.get(do, {})
    if unknown := value.keys() - keys.keys() - _COMMON:
        raise ValueError(f"{do} has no {min(unknown)}")
    details: Json = {key: value.get(key, usual) for key, usual in keys.items()}
    for key, detail in details.items():
        _check(do, key, detail)
    connection = value.get("connection")
    if connection is not None:
        _count("connection", connection, 1)
    when, count = _trigger(value)
    if do in _EARLY and when is not When.HANDSHAKE:
        raise ValueError(f"{do} comes at the handshake only")
    if do is Do.DUPLICATE and when is not When.EVENTS:
        raise ValueError(f"{do} needs after_events: it is the last of them that comes twice")
    return Fault(do, when, count, connection, **details)


def _trigger(value: Json) -> tuple[When, int]:
    given = [key for key in ("at", "after_bytes", "after_events") if key in value]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are one too many")
    if not given:
        return When.HANDSHAKE, 0
    wanted = value[given[0]]
    if given != ["at"]:
        return When(given[0]), _count(given[0], wanted, 1)
    if wanted not in (When.HANDSHAKE, When.RUN_TASK, When.FINISH):
        raise ValueError(f"at {wanted!r} is none of handshake, run-task, finish")
    return When(wanted), 0


def _count(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{key} {value!r} is not a whole number from {least} on")
    return value


def _check(do: Do, key: str, value: Any) -> None:
    if value is None:
        raise ValueError(f"{do} needs {key}")
    if key == "seconds" and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6):
        raise ValueError(f"seconds {value!r} is not a number of seconds")
    if key == "retry_after":
        _count(key, value, -1)
    wanted: dict[tuple[Do, str], tuple[Any, ...]] = {
        (Do.CLOSE, "code"): CLOSE_CODES,
        (Do.REFUSE, "status"): STATUSES,
        (Do.GARBAGE, "what"): GARBAGE,
        (Do.FAIL, "close"): (True, False),
    }
    if (do, key) in wanted and (value not in wanted[do, key] or isinstance(value, bool) != (key == "close")):
        raise ValueError(f"{key} {value!r} is not one that {do} takes")
    if do is Do.FAIL and key in {"code", "message"} and not isinstance(value, str):
        raise ValueError(f"{key} {value!r} is not a text")
