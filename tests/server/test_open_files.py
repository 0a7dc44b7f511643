"""The limit of the system for open files, and more clients than it allows by itself."""

import resource
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from asrcli.recognizers.scripted import Scripted
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from asrcli.server.open_files import OTHER_FILES
from asrcli.server.websocket_server import MAX_NEWCOMERS
from tests.support.command import ASR, PATIENCE_S, environment, serving
from tests.support.tone import tone, wav
from tests.support.wire import INFERENCE, status, wire

ASKED = "import resource, sys; from asrcli.server.open_files import make_room; make_room(int(sys.argv[1])); "
SHOWN = "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"


@pytest.mark.parametrize(
    ("connections", "limits", "said"),
    [
        (200, (150, 1000), f"{200 + OTHER_FILES} 1000"),
        (40, (150, 1000), "150 1000"),
        (200, (100, 250), "max_connections 200: needs 300 open files, and the system allows 250"),
    ],
)
def test_as_many_files_are_allowed_as_the_connections_need(
    connections: int, limits: tuple[int, int], said: str
) -> None:
    """Raised where the system allows that, left alone where it is enough; otherwise an error says what is possible."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED + SHOWN, str(connections)],
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE_S,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits),
    )
    assert said in done.stdout + done.stderr


def test_inputs_that_need_more_files_than_there_can_be_are_refused_at_once(tmp_path: Path) -> None:
    """`asr batch` says how many inputs at once there is room for, before the service is asked."""
    audio = wav(tmp_path / "a.wav", tone(100))
    command = [*ASR, "batch", str(audio), "--out", str(tmp_path / "out"), "--url", "ws://127.0.0.1:9", "--jobs", "9"]
    done = subprocess.run(
        command, capture_output=True, check=False, text=True, timeout=PATIENCE_S, env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
    )  # fmt: skip
    assert done.returncode == 2
    assert "--jobs 9: needs 74 open files, and the system allows 40; at most 3, or raise the limit" in done.stderr


def test_all_clients_that_are_allowed_may_come_at_once() -> None:
    """None is turned away because the others have asked for nothing yet."""
    limits = ServerLimits(connections=MAX_NEWCOMERS + 20)
    with in_background(Scripted(), limits) as address, ExitStack() as stack:
        host = urlsplit(address)
        waiting = [stack.enter_context(socket.create_connection((host.hostname, host.port))) for _ in range(140)]
        with wire(address):  # answered after all of them
            for each in waiting:
                each.setblocking(False)
                with pytest.raises(BlockingIOError):  # open, and nothing was said
                    each.recv(1)


def test_the_user_says_how_many_may_be_connected() -> None:
    """The next one is told to come back later."""
    options = ("--engine", "scripted", "--max-connections", "2")
    with serving(*options) as (address, _), wire(address), wire(address):
        code, body = status(address, INFERENCE)
        assert (code, body["code"]) == (503, "ServiceUnavailable")
