"""The question before something that cannot be undone."""

import sys
from collections.abc import Callable

import pytest

from asrcli.cli.options.confirmation import confirm, is_confirmed


class InterruptedTerminal:
    """A terminal at which Ctrl-C is pressed instead of an answer."""

    def isatty(self) -> bool:
        """It is a terminal."""
        return True

    def fileno(self) -> int:
        """It has no descriptor: no pressed keys wait there."""
        raise OSError

    def readline(self) -> str:
        """Ctrl-C comes instead of a line."""
        raise KeyboardInterrupt


def ask(question: str) -> None:
    """Ask with `confirm`, which passes Ctrl-C on."""
    with pytest.raises(KeyboardInterrupt):
        confirm(question, yes=False)


def ask_for_library(question: str) -> None:
    """Ask with `is_confirmed`, for which Ctrl-C is a no."""
    assert not is_confirmed(question)


@pytest.mark.parametrize("asking", [ask, ask_for_library])
def test_what_follows_an_interrupted_question_begins_on_a_line_of_its_own(
    asking: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also the line that says how to go on, which comes after Ctrl-C."""
    monkeypatch.setattr(sys, "stdin", InterruptedTerminal())
    asking("write to talk.srt")
    assert capsys.readouterr().err == "asr: write to talk.srt? [y/N] \n"
