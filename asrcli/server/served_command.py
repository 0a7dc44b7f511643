"""A command that finds the server in its environment, and with which the server ends."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from asrcli.core.errors import UsageError, system_reason
from asrcli.core.settings import KEY_VARIABLE, without_key
from asrcli.protocol.registry import INFERENCE_PATH
from asrcli.server.process_tree import ProcessTree

ADDRESS_VARIABLE = "ASR_SERVE_URL"
KEY_FILE_VARIABLE = "DASHSCOPE_API_KEY_FILE_PATH"
NO_KEY = "sk-local"  # the official SDK sends nothing without a key; a server without keys lets every one in
KILL_AFTER_S = 10.0
KILLED_WITHIN_S = 5.0  # the system takes a moment; one that waits for a dead disk never ends
LOOK_S = 0.1  # how often it is looked whether all has ended


def command_environment(
    environment: Mapping[str, str], address: str, key_file: Path | None, *, has_keys: bool
) -> dict[str, str]:
    """The environment in which clients of the service, such as the official SDK, use the server at this address.

    The key of the user is not in it: it is for the service. A server with a key from `key_file` gets that one.
    """
    found = {
        **without_key(environment),
        ADDRESS_VARIABLE: address,
        "DASHSCOPE_WEBSOCKET_BASE_URL": address + INFERENCE_PATH,
        "DASHSCOPE_HTTP_BASE_URL": f"{address.replace('ws', 'http', 1)}/api/v1",
    }
    if key_file is not None:
        found[KEY_FILE_VARIABLE] = str(key_file.absolute())
    elif not has_keys:
        found[KEY_VARIABLE] = NO_KEY
    return found


async def run_command(words: Sequence[str], environment: Mapping[str, str], stopped: asyncio.Event) -> int:
    """Run a command to its end, and return its exit code, for one that a signal has ended 128 and its number.

    Ctrl-C in a terminal reaches the command by itself. When `stopped` is set, the command and all that it has started
    get SIGTERM, and what is left of these is killed after ten seconds; when this is cancelled, they are killed at once.

    Raises:
        UsageError: it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(program(words[0]), *words[1:], env=environment)
    except (OSError, ValueError) as exc:
        raise UsageError(f"{words[0]} cannot be started: {system_reason(exc).lower()}") from exc
    tree = ProcessTree(process.pid)
    ending = asyncio.ensure_future(_end(process, tree, stopped))
    try:
        code = await process.wait()
        if stopped.is_set():
            await ending
    except BaseException:
        _kill(process, tree)
        await process.wait()
        raise
    finally:
        ending.cancel()
    if code < 0:
        return 128 - code
    return code


def program(word: str, system: str = sys.platform) -> str:
    """What to start for the first word of a command: Windows finds a program by its name alone, but no npm.cmd."""
    found = None
    if system == "win32":
        found = shutil.which(word)
    return found or word


async def _end(process: asyncio.subprocess.Process, tree: ProcessTree, stopped: asyncio.Event) -> None:
    """End the command and what it has started. The children of a shell, or of xvfb-run, would outlive it."""
    await stopped.wait()
    if process.returncode is not None:
        return
    if not tree.signal(signal.SIGTERM):
        process.terminate()
    await _ended(process, tree, KILL_AFTER_S)
    _kill(process, tree)
    await _ended(process, tree, KILLED_WITHIN_S)


async def _ended(process: asyncio.subprocess.Process, tree: ProcessTree, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while process.returncode is None or tree.alive():
                await asyncio.sleep(LOOK_S)


def _kill(process: asyncio.subprocess.Process, tree: ProcessTree) -> None:
    number = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows knows one way
    if not tree.signal(number) and process.returncode is None:
        process.kill()
