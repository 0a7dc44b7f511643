"""A process of ours and all its descendants, as far as the system still knows their parents."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass
from asrcli.core.settings import without_key

if TYPE_CHECKING:
    from signal import Signals

_PROCESSES = Path("/proc")
_LISTED = ("ps", "-A", "-o", "pid=,ppid=,stat=,lstart=")  # where there is no /proc: macOS, BSD
_LIST_S = 5.0
_ENDED = "ZX"  # states of a process that has ended, but whose parent has not asked for its exit code


@dataclass(frozen=True, slots=True)
class ListedProcess:
    """A process in the list of all.

    Attributes:
        parent: Its parent.
        started: When it was started: another process may get its number later.
    """

    parent: int
    started: str


class ProcessTree:
    """The processes below one, which stay in the tree when those that have started them end.

    A process whose parent has ended before it was seen, as a daemon, is not found. Where the system does not say what
    runs, as on Windows, the tree is empty.
    """

    def __init__(self, root: int) -> None:
        self._known: dict[int, str] = {}
        if (found := listed_processes().get(root)) is not None:
            self._known[root] = found.started

    def signal(self, number: "Signals") -> bool:
        """Send a signal to each process, also to those that are started while this goes on. False if there is none."""
        reached: set[int] = set()
        while new := self.alive() - reached:
            for process in new:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process, number)
            reached |= new
        return bool(reached)

    def alive(self) -> set[int]:
        """Return the numbers of the processes that run, the root among them."""
        listed = listed_processes()
        known = {number: at for number, at in self._known.items() if number in listed and listed[number].started == at}
        children: dict[int, list[int]] = {}
        for number, each in listed.items():
            children.setdefault(each.parent, []).append(number)
        waiting = list(known)
        while waiting:
            for child in children.get(waiting.pop(), ()):
                if child not in known:
                    known[child] = listed[child].started
                    waiting.append(child)
        self._known = known
        return set(known)


def listed_processes() -> Mapping[int, ListedProcess]:
    """Return the processes of this machine by their numbers, without those that have ended."""
    if sys.platform == "win32":
        return {}
    if (_PROCESSES / "self" / "stat").exists():
        rows = [_row_of(int(entry.name)) for entry in _PROCESSES.iterdir() if entry.name.isdecimal()]
    else:
        rows = _rows_of_ps()
    return {number: ListedProcess(parent, started) for number, parent, state, started in rows if state not in _ENDED}


def _row_of(number: int) -> tuple[int, int, str, str]:
    try:
        stat = (_PROCESSES / str(number) / "stat").read_text("utf-8", "replace")
    except OSError:  # it has ended meanwhile
        return number, 0, _ENDED[0], ""
    fields = stat.rpartition(")")[2].split()  # its name may contain anything
    return number, int(fields[1]), fields[0], fields[19]


def _rows_of_ps() -> list[tuple[int, int, str, str]]:
    try:
        done = subprocess.run(
            _LISTED, capture_output=True, text=True, timeout=_LIST_S, check=False, env=without_key(os.environ)
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [line.split(None, 3) for line in done.stdout.splitlines()]
    return [(int(number), int(parent), state[0], started.strip()) for number, parent, state, started in rows]
