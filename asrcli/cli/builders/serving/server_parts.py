"""From the options of `asr serve` to the parts of the server: its recognizer, record, faults and scripted answers."""

import logging
import random
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from asrcli.cli.builders.text_files import read_text_file
from asrcli.cli.builders.wire_records import open_record
from asrcli.cli.console import print_message
from asrcli.cli.options.serving import SecondPass
from asrcli.core.errors import UsageError
from asrcli.recognizers import factory, registry
from asrcli.recognizers.interface import Recognizer
from asrcli.recognizers.scripted_answers import ScriptedAnswers, parse_answers
from asrcli.server.api_keys import ApiKeys
from asrcli.server.auth import AccessControl
from asrcli.server.faults.random_faults import RandomFaults
from asrcli.server.faults.script import FaultPlan, parse_script
from asrcli.server.key_processes.all_processes import KeyProcesses
from asrcli.server.key_processes.messages import ServerPlan
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import ApplyLists
from asrcli.server.recorded_conversation import RecordedServer


def recorded(stack: ExitStack, replay: Path | None, others: list[str]) -> RecordedServer | None:
    """The record that answers every client, which the stack closes; None without one. `others` contradict it.

    Raises:
        UsageError: there are others.
        SourceError: the file is no record.
    """
    if replay is None:
        return None
    if others:
        raise UsageError(f"--replay with {' and '.join(others)}: the record holds every answer")
    return stack.enter_context(open_record(replay, RecordedServer))


def introduce(info: registry.RecognizerInfo, *, preferred: bool) -> None:
    """Print what the recognizer is; where nobody chose it, how to get a better one."""
    lines = [info.summary]
    if preferred:
        lines.append(registry.advice_on_better(info))
    for line in filter(None, lines):
        print_message(f"asr: {line}")


class RecognizerChoice(NamedTuple):
    """What was chosen of recognizers.

    Attributes:
        info: The recognizer.
        options: Its options.
        workers: See `factory.make`.
    """

    info: registry.RecognizerInfo
    options: registry.RecognizerOptions
    workers: int | None

    def make(self) -> Recognizer:
        """Return the recognizer.

        Raises:
            EngineUnavailable: it is not installed.
        """
        return factory.make(*self)


def chosen_recognizer(
    engine: str | None, script: Path | None, second_pass: SecondPass, workers: int | None = None
) -> RecognizerChoice:
    """The recognizer of that name, or the first that is ready; with a script the one that plays it.

    Raises:
        UsageError: there is none, an option has no effect on it, or the script cannot be read.
    """
    info = factory.find(engine)
    if "second_pass" not in info.options and second_pass is not SecondPass.AUTO:
        names = " or ".join(registry.names_with_option("second_pass"))
        problem = f"--engine {info.name} with --local-two-pass: only {names} decodes twice"
        raise UsageError(problem, f"add --engine {names}" if engine is None else "")
    if workers is not None and info.runs_in is not registry.RunsIn.WORKERS:
        raise UsageError(f"--workers with --engine {info.name}: that engine runs without worker processes")
    if script is None:
        return RecognizerChoice(info, registry.RecognizerOptions(second_pass.value), workers)
    if "script" not in info.options:
        names = " or ".join(registry.names_with_option("script"))
        raise UsageError(f"--script without --engine {names}: only that engine replays one")
    lines = tuple(_lines("--script", script))
    options = registry.RecognizerOptions(second_pass.value, lines, f"--script {script}")
    return RecognizerChoice(info, options, workers)


def key_processes(
    chosen: RecognizerChoice,
    keys: ApiKeys | None,
    limits: ServerLimits,
    scripted_answers: ScriptedAnswers | None,
    in_one_process: Mapping[str, object],
    warn: Callable[[str], None],
) -> Callable[[AccessControl, ApplyLists], KeyProcesses] | None:
    """Return what makes the processes for keys that have places reserved for them; None if there can be none.

    Only an open connection can be handed over: one with TLS cannot, whose state is in this process; nor can one on
    Windows.

    Args:
        chosen: The recognizer that each of them has.
        keys: The keys of the server; None if it has none.
        limits: The limits of each.
        scripted_answers: The answers that each gives.
        in_one_process: The options with which all connections stay in one process, and their values; None if an
            option was not given.
        warn: Called with a message if a key has reserved places, and gets no process.
    """
    if keys is None:
        return None
    reasons = [option for option, value in in_one_process.items() if value is not None]
    if not hasattr(socket, "send_fds"):
        reasons.append("this system")
    if reasons:
        if any(key.reserved is not None for key in keys.permanent):
            warn(f"asr: with {' and '.join(reasons)} keys with reserved places have no process of their own")
        return None
    level = logging.getLogger("asrcli").getEffectiveLevel()
    plan = ServerPlan(chosen.info.name, chosen.options, chosen.workers, limits, scripted_answers, level)
    return partial(KeyProcesses, plan, keys)


def faults(script: Path | None, seed: int | None, *, waiting: bool) -> FaultPlan | None:
    """The faults that the server makes, from a file or by chance with a seed; None without both.

    Raises:
        UsageError: options that contradict each other, or a file that cannot be read.
    """
    if waiting and seed is None:
        raise UsageError("--chaos-waits without --chaos: it says which random faults are chosen")
    if script is None:
        if seed is None:
            return None
        return RandomFaults(random.Random(seed), waiting=waiting)  # noqa: S311  the same seed, the same faults
    if seed is not None:
        raise UsageError("--faults with --chaos: faults come from a file or are random")
    return parse_script(_lines("--faults", script), f"--faults {script}")


def answers(path: Path | None) -> ScriptedAnswers | None:
    """What the server answers to a prompt, from a file; None without one.

    Raises:
        UsageError: the file cannot be read.
    """
    if path is None:
        return None
    return parse_answers(_lines("--answers", path), f"--answers {path}")


def _lines(option: str, path: Path) -> list[str]:
    # splitlines() would also split at characters that a JSON string may hold.
    return read_text_file(path, f"{option} {path}").split("\n")
