"""The option --yes, and the question at the terminal before something that cannot be undone."""

import sys
from typing import Annotated

import typer

from asrcli.cli.console import print_question
from asrcli.cli.options.panels import FLAG
from asrcli.core.errors import UsageError
from asrcli.terminal.keyboard import discard_pressed_keys

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.", metavar=FLAG)]


def confirm(question: str, *, yes: bool) -> None:
    """Ask, and return if the answer is yes.

    Raises:
        UsageError: the answer is no, or standard input is not a terminal.
    """
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"{question}: this needs an answer, and standard input is not a terminal", "add --yes")
    print_question(f"asr: {question}? [y/N]")
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        sys.stderr.write("\n")  # what follows begins on a line of its own
        raise
    if answer.strip().lower() not in {"y", "yes"}:
        raise UsageError("nothing was done")


def is_confirmed(question: str) -> bool:
    """Ask at the terminal, and return whether the answer is yes. Keys that were pressed before are no answer."""
    discard_pressed_keys()
    try:
        confirm(question, yes=False)
    except (UsageError, OSError, KeyboardInterrupt):
        return False
    return True
