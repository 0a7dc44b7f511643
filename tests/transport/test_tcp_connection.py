"""A connection for code that may wait: over all addresses of a host, within one time, and Ctrl-C is heard at once."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from asrcli.transport.http_opener import new_connection
from asrcli.transport.tcp_connection import connect
from tests.support.silent_port import silent_port

HOST = ("service.test", 1)
PATIENCE_S = 60


@pytest.fixture
def listening() -> Iterator[int]:
    """A port where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def resolving(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Resolve every name to these addresses, in this order."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)


def test_a_host_is_reached_and_its_connection_has_the_timeout(listening: int) -> None:
    """With the real lookup of a number."""
    with connect(("127.0.0.1", listening), PATIENCE_S) as line:
        assert (line.getpeername()[1], line.gettimeout()) == (listening, PATIENCE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_addresses_that_answer_nothing_do_not_eat_the_time(monkeypatch: pytest.MonkeyPatch, listening: int) -> None:
    """The next one is tried soon, also for a single HTTP request, and long before the first one times out."""
    with silent_port() as silent:
        resolving(monkeypatch, silent, silent, listening)
        began = time.monotonic()
        with connect(HOST, PATIENCE_S) as line:
            assert line.getpeername()[1] == listening
        request = new_connection(*HOST, PATIENCE_S)
        request.connect()
        assert request.sock.getpeername()[1] == listening
        request.close()
        assert time.monotonic() - began < PATIENCE_S


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_the_timeout_covers_all_addresses_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: not all of them are tried."""
    opened: list[object] = []

    def counted(*given: int) -> socket.socket:
        opened.append(given)
        return made(*given)

    made = socket.socket
    with silent_port() as silent:
        resolving(monkeypatch, *[silent] * 200)
        monkeypatch.setattr("socket.socket", counted)
        with pytest.raises(TimeoutError):
            connect(HOST, 2.0)
    assert 1 <= len(opened) < 20


def test_an_address_that_refuses_leads_to_the_next_and_the_first_refusal_is_reported(
    monkeypatch: pytest.MonkeyPatch, listening: int
) -> None:
    """At once, not after the time for an address that is silent."""
    with ExitStack() as stack:
        # Bound, so that no other test gets the port; nobody listens at it.
        refusing = stack.enter_context(socket.socket())
        refusing.bind(("127.0.0.1", 0))
        port = refusing.getsockname()[1]
        resolving(monkeypatch, port, port, listening)
        monkeypatch.setattr("asrcli.transport.tcp_connection.NEXT_ADDRESS_S", PATIENCE_S)
        with connect(HOST, PATIENCE_S) as line:
            assert line.getpeername()[1] == listening
        resolving(monkeypatch, port, port)
        with pytest.raises(ConnectionRefusedError):
            connect(HOST, PATIENCE_S)


def test_a_kind_of_address_that_this_machine_has_not_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, listening: int
) -> None:
    """As IPv6 where it is switched off."""
    found = [
        (-1, socket.SOCK_STREAM, 6, "", ("::1", listening)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", listening)),
    ]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: found)
    with connect(HOST, PATIENCE_S) as line:
        assert line.family is socket.AF_INET


def test_a_name_that_nobody_knows_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the error of the resolver."""

    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(socket.gaierror):
        connect(HOST, PATIENCE_S)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_and_the_timeout_are_heard_while_no_name_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup of the system cannot be interrupted, so another thread does it."""
    released = threading.Event()
    threads: list[threading.Thread] = []

    def hang(*_: object) -> None:
        threads.append(threading.current_thread())
        released.wait(PATIENCE_S)
        raise OSError  # which is for this attempt alone: an answer would be for those of later tests, too

    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        hang()

    monkeypatch.setattr("socket.getaddrinfo", interrupt)
    with pytest.raises(KeyboardInterrupt):
        connect(HOST, PATIENCE_S)
    monkeypatch.setattr("socket.getaddrinfo", hang)
    with pytest.raises(TimeoutError, match=r"service\.test"):
        connect(HOST, 0.05)
    released.set()
    assert threading.main_thread() not in threads
