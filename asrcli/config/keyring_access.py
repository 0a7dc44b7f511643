"""The keyring of the system as the program uses it: it answers within three seconds, or it counts as not there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import Secret, apart_from_terminal, without_key

if TYPE_CHECKING:
    from asrcli.core import install_advice
else:
    install_advice = LazyModule("asrcli.core.install_advice")

ANSWER_S = 3.0  # a keyring that answers later hangs, or waits for a person
START_S = 20.0  # Python itself, on a machine that has much to do
LEAVE_S = 0.5  # for a back end that tidies up after its answer
PROCESS = (sys.executable, "-P", "-m", "asrcli.config.keyring_process")
REASONS = {
    "none": "this system has no keyring",
    "locked": "the keyring is locked",
}


class KeyringUnusable(Exception):
    """The keyring cannot be used now; the text says why, and contains no key."""


@dataclass(frozen=True)
class KeyringAnswer:
    """What the keyring says: the key, None if it has none; and the name of what keeps it."""

    key: Secret | None
    backend: str


class Keyring(Protocol):
    """Where keys are kept by the name of the service that they are for. Each call raises KeyringUnusable."""

    def read(self, account: str) -> KeyringAnswer:
        """Return the key."""
        ...

    def keep(self, account: str, key: Secret) -> KeyringAnswer:
        """Keep a key, and return what is there now."""
        ...

    def forget(self, account: str) -> None:
        """Remove a key; one that is not there is no error."""
        ...


class SystemKeyring:
    """The keyring of the system, in a process of its own that is ended when it does not answer."""

    def __init__(self, process: tuple[str, ...] = PROCESS, answer_s: float = ANSWER_S) -> None:
        self._process = process
        self._answer_s = answer_s

    def read(self, account: str) -> KeyringAnswer:
        """Return the key; see Keyring."""
        return self._ask({"do": "get", "account": account})

    def keep(self, account: str, key: Secret) -> KeyringAnswer:
        """Keep a key, and return what is there now; see Keyring."""
        return self._ask({"do": "set", "account": account, "key": key.reveal()})

    def forget(self, account: str) -> None:
        """Remove a key; see Keyring."""
        self._ask({"do": "delete", "account": account})

    def _ask(self, command: dict[str, str]) -> KeyringAnswer:
        # A session of its own: a back end that asks for a password finds no terminal to ask on.
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        try:
            process = subprocess.Popen(
                self._process, stdin=pipe, stdout=pipe, stderr=null, env=without_key(os.environ),
                **apart_from_terminal(),
            )  # fmt: skip
        except OSError as exc:
            raise KeyringUnusable(f"the keyring cannot be asked: {system_reason(exc)}") from None
        assert process.stdin is not None  # noqa: S101  it was started with pipes
        lines = _lines_of(process)
        try:
            _next(lines, START_S, f"the keyring does not start within {START_S:.0f} s")
            with suppress(OSError):  # it has ended: the next line says so
                process.stdin.write(json.dumps(command).encode() + b"\n")
                process.stdin.flush()
            answer = _next(lines, self._answer_s, f"the keyring does not answer within {self._answer_s:.0f} s")
            with suppress(subprocess.TimeoutExpired):
                process.wait(LEAVE_S)
        finally:
            process.kill()
            process.wait()
            with suppress(OSError):  # a command that was not read
                process.stdin.close()
        if trouble := answer.get("trouble"):
            raise KeyringUnusable(_reason(trouble, answer.get("error")))
        key = answer["key"]
        return KeyringAnswer(Secret(key) if key else None, str(answer["backend"]))


def _reason(trouble: str, error: object) -> str:
    if trouble == "missing":
        return f"the package keyring is not installed ({install_advice.install_extra('keyring')})"
    return REASONS.get(trouble) or f"the keyring fails ({error})"


def _lines_of(process: "subprocess.Popen[bytes]") -> Callable[[float], bytes]:
    """Return a function that waits this many seconds for the next line, and raises Empty; an empty line is the end."""
    lines: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        assert process.stdout is not None  # noqa: S101  it was started with pipes
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
        lines.put(b"")

    Thread(target=read, name="keyring", daemon=True).start()  # a grandchild may hold the pipe: it must not hold us
    return lambda timeout_s: lines.get(timeout=timeout_s)


def _next(lines: Callable[[float], bytes], timeout_s: float, late: str) -> dict[str, Any]:
    try:
        line = lines(timeout_s)
    except Empty:
        raise KeyringUnusable(late) from None
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError:
        raise KeyringUnusable("the keyring ended without an answer") from None
    return answer
