"""Opens a TCP connection for code that may wait. The time covers the lookup of the name and all addresses of the host.

`socket.create_connection` gives each address the whole time, and nothing interrupts it while a name server is silent.
"""

import os
import queue
import selectors
import socket
import time
from contextlib import ExitStack, suppress
from typing import Any

from asrcli.transport.name_lookups import LOOKUPS, NEXT_ADDRESS_S, Answer


def connect(address: tuple[str, int], timeout_s: float) -> socket.socket:
    """Return a connection to a host and port, whose operations have the same timeout.

    Raises:
        OSError: the host has no address, TimeoutError where none of them answers in time, or the error of the first.
    """
    deadline_s = time.monotonic() + timeout_s
    line = _first_open(_looked_up(address, timeout_s), deadline_s)
    line.settimeout(timeout_s)
    return line


def _looked_up(address: tuple[str, int], timeout_s: float) -> list[Any]:
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    LOOKUPS.look_up((*address, 0, socket.SOCK_STREAM), answers.put)
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise TimeoutError(f"no name server has answered for {address[0]}") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _first_open(rows: list[Any], deadline_s: float) -> socket.socket:
    """Open a connection to each address, one after the other without waiting for long, and return the first one."""
    errors: list[OSError] = []
    later = list(reversed(rows))
    next_s = time.monotonic()
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        while later or selector.get_map():
            now_s = time.monotonic()
            if now_s >= deadline_s:
                raise TimeoutError
            if later and (now_s >= next_s or not selector.get_map()):
                next_s = now_s + NEXT_ADDRESS_S
                _begin(later.pop(), selector, stack, errors)
            until_s = deadline_s
            if later:
                until_s = min(next_s, deadline_s)
            for key, _ in selector.select(max(0.0, until_s - time.monotonic())):
                line: Any = key.fileobj
                selector.unregister(line)
                if not (code := line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                    return socket.socket(line.family, line.type, line.proto, line.detach())
                errors.append(OSError(code, os.strerror(code)))
                next_s = 0.0
    raise errors[0]


def _begin(row: Any, selector: selectors.BaseSelector, stack: ExitStack, errors: list[OSError]) -> None:
    """Begin to open a connection to one address."""
    family, kind, protocol, _, place = row
    try:
        line = stack.enter_context(socket.socket(family, kind, protocol))
        line.setblocking(False)
        with suppress(BlockingIOError):
            line.connect(place)
        selector.register(line, selectors.EVENT_WRITE)
    except OSError as exc:
        errors.append(exc)
