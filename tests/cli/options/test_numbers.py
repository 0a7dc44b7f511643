"""Options that are numbers: none takes what is no number, because a limit that is none limits nothing."""

import pytest
import typer

from asrcli.cli.app import COMMANDS, load_command
from tests.support.command import asr


def numeric_options() -> list[tuple[str, str]]:
    """Each command with each of its options that takes a number with a fraction."""
    return [
        (command, option.opts[0])
        for command in COMMANDS
        for option in load_command(command).params
        if str(option.type.name).startswith("float")
    ]


OPTIONS = numeric_options()


def test_the_options_are_found() -> None:
    """Those of which it is known that a fraction makes sense."""
    assert {("mic", "--retry-for"), ("eval", "--max-wer"), ("serve", "--drain")} <= set(OPTIONS)


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_what_is_no_number_is_refused_by_each(command: str, option: str) -> None:
    """By the parser, before anything is read or sent; so is what no amount and no time is as large as."""
    loaded = load_command(command)
    (found,) = [each for each in loaded.params if option in each.opts]
    for value in ("nan", "inf", "-inf", "1e308"):
        if (option, value) != ("--budget", "1e308"):
            with pytest.raises(typer.BadParameter, match="is not"):
                found.process_value(typer.Context(loaded), value)


def test_a_number_out_of_range_is_one_line_with_the_range() -> None:
    """That of the option, not that of all options."""
    done = asr("mic", "--gain", "nan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("asr: Invalid value for '--gain': nan is not a number from -60 to 60; see ")
