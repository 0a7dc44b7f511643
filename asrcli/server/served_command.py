"""A command that finds the server in its environment, and with which the server ends."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from asrcli.core.errors import UsageError, system_reason
from asrcli.core.settings import KEY_VARIABLE, without_key
from asrcli.protocol.registry import INFERENCE_PATH

ADDRESS_VARIABLE = "ASR_SERVE_URL"
KEY_FILE_VARIABLE = "DASHSCOPE_API_KEY_FILE_PATH"
NO_KEY = "sk-local"  # the official SDK sends nothing without a key; a server without keys lets every one in
KILL_AFTER_S = 10.0


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

    Ctrl-C in a terminal reaches the command by itself. When `stopped` is set, the command gets SIGTERM, and is killed
    after ten seconds; when this is cancelled, it is killed at once.

    Raises:
        UsageError: it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(*words, env=environment)
    except (OSError, ValueError) as exc:
        raise UsageError(f"{words[0]} cannot be started: {system_reason(exc).lower()}") from exc
    asking = asyncio.ensure_future(_end(process, stopped))
    try:
        code = await process.wait()
    finally:
        asking.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code < 0:
        return 128 - code
    return code


async def _end(process: asyncio.subprocess.Process, stopped: asyncio.Event) -> None:
    await stopped.wait()
    process.terminate()
    await asyncio.sleep(KILL_AFTER_S)
    process.kill()
