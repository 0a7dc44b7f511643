"""Groups of options: what Typer sees of them, and what a command gets."""

import inspect
from dataclasses import dataclass
from typing import Annotated, get_type_hints

import pytest
import typer

from asrcli.cli.options.groups import expand_option_groups
from asrcli.core.errors import UsageError

Loud = Annotated[bool, typer.Option("--loud")]


@dataclass(frozen=True)
class Manner:
    """Two options that belong together."""

    loud: Loud = False
    times: Annotated[int, typer.Option()] = 1

    def __post_init__(self) -> None:
        if self.times > 3:
            raise UsageError("--times: too often")


@expand_option_groups
def greet(name: str, *, manner: Manner, politely: bool = True) -> None:
    """Greet somebody."""
    SAID.append((name, manner, politely))


SAID: list[tuple[str, Manner, bool]] = []


def test_a_group_stands_for_its_fields_in_its_place() -> None:
    """In order, each with its own type and default; the help is the command's."""
    parameters = inspect.signature(greet).parameters
    assert list(parameters) == ["name", "loud", "times", "politely"]
    assert [parameters[name].default for name in ("loud", "times", "politely")] == [False, 1, True]
    assert get_type_hints(greet, include_extras=True)["loud"] == Loud
    assert (greet.__name__, greet.__doc__) == ("greet", "Greet somebody.")


def test_a_command_gets_the_group_as_one_value() -> None:
    """Made of what was given for its fields, and free to refuse it."""
    greet(name="Ada", loud=True, times=2, politely=False)
    assert [("Ada", Manner(True, 2), False)] == SAID
    with pytest.raises(UsageError, match="too often"):
        greet(name="Ada", loud=True, times=4, politely=False)
