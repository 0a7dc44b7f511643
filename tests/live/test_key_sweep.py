"""A key goes to the service and nowhere else, whatever the service does with it and wherever it was typed."""

import gzip
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from websockets.sync.server import ServerConnection

from tests.support.command import CLIP, asr, environment
from tests.support.misbehaving_service import service

KEY = "Zx9canary7f3e9d2c1bQ"  # it does not look like a key of the service


class Echo(BaseHTTPRequestHandler):
    """Answers every request with the headers and the address that it got, in all places where an answer has text."""

    protocol_version = "HTTP/1.1"
    status = 401
    elsewhere = ""  # where it redirects to

    def do_GET(self) -> None:
        """Answer."""
        given = f"{self.headers['Authorization']} {self.path}"
        body = {"code": given, "message": given, "request_id": given, "error": {"code": given, "message": given}}
        data = json.dumps(body).encode()
        self.send_response(self.status, given)
        self.send_header("Content-Length", str(len(data)))
        for name in ("X-Request-Id", "X-Asrcli-Engine", "WWW-Authenticate", "Retry-After"):
            self.send_header(name, given)
        if self.elsewhere:
            self.send_header("Location", self.elsewhere)
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET  # noqa: N815  the name that the base class looks for

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def echoing(status: int, elsewhere: str = "") -> Iterator[str]:
    """Such a service: its host and port."""
    handler = type("Handler", (Echo,), {"status": status, "elsewhere": elsewhere})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def left(done: "subprocess.CompletedProcess[str]", folder: Path, secret: str = KEY) -> list[str]:
    """Where the key, or a part of it, can be read after a run."""
    found = [name for name, text in (("stdout", done.stdout), ("stderr", done.stderr)) if secret in text]
    files = [Path(at) / name for at, _, names in os.walk(folder) for name in names]
    return found + [str(path.relative_to(folder)) for path in files if secret in unpacked(path)]


def unpacked(path: Path) -> str:
    """The text in a file, which may be compressed."""
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    return data.decode("utf-8", "replace")


def run(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a command with the key in its environment, and everything that it keeps in a folder."""
    state, config = f"{folder}/state", f"{folder}/config"
    return asr(*arguments, DASHSCOPE_API_KEY=KEY, HOME=str(folder), XDG_STATE_HOME=state, XDG_CONFIG_HOME=config)


def commands(folder: Path, host: str) -> list[list[object]]:
    """Every command that speaks with a service, with all that it can be asked to keep."""
    url, at = ["--url", f"ws://{host}/api-ws/v1/inference"], ["--url", f"http://{host}"]
    more = ["--debug", "--log-file", folder / "log"]
    return [
        ["file", CLIP, *url, "--retries", 0, "-vv", *more, "-o", folder / "o.srt", "--record", folder / "o.asrz"],
        ["file", CLIP, *url, "--retries", 0, "-f", "jsonl"],
        ["batch", CLIP, "--out", folder / "out", *url, "--retries", 0, *more],
        ["ws-raw", CLIP, *url, "-v", *more],
        ["vocab", "list", *at, *more],
        ["token", *at, *more],
        ["doctor", *url],
        ["whoami"],
    ]


@pytest.mark.slow  # each of eight commands has a process and a failure of its own
@pytest.mark.parametrize("status", [302, 401, 500])
def test_a_service_that_says_the_key_back(tmp_path: Path, status: int) -> None:
    """In the reason, headers and every field of an error; nobody else is asked with it."""
    asked: list[str] = []

    class Other(Echo):
        def do_GET(self) -> None:
            asked.append(str(self.headers))
            super().do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        Thread(target=other.serve_forever, args=(0.02,), daemon=True).start()
        elsewhere = f"http://localhost:{other.server_port}/" if status == 302 else ""
        with echoing(status, elsewhere) as host:
            for number, command in enumerate(commands(tmp_path, host)):
                folder = tmp_path / str(number)
                folder.mkdir()
                done = run(folder, *command)
                assert done.returncode in {0, 4, 5, 9}, (command, done.stderr)
                assert left(done, tmp_path) == [], command
        other.shutdown()
    assert not any(KEY in headers for headers in asked)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "secret"),
    [("Bearer {}", KEY), ("wrong key {:.12}", KEY[:8]), (f"wrong key {KEY[:4]}****{KEY[-4:]}", f"{KEY[:4]}*")],
    ids=["whole", "cut off", "masked"],
)
def test_a_service_that_says_the_key_back_on_a_websocket(tmp_path: Path, said: str, secret: str) -> None:
    """In each field of the error of a task, and as the reason of a close."""

    def failing(connection: ServerConnection) -> None:
        assert connection.request is not None
        given = said.format(connection.request.headers["Authorization"].removeprefix("Bearer "))
        connection.recv()
        header = {"task_id": given, "event": "task-failed", "error_code": given, "error_message": given}
        connection.send(json.dumps({"header": header | {"attributes": {"x": given}}, "payload": {"y": given}}))
        connection.close(1011, given)

    with service(failing) as address:
        for number, command in enumerate(commands(tmp_path, address.removeprefix("ws://"))):
            if command[0] in {"file", "batch"}:
                folder = tmp_path / str(number)
                folder.mkdir()
                done = run(folder, *command)
                assert done.returncode, command
                assert left(done, tmp_path, secret) == [], command


@pytest.mark.parametrize(
    "typed",
    [
        ["file", KEY],
        [KEY],
        ["help", KEY],
        ["models", KEY],
        ["file", CLIP, "--model", KEY, "--url", "ws://x.invalid"],
        ["file", CLIP, "--url", KEY],
        ["file", CLIP, "--url", f"ws://[{KEY}"],
        ["file", CLIP, "--url", f"ws://x.invalid/{KEY}/x?token={KEY}#{KEY}", "--retries", 0],
        ["file", CLIP, "--api-key-file", KEY],
        ["config", "set", KEY, "1"],
        ["config", "set", "model", f"{KEY}=\n"],
        ["serve", "--engine", KEY],
        ["serve", "--keys", KEY],
        ["sessions", "show", KEY],
        ["search", KEY],
    ],
    ids=lambda typed: " ".join(map(str, typed))[:30].replace(KEY, "KEY"),
)
def test_a_key_that_was_pasted_in_the_wrong_place(tmp_path: Path, typed: list[object]) -> None:
    """It is the key of the environment, so no error repeats it."""
    done = run(tmp_path, *typed)
    assert done.returncode in {2, 3, 4}, done.stderr
    assert left(done, tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="rights are others there")
def test_a_umask_of_zero_opens_nothing(tmp_path: Path) -> None:
    """What the program makes for the user alone, and every folder around it; transcripts are as the umask says."""
    env = {"HOME": str(tmp_path), "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
    command = "umask 000; for arguments in 'config set library on' \"file $CLIP --local --engine scripted\"; do "
    command += f"{sys.executable} -m asrcli $arguments || exit; done"
    environ = environment(**env, CLIP=str(CLIP))
    done = subprocess.run(["/bin/sh", "-c", command], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = [path for path in tmp_path.rglob("*") if not path.is_symlink()]
    assert {"library.db", "config.toml", "asrcli"} <= {path.name for path in made}
    assert [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
