"""Clients that mean harm, or are clumsy, beside one that does not: it loses nothing, and nothing is left behind."""

import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from psutil import Process
from websockets.exceptions import WebSocketException

from asrcli.core.client_commands import Command
from asrcli.core.events import Event, Final
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.counting import Counting
from asrcli.recognizers.scripted import Scripted, ScriptedResult
from asrcli.server.incoming_connection import IncomingConnection
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from asrcli.server.log_filter import MAX_ALIKE
from tests.live.fault_messages import WHOLE, told, whole
from tests.support.command import serving
from tests.support.memory import resident
from tests.support.raw_websocket import deaf, frame
from tests.support.wire import INFERENCE, PATIENCE_S, REALTIME, finish_task, run_task, status, wait_until, wire

QUICK = ServerLimits(unread_s=0.5)
LONG_TEXT = Scripted(tuple(ScriptedResult(ms, ms + 10, "word " * 20_000) for ms in range(0, 10_000, 10)))
GROWTH_BYTES = 24 << 20


@contextmanager
def flat() -> Iterator[None]:
    """What is left behind: no descriptor, no thread, and no memory to speak of."""
    me = Process()
    before = resident(me), me.num_fds(), threading.active_count()
    yield
    wait_until(lambda: me.num_fds() <= before[1] and threading.active_count() <= before[2])
    assert resident(me) - before[0] < GROWTH_BYTES


def push(line: socket.socket, data: bytes) -> None:
    """Send as much as is taken, again and again."""
    with suppress(OSError):
        while True:
            line.sendall(data)


RUN = frame(json.dumps(run_task()).encode())
FLOODS = {
    "results": (INFERENCE, RUN + b"".join([frame(bytes(32_000), 2)] * 20)),
    "mistakes": (REALTIME + "?model=m", frame(b"{") * 1000),
    "pings": (INFERENCE, frame(b"x" * 125, 9) * 1000),
    "acknowledgements": (REALTIME + "?model=m", frame(b'{"type":"input_audio_buffer.clear"}') * 1000),
}


@pytest.mark.parametrize(("path", "data"), FLOODS.values(), ids=FLOODS)
def test_a_client_that_reads_nothing_is_dropped_and_makes_room(path: str, data: bytes) -> None:
    """Whatever it makes the server say; another client has its slot, and one beside it never noticed."""
    limits = ServerLimits(unread_s=2, connections=5)
    with flat(), in_background(LONG_TEXT, limits) as address, ExitStack() as open_lines, wire(address) as paying:
        paying.say(run_task("p"))
        paying.handle("task-started")
        lines = [open_lines.enter_context(deaf(address, path)) for _ in range(4)]
        pushing = [threading.Thread(target=push, args=(line, data)) for line in lines]
        for thread in pushing:
            thread.start()
        wait_until(lambda: status(address, INFERENCE)[0] == 101)
        for thread in pushing:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        paying.say(bytes(3200), finish_task("p"))
        assert paying.hear_all("task-finished")


def test_a_client_that_reads_slowly_is_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that takes many times the patience arrives whole, as long as some of it is taken all the time."""
    size, patience_s, read = 12 << 20, 0.4, 0
    checked_at = [0]
    check = IncomingConnection._check_progress

    def check_late(connection: IncomingConnection, unread: int) -> None:
        """A busy machine may keep the client from reading for as long as the server is patient: that is waited for."""
        if read - checked_at[-1] < size // 8:
            connection._unread_timer = connection.loop.call_later(0.01, check_late, connection, unread)
        else:
            checked_at.append(read)
            check(connection, unread)

    monkeypatch.setattr(IncomingConnection, "_check_progress", check_late)
    slow = Scripted((ScriptedResult(0, 10, "a" * size),))
    with in_background(slow, ServerLimits(unread_s=patience_s)) as address, deaf(address, buffer=1 << 18) as line:
        line.settimeout(PATIENCE_S)
        last = b""
        line.sendall(RUN + frame(bytes(3200), 2) + frame(json.dumps(finish_task()).encode()))
        while b"task-finished" not in last and (data := line.recv(1 << 17)):
            read, last = read + len(data), (last + data)[-1000:]
            time.sleep(4 * patience_s * len(data) / size)  # this is what is slow about it
    assert read > size
    assert b"task-finished" in last
    assert len(checked_at) > 2


def test_a_server_ends_although_nobody_reads() -> None:
    """Its clients are cut where they do not take the goodbye."""
    with in_background(LONG_TEXT, ServerLimits(unread_s=60)) as address, ExitStack() as open_lines:
        for _ in range(5):
            line = open_lines.enter_context(deaf(address))
            push(line, FLOODS["results"][1])
        began = time.monotonic()
    assert time.monotonic() - began < 30


def test_those_who_say_nothing_keep_nobody_out() -> None:
    """A hundred and more connections that ask for nothing; the next client is served all the same, soon."""
    with flat(), in_background(Counting()) as address, ExitStack() as idle:
        host, port = address.removeprefix("ws://").split(":")
        for _ in range(100):
            idle.enter_context(socket.create_connection((host, int(port))))
        with wire(address) as client:
            assert whole(client) == WHOLE


class Spoilt(Counting):
    """Says what no codec can write."""

    async def open(self, recognition: RecognitionSettings) -> Any:
        """A session like that."""
        del recognition

        class Stream:
            async def send(self, command: Command) -> None:
                """Nothing."""

            async def events(self) -> AsyncIterator[Event]:
                """One, whose key is no number."""
                yield Final("one", 0, 1, "a")

            async def close(self) -> None:
                """Nothing."""

        return Stream()


def test_an_event_that_cannot_be_written_ends_its_task_with_an_error() -> None:
    """And not with silence."""
    with in_background(Spoilt()) as address, wire(address) as client:
        client.say(run_task())
        assert client.handle("task-failed")["header"]["error_code"] == "InternalError"
        assert client.closed() == 1000


def test_pages_are_let_in_where_they_were_allowed() -> None:
    """By the real command: on both paths, with what a browser asks for before; and names of other machines are not."""
    page = "https://app.example"
    with serving("--engine", "counting", "--allow-origin", page) as (address, _):
        assert status(address, INFERENCE, Origin=page)[0] == 101
        code, said = status(address, INFERENCE, Origin="https://evil.example")
        assert (code, said["code"]) == (403, "AccessDenied")
        assert "--allow-origin" in said["message"]
        host, port = address.removeprefix("ws://").split(":")
        for method, origin, expected in (
            ("OPTIONS", page, "200"), ("POST", page, "200"), ("POST", "https://evil.example", "403"),
            ("OPTIONS", "https://evil.example", "405"),
        ):  # fmt: skip
            with socket.create_connection((host, int(port))) as line:
                head = f"{method} /api/v1/tokens HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n\r\n"
                line.sendall(head.encode())
                said_bytes = line.makefile("rb").read().decode()
            assert said_bytes.split()[1] == expected
            assert (f"access-control-allow-origin: {page}" in said_bytes.lower()) == (origin == page)


def test_nothing_that_a_client_says_reaches_the_log_raw(tmp_path: Path) -> None:
    """Titles, colours, clipboards and forged lines, in the model and the task id; the log is one line a task."""
    evil = "\x1b]0;x\x07\x9b31m\u2028forged\nline\x85"
    log = tmp_path / "log"
    with serving("--engine", "counting", "--log-file", log) as (address, server):
        with wire(address) as client:
            asked = run_task(evil)
            asked["payload"]["model"] = evil
            client.say(asked, bytes(3200), finish_task(evil))
            client.handle("task-finished")
            client.say(finish_task(evil + "2"))
            client.closed()
        shown = server.stderr.readline() + server.stderr.readline()
        wait_until(lambda: "finished" in log.read_text())
    written = log.read_text()
    for text in (shown, written):
        assert "finished" in text
        assert not set(text) & set("\x1b\x07\x9b\u2028\x85")
        assert not [line for line in text.splitlines() if line.startswith(("forged", "line"))]


def test_a_flood_of_mistakes_is_no_flood_of_log(caplog: pytest.LogCaptureFixture) -> None:
    """A few lines, then a number."""
    caplog.set_level(logging.INFO, "asrcli.server")
    with in_background(Counting()) as address, wire(address, REALTIME + "?model=m") as client:
        for _ in range(500):
            client.say("{")
        for _ in range(500):
            client.handle("error")
    assert len([each for each in caplog.records if each.message.startswith("refused")]) <= MAX_ALIKE


def test_without_descriptors_a_server_serves_those_it_has() -> None:
    """Others are turned away; the log says so in a line, and when there is room again the next client comes in."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of another process can be set on Linux only")
    with serving("--engine", "counting") as (address, server), wire(address) as paying:
        paying.say(run_task())
        paying.handle("task-started")
        used = Process(server.pid).num_fds()
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 10, used + 10))
        host, port = address.removeprefix("ws://").split(":")
        before = Process(server.pid).cpu_times().user
        with ExitStack() as greedy:
            for _ in range(60):
                greedy.enter_context(socket.create_connection((host, int(port))))
            time.sleep(1)
            heard = whole_of(paying)
        assert [told(message) for message in heard] == WHOLE[1:]
        assert Process(server.pid).cpu_times().user - before < 0.8
        wait_until(lambda: served(address))
        server.terminate()
        lines = server.stderr.read().splitlines()
    assert len([line for line in lines if "rejected" in line]) == 1
    assert len(lines) < 10


def whole_of(client: Any) -> list[dict[str, Any]]:
    """The rest of a task that has started."""
    from tests.live.fault_messages import AUDIO

    client.say(AUDIO, finish_task())
    heard: list[dict[str, Any]] = client.hear_all("task-finished")
    return heard


def served(address: str) -> bool:
    """Whether a new client has its task done."""
    with suppress(OSError, WebSocketException), wire(address) as client:
        return whole(client) == WHOLE
    return False
