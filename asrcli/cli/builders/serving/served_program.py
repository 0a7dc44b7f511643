"""The program that `asr serve COMMAND` runs beside the server: found before the server starts."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from asrcli.cli.render.suggestions import is_input
from asrcli.core.errors import UsageError
from asrcli.server.served_command import command_environment, run_command

PORT = 8090
FREE_PORT = 0


def port(given: int | None, command: Sequence[str] | None) -> int:
    """The port to listen at: beside a command a free one, so that tests can run side by side."""
    if given is not None:
        return given
    if command:
        return FREE_PORT
    return PORT


def served_program(
    command: Sequence[str] | None, key_file: Path | None, *, has_keys: bool
) -> Callable[[str, asyncio.Event], Awaitable[int]] | None:
    """What runs the command once the address of the server is known; None without a command.

    Raises:
        UsageError: there is no such program.
    """
    if not command:
        return None
    words = list(command)
    if shutil.which(words[0]) is None:
        hint = "name a program, and its arguments after it"
        if is_input(words[0]):
            hint = "asr file transcribes recordings"
        raise UsageError(f"there is no program {words[0]}", hint)
    return lambda address, stopped: run_command(
        words, command_environment(os.environ, address, key_file, has_keys=has_keys), stopped
    )
