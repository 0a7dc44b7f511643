"""What the shell offers for the names of devices and sessions. Errors are silent: nothing is offered then."""

import os
import re
from contextlib import suppress

import typer

from asrcli.core.errors import AsrError

DEVICES_S = 3.0  # how long somebody waits who has pressed the key for it


def device_names() -> list[str]:
    """The names of the microphones here, and of what this machine plays."""
    from asrcli.cli.builders.microphones import quiet_libraries
    from asrcli.sources.backends.device_names import MIC, MONITOR
    from asrcli.sources.backends.registry import capture_backend, input_devices

    names = [MIC, MONITOR]
    with suppress(AsrError, OSError), quiet_libraries():
        names += [device.name for device in input_devices(capture_backend(), DEVICES_S)]
    return [_as_word(name) for name in dict.fromkeys(names)]


def session_ids(ctx: typer.Context) -> list[str]:
    """The IDs of the sessions, the newest first; for a command that takes several also those in the library."""
    from asrcli.cli.builders.journal_keeping import journal_directory
    from asrcli.cli.builders.library_keeping import transcript_library

    given = list(ctx.params.get("ids") or ())
    names = {path.name for path in journal_directory(ctx.params.get("journal")).paths()}
    if "ids" in ctx.params:
        with suppress(AsrError):
            names |= {session.id for session in transcript_library().sessions()}
    return [name for name in sorted(names, reverse=True) if name not in given]


def _as_word(name: str) -> str:
    """The name as one word for Bash, which quotes nothing that is offered; the other shells do."""
    if os.environ.get("_ASR_COMPLETE") != "complete_bash":
        return name
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", name)
