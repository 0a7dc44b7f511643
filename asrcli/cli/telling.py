"""Lines on standard error."""

import contextlib

import typer

from asrcli.outputs.text import harmless


def tell(line: str) -> None:
    """A line for a person; nobody there to read it is no reason to stop."""
    with contextlib.suppress(OSError):
        typer.echo(harmless(line), err=True)
