"""Runs a command of the user for each final: the text on its standard input, the other fields in its environment.

The commands run one after the other in a thread of their own, so that a slow command does not delay the transcript.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import Any

from asrcli.core.errors import CommandNotRun, system_reason
from asrcli.core.events import Event, Final
from asrcli.core.printable import harmless, quantity
from asrcli.core.settings import apart_from_terminal, without_key
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import spoken_text, translated

CLOSE_TIMEOUT_S = 10.0  # how long `close` waits for the commands that are left
STOP_TIMEOUT_S = 1.0  # how long a command that is asked to end may take
# Exit codes of a shell that could not run the command. Any other code is the answer of the command.
NOT_RUN = {126: "a program in it cannot be executed", 127: "a program in it was not found"}


class ExecCommand:
    """An output that runs a shell command. What it prints goes to standard error. It does not get the API key.

    Args:
        command: The command.
        warn: Prints what went wrong.
        name: What the user calls it.
        time_left_s: Returns how much of the seconds that `close` would wait it may wait: the run may be in a hurry.
    """

    accepts_delay = True

    def __init__(
        self,
        command: str,
        warn: Callable[[str], None],
        name: str,
        time_left_s: Callable[[float], float] = lambda most_s: most_s,
    ) -> None:
        self._command = command
        self._name = name
        self._warn = warn
        self._time_left_s = time_left_s
        self._waiting: SimpleQueue[tuple[str, dict[str, str]] | None] = SimpleQueue()
        self._process: subprocess.Popen[str] | None = None  # the thread starts it, `close` may stop it
        self._stopped = False
        self._cut = False  # the command was stopped before its end
        self._not_run = 0  # sentences that the command did not get
        # Python before 3.13 takes a thread for ended when Ctrl-C interrupts its `join`.
        self._ended = Flag()
        Thread(target=self._run, name="command", daemon=True).start()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Queue the command for a final that has text."""
        if isinstance(event, Final) and event.text.strip() and transcript.latest is not None:
            about = {"SENTENCE": transcript.latest.number, "BEGIN_MS": event.begin_ms, "END_MS": event.end_ms}
            texts = {"TRANSLATION": translated(event), "TRANSLATED_INTO": event.translated_into}
            texts |= {"SPEAKER": event.speaker}
            fields = about | {name: _encodable(text) for name, text in texts.items() if text}
            self._waiting.put((spoken_text(event), {f"ASR_{name}": str(value) for name, value in fields.items()}))

    def close(self) -> None:
        """Wait for the commands that are left, ten seconds at most; then stop the one that runs, and say so.

        Raises:
            CommandNotRun: not all sentences got their command. One that answers with an error got its sentence.
        """
        self._waiting.put(None)
        began = monotonic()
        try:
            self._ended.wait(self._time_left_s(CLOSE_TIMEOUT_S))
        finally:  # also when a second Ctrl-C ends the wait
            if not self._ended.is_set():
                self._stop(monotonic() - began)
        if self._not_run:
            missed = quantity(self._not_run, "sentence")
            raise CommandNotRun(self._name, f"{missed} did not get the command: see the warning above")

    def _stop(self, waited_s: float) -> None:
        # A command that went on would keep our standard error open, and so the pipeline that we are in from ending.
        self._stopped = True
        for kill in (False, True):
            if self._process is not None and self._process.poll() is None:
                self._cut = True
                _signal(self._process, kill=kill)
            if self._ended.wait(STOP_TIMEOUT_S):
                break
        problems: list[str] = []
        if self._cut or not self._ended.is_set():
            self._not_run += 1
            problems.append(f"stopped the command, which had not ended {waited_s:.0f} s after the last sentence")
        left = self._waiting.qsize() - 1  # without the None of `close`, which is gone where all commands had ended
        if left > 0:
            self._not_run += left
            problems.append(f"{quantity(left, 'later sentence')} did not get the command")
        if problems:
            self._warn("; ".join(problems))

    def _run(self) -> None:
        try:
            self._run_commands()
        finally:
            self._ended.set()

    def _run_commands(self) -> None:
        sentences = failures = 0
        while not self._stopped and (item := self._waiting.get()) is not None:
            problem = self._problem(*item)
            sentences += 1
            if problem and not self._stopped:
                failures += 1
                if failures == 1:
                    self._warn(problem)
        if failures > self._not_run and sentences > 1:  # `close` counts those that it did not get
            self._warn(f"the command failed for {failures} of {sentences} sentences")

    def _problem(self, text: str, about: dict[str, str]) -> str:
        """Run the command for one sentence. Return what went wrong; an empty string if nothing did."""
        environment = without_key(os.environ) | about
        try:
            with self._started(environment) as process:
                self._process = process
                if self._stopped:  # between the two lines above, `close` saw no command to stop
                    self._cut = True
                    _signal(process, kill=True)
                process.communicate(text + "\n")
        except OSError as exc:
            self._not_run += 1
            return f"the command could not be started: {system_reason(exc).lower()}"
        except Exception as exc:  # one sentence must not stop the commands of those after it
            self._not_run += 1
            return f"the command could not be run: {exc}"
        if why := NOT_RUN.get(process.returncode):
            self._not_run += not self._stopped
            return f"the command failed with exit code {process.returncode}: {why}"
        if process.returncode < 0:
            return f"the command was ended by signal {-process.returncode}"
        if process.returncode:
            return f"the command failed with exit code {process.returncode}"
        return ""

    def _started(self, environment: dict[str, str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S602  the user wrote it, for a shell
            self._command,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=_standard_error(),
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            **own_group(),
        )


def own_group(system: str = sys.platform) -> dict[str, Any]:
    """What starts a process in a group of its own: Ctrl-C ends the input, not the command of the last sentence."""
    if system == "win32":
        return apart_from_terminal(system)
    return {"process_group": 0}


def _signal(process: "subprocess.Popen[str]", *, kill: bool) -> None:
    """Ask the command and all that it has started to end, or kill them."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)


def _standard_error() -> int:
    """Return the descriptor for what a command prints: standard output is for the transcript only."""
    try:
        if sys.stderr is not None:
            return sys.stderr.fileno()
    except (OSError, ValueError):  # standard error is closed, or is not a file
        pass
    return subprocess.DEVNULL


def _encodable(text: str) -> str:
    """Return text that an environment can hold: JSON may contain lone surrogates and NUL characters."""
    return harmless(text).encode("utf-8", "replace").decode("utf-8")
