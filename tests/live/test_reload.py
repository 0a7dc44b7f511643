"""SIGHUP to `asr serve --keys`: another file is read beside the clients, and a file with a mistake changes nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Running, environment, serving, started
from tests.support.wire import INFERENCE, status, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")


class Reloaded:
    """A server and its file of keys."""

    def __init__(self, address: str, process: Running, keys: Path) -> None:
        self.address = address
        self.process = process
        self.keys = keys

    def lets_in(self, key: str) -> bool:
        """Whether a client with this key may connect."""
        return status(self.address, INFERENCE, Authorization=f"Bearer {key}")[0] == 101

    def hang_up(self) -> None:
        """Let the server read its file again."""
        self.process.send_signal(signal.SIGHUP)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Reloaded]:
    """With two keys and eight places."""
    keys = tmp_path / "keys"
    keys.write_text("anna sk-anna\nben sk-ben\n")
    keys.chmod(0o600)
    with serving("--engine", "scripted", "--keys", keys, "--max-connections", 8) as (address, process):
        yield Reloaded(address, process, keys)


def test_clients_do_not_wait_for_a_file_that_does_not_come(server: Reloaded) -> None:
    """It is a pipe here, and could be a disk in the network. Signals that come meanwhile are one."""
    server.keys.unlink()
    os.mkfifo(server.keys, 0o600)
    writer = os.open(server.keys, os.O_RDWR)
    server.hang_up()
    server.hang_up()
    assert server.lets_in("sk-anna")
    os.write(writer, b"carl sk-carl\n")
    os.close(writer)
    wait_until(lambda: server.lets_in("sk-carl"))
    assert not server.lets_in("sk-anna")


def test_a_server_ends_although_a_file_does_not_come(server: Reloaded) -> None:
    """Nobody waits for the thread that reads it."""
    server.keys.unlink()
    os.mkfifo(server.keys, 0o600)
    writer = os.open(server.keys, os.O_RDWR)
    server.hang_up()
    assert server.lets_in("sk-anna")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    os.close(writer)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("anna sk-anna reserved=8\neve sk-eve reserved=1\n", "the keys reserve 9 connections, which is more"),
        ("anna sk-anna\nsk-canary eve\n", "line 2: begins with a key, and the name comes first"),
        ("", "contains no key"),
        ("\0\xff", "line 1: has no name or no key"),
    ],
)
def test_a_mistake_changes_nothing(server: Reloaded, text: str, problem: str) -> None:
    """One line says what it is, and no key is in it."""
    server.keys.write_text(text, "utf-8")
    server.hang_up()
    line = server.process.stderr.readline()
    assert problem in line
    assert line.endswith("; the keys stay as they were\n")
    assert "sk-" not in line
    assert server.lets_in("sk-ben")
    server.keys.unlink()
    server.hang_up()
    assert "No such file or directory; the keys stay as they were" in server.process.stderr.readline()
    assert server.lets_in("sk-ben")


def test_a_file_that_others_can_read_is_reported(tmp_path: Path) -> None:
    """At the start, and when it is read again."""
    keys = tmp_path / "keys"
    keys.write_text("anna sk-anna\n")
    keys.chmod(0o644)
    told = f"{keys} contains a key that other users of this machine can read: chmod 600 prevents that\n"
    with serving("--engine", "scripted", "--keys", keys) as (_, process):
        assert process.stderr.readline() == f"asr: {told}"
        process.send_signal(signal.SIGHUP)
        assert process.stderr.readline().endswith(told)
        assert "keys: 1 read from" in process.stderr.readline()
        keys.chmod(0o600)
        process.send_signal(signal.SIGHUP)
        assert "keys: 1 read from" in process.stderr.readline()


def test_a_signal_before_the_server_listens_is_kept(tmp_path: Path) -> None:
    """It comes while the first keys are read; the server begins with these, and reads the file again at once."""
    keys = tmp_path / "keys"
    os.mkfifo(keys, 0o600)
    with started("serve", "--port", 0, "--engine", "scripted", "--keys", keys) as process:
        with keys.open("w") as writer:  # waits for the server to read
            process.send_signal(signal.SIGHUP)
            keys.unlink()
            keys.write_text("ben sk-ben\ncarl sk-carl\n")
            keys.chmod(0o600)
            writer.write("anna sk-anna\n")
        address = process.stderr.readline().split(" at ")[1].split()[0]
        server = Reloaded(address, process, keys)
        wait_until(lambda: server.lets_in("sk-carl"))
        assert not server.lets_in("sk-anna")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


EARLY = """
import os, signal, sys
from asrcli.__main__ import main

class AtTheFirstModule:
    def find_spec(self, name, path=None, target=None):
        if name == "asrcli.cli":
            os.kill(os.getpid(), signal.SIGHUP)

sys.meta_path.insert(0, AtTheFirstModule())
main()
"""


@pytest.mark.parametrize(("options", "code"), [(["--keys"], 2), (["--api-key-file"], -signal.SIGHUP)])
def test_a_signal_at_the_first_moment_ends_no_server_that_reads_keys(options: list[str], code: int) -> None:
    """It begins, and says that the file is missing. Without --keys the signal ends a server at any time."""
    command = [sys.executable, "-c", EARLY, "serve", *options, "/nowhere/keys"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert (done.returncode, "/nowhere/keys: No such file" in done.stderr) == (code, code > 0)
