"""Lines on standard error."""

import contextlib

import typer

from asrcli.errors import without_secrets
from asrcli.outputs.text import harmless


def tell(line: str) -> None:
    """A line for a person, harmless and without secrets; nobody there to read it is no reason to stop."""
    with contextlib.suppress(OSError):
        typer.echo(harmless(without_secrets(line)), err=True)
