"""What the shell offers for the names of devices and sessions. Errors are silent: nothing is offered then."""

import os
import re

import typer

DEVICES_S = 3.0  # how long somebody waits who has pressed the key for it


def device_names() -> list[str]:
    """The names of the microphones here, and of what this machine plays."""
    from asrcli.cli.builders.microphones import known_names

    return [_as_word(name) for name in dict.fromkeys(known_names(DEVICES_S))]


def session_ids(ctx: typer.Context) -> list[str]:
    """The IDs of the sessions, the newest first; for a command that takes several also those in the library.

    What asr sessions imports are files, which the shell completes.
    """
    if ctx.params.get("action") == "import":
        return []
    from asrcli.cli.builders.sessions.session_catalogue import known_ids

    given = list(ctx.params.get("ids") or ())
    return known_ids(ctx.params.get("journal"), given, in_library="ids" in ctx.params)


def _as_word(name: str) -> str:
    """The name as one word for Bash, which quotes nothing that is offered; the other shells do."""
    if os.environ.get("_ASR_COMPLETE") != "complete_bash":
        return name
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", name)
