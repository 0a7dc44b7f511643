"""A command of the user's for each final: the text on its standard input, the rest in its environment.

The commands run one after the other in a thread of their own, so that a slow one delays no transcript.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from asrcli.core.errors import system_reason
from asrcli.core.events import Event, Final
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import said, translated

PATIENCE_S = 10.0  # so long the commands that still wait are waited for at the end


class ExecCommand:
    """An Output that runs a shell command. What it prints goes to standard error; our key it does not get."""

    def __init__(self, command: str, warn: Callable[[str], None]) -> None:
        self._command, self._warn = command, warn
        self._waiting: SimpleQueue[tuple[str, dict[str, str]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="command", daemon=True)
        self._thread.start()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Queue the command for a final."""
        if isinstance(event, Final) and event.text.strip() and transcript.latest is not None:
            about = {"SENTENCE": transcript.latest.number, "BEGIN_MS": event.begin_ms, "END_MS": event.end_ms}
            into = {"TRANSLATION": translated(event), "TRANSLATED_INTO": event.translated_into}
            told = about | {name: _bearable(text) for name, text in into.items() if text}
            self._waiting.put((said(event), {f"ASR_{name}": str(value) for name, value in told.items()}))

    def close(self) -> None:
        """Wait for the commands that are due, within limits."""
        self._waiting.put(None)
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._warn(f"--exec: given up on commands that had not ended {PATIENCE_S:.0f} s after the last sentence")

    def _run(self) -> None:
        failures = 0
        while (item := self._waiting.get()) is not None:
            if problem := self._problem(*item):
                failures += 1
                if failures == 1:
                    self._warn(f"--exec: {problem}")
        if failures > 1:
            self._warn(f"--exec: the command failed {failures} times")

    def _problem(self, text: str, about: dict[str, str]) -> str:
        """Run the command for one sentence: what went wrong, if anything did. The next sentence has its own."""
        environment = {key: value for key, value in os.environ.items() if key != "DASHSCOPE_API_KEY"} | about
        try:
            done = subprocess.run(  # noqa: S602  the user wrote it, for a shell
                self._command,
                shell=True,
                stdout=_our_error_output(),
                input=text + "\n",
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment,
                check=False,
            )
        except OSError as exc:
            return f"the command could not be started: {system_reason(exc).lower()}"
        except Exception as exc:  # a sentence must not cost those behind it their command
            return f"the command could not be run: {exc}"
        return f"the command failed with exit code {done.returncode}" if done.returncode else ""


def _our_error_output() -> int:
    """Where a command may print: standard output is for the transcript."""
    try:
        return sys.stderr.fileno() if sys.stderr is not None else subprocess.DEVNULL
    except (OSError, ValueError):  # it is closed, or no file
        return subprocess.DEVNULL


def _bearable(text: str) -> str:
    """As an environment can hold it: JSON may bring halves of characters, and ends of strings."""
    return harmless(text).encode("utf-8", "replace").decode("utf-8")
