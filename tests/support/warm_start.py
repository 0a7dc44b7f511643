"""Runs `asr` in a fork of a process that has its modules loaded, which saves a third of a second of CPU each time.

The fork has its own arguments, environment, working directory, standard streams and exit, and runs the package as
`python -m asrcli` does. What an interpreter takes from its environment when it starts cannot be given to a fork:
`can_fork` says where a run needs an interpreter of its own. `ASR_TESTS_COLD=1` gives one to every run.
"""

import atexit
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import IO, Any, TextIO

# The variables that nothing reads before the command runs; those of sound systems are read when one is opened.
LATE = ("ASR_", "DASHSCOPE", "XDG_", "HOME", "COLUMNS", "LINES", "NO_PROXY", "TMPDIR", "PULSE_", "ALSA_", "JACK_")
LATE_ENDS = ("_PROXY", "_proxy")
LIBRARIES = ("av", "pysubs2", "rich.live", "websockets.asyncio.client", "platformdirs", "filelock")
PR_SET_CHILD_SUBREAPER = 36
_one_adopts = threading.Lock()
_one_at_a_time = threading.Lock()  # or the first runs, where they come at once, would each start a template


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a run in this environment is the same in a fork as in an interpreter of its own."""
    if os.environ.get("ASR_TESTS_COLD") or not hasattr(os, "fork"):
        return False
    usual = _usual(environment)
    return usual == _usual(os.environ) | {key: usual.get(key, "") for key in ("TERM", "PYTHONWARNINGS", "CI")}


def _usual(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in environment.items()
        if not key.startswith((*LATE, "PYTEST_")) and not key.endswith(LATE_ENDS)
    }


def can_start(environment: Mapping[str, str]) -> bool:
    """Whether a process that goes on can be a fork, too. Whoever measures it wants an interpreter of its own."""
    return sys.platform == "linux" and "PYTEST_CURRENT_TEST" in os.environ and can_fork(environment)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], stdin: bytes | None, timeout_s: float
) -> "subprocess.CompletedProcess[bytes]":
    """Run `asr` to its end, as `subprocess.run` does.

    Raises:
        subprocess.TimeoutExpired: it was killed, because it had not ended by then.
    """
    ends = [os.pipe() for _ in range(3)]
    (input_read, input_write), (output_read, output_write), (error_read, error_write) = ends
    with socket.socket(socket.AF_UNIX) as line:
        given = 0 if stdin is None else input_read
        _ask(line, arguments, environment, [given, output_write, error_write], starts=False)
        for fd in (input_read, output_write, error_write):
            os.close(fd)
        readers = [_Reader(fd) for fd in (output_read, error_read)]
        with suppress(BrokenPipeError), os.fdopen(input_write, "wb") as pipe:
            pipe.write(stdin or b"")
        with line.makefile("r") as answers:
            pid = int(answers.readline())
            line.settimeout(timeout_s)
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["asr", *arguments], timeout_s) from None
    output, error = (reader.all(timeout_s) for reader in readers)
    return subprocess.CompletedProcess(["asr", *arguments], code, output, error)


def start(arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]) -> int:
    """Start `asr` with these standard streams as a child of this process. Returns its number.

    The template forks a process that forks and ends, and whoever adopts orphaned processes becomes its parent.
    """
    _address(environment)  # the first time this takes long
    with socket.socket(socket.AF_UNIX) as line, _adopting():
        _ask(line, arguments, environment, streams, starts=True)
        with line.makefile("r") as answers:
            pid = int(answers.readline())
            assert answers.readline() == "0\n"  # the process between has ended
    return pid


def _ask(
    line: socket.socket,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    streams: Sequence[int],
    *,
    starts: bool,
) -> None:
    line.connect(_address(environment))
    folder = str(Path.cwd())
    request = {"arguments": arguments, "environment": dict(environment), "folder": folder, "starts": starts}
    data = json.dumps(request).encode()
    socket.send_fds(line, [len(data).to_bytes(4, "big")], streams)
    line.sendall(data)


def _address(environment: Mapping[str, str]) -> str:
    with _one_at_a_time:
        return _template(tuple(sorted(_usual(environment).items())))


@contextmanager
def _adopting() -> Iterator[None]:
    """Only for a moment: some tests leave processes behind, and look whether they end."""
    with _one_adopts:
        _set_adopts(True)
        try:
            yield
        finally:
            _set_adopts(False)


def _set_adopts(adopts: bool) -> None:
    assert ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(adopts), 0, 0, 0) == 0


class _Reader(threading.Thread):
    """Reads a pipe to its end, beside its twin."""

    def __init__(self, fd: int) -> None:
        super().__init__(daemon=True)
        self._pipe: IO[bytes] = os.fdopen(fd, "rb")
        self._data = b""
        self.start()

    def run(self) -> None:
        with self._pipe:
            self._data = self._pipe.read()

    def all(self, timeout_s: float) -> bytes:
        """All that was written. A process that the command has left behind may still hold the pipe."""
        self.join(timeout_s)
        assert not self.is_alive(), "a process that outlives the command holds its output"
        return self._data


@cache
def _template(usual: tuple[tuple[str, str], ...]) -> str:
    """The address of a process with this environment that has loaded the modules; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="asr-warm.")
    address = f"{folder.name}/line"
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, address], env=dict(usual), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    atexit.register(folder.cleanup)
    atexit.register(process.wait, 10)
    atexit.register(process.stdin.close)
    assert process.stdout.readline() == b"ready\n"
    return address


class _Template:
    """A process with one thread that has loaded all modules, and forks for each request."""

    def __init__(self, address: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(address)
        self._listener.listen(64)
        self._lines: dict[int, socket.socket] = {}  # by the process that was forked for it
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> dict[str, Any] | None:
        """Fork for each request until standard input ends. Returns None at its end, and in a fork what it is to run."""
        while True:
            sources: list[int | socket.socket] = [0, self._listener, self._woken]
            ready, _, _ = select.select(sources, [], [])
            if 0 in ready:
                self._close()
                return None
            if self._woken in ready:
                self._woken.recv(4096)
                self._report()
            if self._listener in ready:
                line, _ = self._listener.accept()
                request, fds = _received(line)
                pid = os.fork()
                if pid == 0:
                    if request["starts"] and (started := os.fork()):
                        line.sendall(b"%d\n" % started)
                        os._exit(0)
                    self._leave(line, fds)
                    return request
                for fd in fds:
                    os.close(fd)
                self._lines[pid] = line
                if not request["starts"]:
                    line.sendall(b"%d\n" % pid)

    def _report(self) -> None:
        while self._lines:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._lines.pop(pid) as line, suppress(OSError):
                line.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))

    def _leave(self, line: socket.socket, fds: list[int]) -> None:
        """In a fork: take the standard streams of the request, and let go of what is the template's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
            os.close(fd)
        line.close()
        self._close()

    def _close(self) -> None:
        for own in (self._listener, self._woken, self._wake, *self._lines.values()):
            own.close()


def _received(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    size, fds, _, _ = socket.recv_fds(line, 4, 3)
    with line.makefile("rb") as data:
        return json.loads(data.read(int.from_bytes(size, "big"))), fds


def _opened(number: int, name: str, usual: TextIO) -> Any:
    """A standard stream as an interpreter makes it when it starts."""
    mode, buffering = ("r" if number == 0 else "w"), (1 if number == 2 else -1)
    stream = open(number, mode, buffering, usual.encoding, usual.errors, closefd=False)  # noqa: SIM115
    stream.buffer.raw.name = name  # type: ignore[attr-defined]
    return stream


def main(address: str) -> None:
    """Load everything; in each fork, become the command."""
    for module in walk_packages(import_module("asrcli").__path__, "asrcli."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # a library that is optional
                import_module(module.name)
    for library in LIBRARIES:
        import_module(library)
    gc.collect()
    gc.freeze()
    template = _Template(address)
    os.write(1, b"ready\n")
    request = template.serve()
    if request is None:
        return
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _opened(number, f"<{name}>", getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = ["asrcli", *request["arguments"]]
    runpy.run_module("asrcli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
