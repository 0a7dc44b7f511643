"""Listening sockets when file descriptors run out: clients are rejected, and the event loop does not spin."""

import asyncio
import errno
import resource
import socket
import subprocess
import sys
from contextlib import suppress

import pytest

from asrcli.core.causes import Cause
from asrcli.core.errors import SettingError
from asrcli.server.listening_sockets import MAX_AT_ONCE, ListeningSocket, listen, listening_cause, listening_host
from tests.support.command import PATIENCE_S

SHORT = """
import os, resource, socket, sys
from asrcli.server.listening_sockets import ListeningSocket
line = ListeningSocket(socket.AF_INET, socket.SOCK_STREAM, 0)
line.bind(("127.0.0.1", 0)); line.listen(); line.setblocking(False)
client = socket.create_connection(line.getsockname())
other = socket.create_connection(line.getsockname())
for each in (client, other):
    each.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for _ in range(2):
    try:
        line.accept()
        sys.exit("accepted")
    except BlockingIOError:
        pass
os.close(held.pop()); os.close(held.pop())
for each in (client, other):
    each.settimeout(60)
    assert each.recv(65536).startswith(b"HTTP/1.1 503 Service Unavailable\\r\\n")
    assert each.recv(1) == b""
again = socket.create_connection(line.getsockname())
line.accept()[0].close()
print("served again")
"""
COUNTED = """
import os, socket
from asrcli.server.listening_sockets import ListeningSocket
before = len(os.listdir("/proc/self/fd"))
with ListeningSocket(socket.AF_INET, socket.SOCK_STREAM, 0):
    held = len(os.listdir("/proc/self/fd")) - before
print(held, len(os.listdir("/proc/self/fd")) - before)
"""


def test_without_descriptors_clients_are_shown_out_and_later_served() -> None:
    """They do not wait, they are answered whole, and the problem is logged once."""
    done = subprocess.run(
        [sys.executable, "-c", f"import logging; logging.basicConfig()\n{SHORT}"],
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE_S,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )
    assert (done.returncode, done.stdout) == (0, "served again\n"), done.stderr
    assert done.stderr.count("clients are rejected") == 1


def test_a_host_of_several_addresses_has_one_port() -> None:
    """As clients of either family expect."""
    sockets = asyncio.run(listen("localhost", 0))
    try:
        assert len({line.getsockname()[1] for line in sockets}) == 1
        taken = sockets[-1].getsockname()[1]
        sockets[-1].listen()
        with pytest.raises(OSError, match="in use"):
            asyncio.run(listen("localhost", taken))
    finally:
        for line in sockets:
            line.close()


@pytest.mark.parametrize(
    ("host", "error", "cause"),
    [
        ("127.0.0.1", OSError(errno.EADDRINUSE, "in use"), Cause.ADDRESS_TAKEN),
        ("127.0.0.1", OSError(errno.EADDRNOTAVAIL, "not here"), Cause.NO_LOOPBACK),
        ("::1", OSError(errno.EAFNOSUPPORT, "no version six"), Cause.NO_SUCH_ADDRESS),
        ("192.0.2.1", OSError(errno.EADDRNOTAVAIL, "not here"), Cause.NO_SUCH_ADDRESS),
        ("service.test", socket.gaierror(socket.EAI_NONAME, "unknown"), Cause.NO_SUCH_ADDRESS),
    ],
)
def test_a_host_where_no_port_can_be_listened_at_is_told_from_a_port_that_is_taken(
    host: str, error: OSError, cause: Cause
) -> None:
    """The advice to choose another port would be followed in vain."""
    assert listening_cause(host, error, Cause.ADDRESS_TAKEN) is cause


def test_clients_that_come_at_once_are_accepted_in_turns() -> None:
    """So that a crowd does not keep those waiting who are there; all are accepted, and an empty queue is no turn."""
    with ListeningSocket(socket.AF_INET, socket.SOCK_STREAM, 0) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        clients = [socket.create_connection(listening.getsockname()) for _ in range(MAX_AT_ONCE + 3)]
        turns = []
        for _ in range(3):
            turns.append(0)
            with suppress(BlockingIOError):
                while True:
                    listening.accept()[0].close()
                    turns[-1] += 1
        assert turns == [MAX_AT_ONCE, 3, 0]
        for client in clients:
            client.close()


def test_the_reserve_is_given_back() -> None:
    """With the socket. In a process of its own: here threads of other tests may close files meanwhile."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED], capture_output=True, check=False, text=True, timeout=PATIENCE_S
    )
    assert (done.stdout, done.stderr) == ("2 0\n", "")


def test_without_a_null_device_clients_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some containers have none: then nothing is kept in reserve."""
    monkeypatch.setattr("os.devnull", "/nowhere/null")
    with ListeningSocket(socket.AF_INET, socket.SOCK_STREAM, 0) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()) as client, listening.accept()[0] as server:
            server.sendall(b"x")
            assert client.recv(1) == b"x"


@pytest.mark.parametrize(
    ("given", "host"),
    [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1"), ("fe80::1%Eth0", "fe80::1%Eth0"), ("LOCALHOST", "localhost")],
)
def test_a_host_is_an_address_or_a_name(given: str, host: str) -> None:
    """As users write it; the name of a network interface may have capital letters."""
    assert host == listening_host(given)


@pytest.mark.parametrize(
    "given", ["127.0.0.1:9000", "ws://127.0.0.1", "unix:x", "/run/x", "*", "a b", "127.0.0.1\n", "", "[::1]:80"]
)
def test_what_is_no_address_is_called_so(given: str) -> None:
    """Whoever wrote a port behind it would otherwise be told that it is open to other machines, and to name a key."""
    with pytest.raises(SettingError, match=r": not an address; name one without a port"):
        listening_host(given)
