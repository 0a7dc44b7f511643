"""The real command as a child process, and the real server in another one."""

import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Thread
from typing import IO, Any

from tests.support import warm_start

ASR = (sys.executable, "-m", "asrcli")
DATA = Path(__file__).parent.parent / "data"
CLIP = DATA / "meeting-rms.wav"
PATIENCE_S = 150  # a hung test fails; a busy machine does not make one fail


def environment(**more: str) -> dict[str, str]:
    """The environment of a user without a key, a proxy or colours to hide behind, and with nothing in their home."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DASHSCOPE", "ASR_"))}
    kept |= {"CI": "true"}  # so that `asr` asks no question
    kept |= {"NO_PROXY": "127.0.0.1", "TERM": "dumb", "COLUMNS": "80", "PYTHONWARNINGS": "error"}
    kept |= {"XDG_STATE_HOME": state_home(), "XDG_CONFIG_HOME": f"{state_home()}/config", "HOME": state_home()}
    return kept | more


@cache
def state_home() -> str:
    """Where journals go, which would otherwise fill the home of whoever runs the tests; gone when they end."""
    folder = tempfile.mkdtemp(prefix="asr-state.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def asr(*arguments: object, stdin: bytes | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `asr` to its end."""
    environ = environment(**env)
    if warm_start.can_fork(environ):
        warm = warm_start.run(list(map(str, arguments)), environ, stdin, PATIENCE_S)
        return subprocess.CompletedProcess(warm.args, warm.returncode, warm.stdout.decode(), warm.stderr.decode())
    done = subprocess.run(
        [*ASR, *map(str, arguments)],
        input=stdin,
        check=False,
        capture_output=True,
        env=environ,
        timeout=PATIENCE_S,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Running(subprocess.Popen[str]):
    """A running `asr` with pipes. It ends with its block."""

    stdout: IO[str]
    stderr: IO[str]

    def read_until(self, part: str) -> str:
        """Return the first line of standard output that contains a part, and skip those before. Fails without one."""
        for line in self.stdout:
            if part in line:
                return line
        raise AssertionError(f"{part} never came: {self.stderr.read()}")

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        """Return the rest of both streams, up to the end of the process.

        That of Popen reads after the buffers of the streams: it would lose what came together with a line read before.
        """
        assert input is None
        rest = ["", ""]

        def read(number: int, stream: IO[str]) -> None:
            if not stream.closed:
                rest[number] = stream.read()

        readers = [Thread(target=read, args=each, daemon=True) for each in enumerate((self.stdout, self.stderr))]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return rest[0], rest[1]

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait()
        self.stdout.close()
        self.stderr.close()


class WarmRunning(Running):
    """A running `asr` in a fork of a warm process, see warm_start.py."""

    def _execute_child(self, *given: Any) -> None:
        """What `subprocess` calls to make the process; the names of its arguments are the same in all versions."""
        args, environ, pipes = given[0], given[6], given[10:16]
        self.pid = warm_start.start(args[len(ASR) :], environ, [pipes[0], pipes[3], pipes[5]])
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def started(*arguments: object, **env: str) -> Running:
    """Start `asr` with its outputs as pipes; use it in a with block."""
    environ = environment(**env)
    kind = WarmRunning if warm_start.can_start(environ) else Running
    return kind(
        [*ASR, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
    )


@contextmanager
def serving(*arguments: object) -> Iterator[tuple[str, Running]]:
    """`asr serve --lenient` on a free port, for models by any name: its address and its process."""
    with started("serve", "--port", 0, "--lenient", *arguments) as process:
        line = process.stderr.readline()
        assert " at ws://127.0.0.1:" in line, line
        process.stderr.readline()  # the honest line about the engine
        yield line.split(" at ")[1].split()[0], process


@contextmanager
def stopped(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Stop a process during the block, so that nothing that waits for it ends before the test is ready."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def script(path: Path, *results: tuple[int, int, str]) -> Path:
    """A script for the scripted engine: begin, end, text."""
    lines = [{"begin_ms": begin, "end_ms": end, "text": text, "partials": [text[:3]]} for begin, end, text in results]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def lines(text: str) -> list[dict[str, Any]]:
    """JSON Lines as objects."""
    return [json.loads(line) for line in text.splitlines()]


def bare_words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return re.findall(r"[\w']+", text.lower())


def word_errors(said: str, heard: str) -> float:
    """Word error rate of what was heard against what was said; case and punctuation do not count."""
    truth, guess = bare_words(said), bare_words(heard)
    row: Sequence[int] = range(len(guess) + 1)
    for i, word in enumerate(truth, 1):
        before, row = row, [i]
        for j, other in enumerate(guess, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (word != other)))
    return row[-1] / len(truth)
