"""Values of settings, checked by the options that they are for."""

from typing import Any

import pytest

from asrcli.cli.app import load_command
from asrcli.cli.options.setting_values import option_value, written_value
from asrcli.config.layers import Setting
from asrcli.core.errors import UsageError

COMMANDS = {name: load_command(name) for name in ("mic", "file", "ws-raw")}


def value_of(option: str, value: Any, *, command: str = "file", is_text: bool = False) -> Any:
    """What the option gets for a value of TOML, or for the text of a variable."""
    program = COMMANDS[command]
    setting = Setting(value, "f:1", 5, is_text=is_text)
    return option_value(program.options[option], setting, program.context_class(program))


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("gain", 3, "3"),
        ("gain", "3", "3"),
        ("local", True, True),
        ("verbose", True, 1),
        ("verbose", 2, "2"),
        ("channel", 2, "2"),
        ("language", "zh", ["zh"]),
        ("language", ["zh", "en"], ["zh", "en"]),
        ("language", [], []),
        ("format", "srt", ["srt"]),
        ("log-file", "/a/~", "/a/~"),
    ],
)
def test_a_toml_value_is_read_as_its_option_takes_it(option: str, value: Any, expected: Any) -> None:
    """A switch takes a boolean, what may be repeated one value or a list, and a text also a number."""
    assert value_of(option, value) == expected


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("local", "yes", True),
        ("reconnect", "0", False),
        ("language", "zh\nen\n", ["zh", "en"]),
        ("language", ' ["zh", "en"] ', ["zh", "en"]),
        ("hotwords", "a:5,b:4", ["a:5,b:4"]),
        ("gain", "-3", "-3"),
    ],
)
def test_a_variable_holds_several_values_one_a_line_or_as_a_toml_list(option: str, text: str, expected: Any) -> None:
    """Several values stand one a line, or as a list of TOML."""
    assert value_of(option, text, is_text=True) == expected


def test_the_home_stands_for_its_sign_in_paths_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell does that for a flag."""
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("USERPROFILE", "/home/ann")
    assert value_of("output", "~/talk.srt") == "/home/ann/talk.srt"
    assert value_of("template", "~ {text}") == "~ {text}"


MISTAKES: list[tuple[str, Any, str]] = [
    ("local", 1, "f:1: local: must be true or false, not 1"),
    ("local", "true", "f:1: local: must be true or false, not 'true'"),
    ("model", ["x"], "f:1: model: must be one value, not a list"),
    ("model", {}, "f:1: model: text in quotes belongs here, not a table"),
    ("model", True, "f:1: model: text in quotes belongs here, not true"),
    ("gain", True, "f:1: gain: a number belongs here, not true"),
    ("language", ["zh", ["en"]], "f:1: language: text in quotes belongs here, not a list"),
    ("start", object(), "f:1: start: text in quotes belongs here, not a date or time: put quotes around it"),
    ("gain", 99, "f:1: gain: 99.0 is not from -60 to 60"),
    ("retries", 2.5, "f:1: retries: '2.5' is not a whole number"),
    ("format", ["srt", "doc"], "f:1: format: 'doc' is not one of"),
    ("retry-wait", float("nan"), "f:1: retry-wait: "),
    ("pace", "fast", "f:1: pace fast: neither max nor a number"),
    ("channel", "middle", "f:1: channel middle: not mix, left, right"),
    ("start", "1:99", "f:1: start 1:99: not a time"),
    ("engine", "nonsense", "f:1: engine: "),
    ("region", "nowhere", "f:1: region: no region nowhere; there are cn-beijing (Beijing), "),
    ("vad-model", "x", "f:1: vad-model: no vad-model x; there are far_field"),
    ("silence-ms", 1, "f:1: silence-ms: 1 is not from 200 to 6000"),
]


@pytest.mark.parametrize(("option", "value", "problem"), MISTAKES)
def test_a_value_that_the_option_does_not_take(option: str, value: Any, problem: str) -> None:
    """The place, the option, and what belongs there."""
    with pytest.raises(UsageError) as caught:
        value_of(option, value)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("option", "text", "problem"),
    [
        ("local", "maybe", "f:1: local: must be true or false, not 'maybe'"),
        ("language", "[zh]", 'f:1: language: not a list; write it as ["one", "two"], or one a line'),
        ("language", "[" * 9000, "f:1: language: not a list; "),
    ],
)
def test_a_text_of_a_variable_that_the_option_does_not_take(option: str, text: str, problem: str) -> None:
    """As above."""
    with pytest.raises(UsageError) as caught:
        value_of(option, text, is_text=True)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("option", "texts", "expected"),
    [
        ("gain", ["-6"], -6), ("gain", ["2.5"], 2.5), ("gain", ["loud"], "loud"), ("local", ["on"], True),
        ("language", ["zh"], "zh"), ("language", ["zh", "en"], ["zh", "en"]), ("verbose", ["2"], 2),
        ("track", ["1"], "1"),
    ],
)  # fmt: skip
def test_what_is_written_has_its_type_in_toml(option: str, texts: list[str], expected: Any) -> None:
    """From words of a command line."""
    written = written_value(COMMANDS["file"].options[option], texts)
    assert (written, type(written)) == (expected, type(expected))


def test_several_words_for_one_value() -> None:
    """As when quotes are forgotten."""
    with pytest.raises(UsageError, match=r"^prompt takes one value, not 2; put quotes around text with spaces$"):
        written_value(COMMANDS["file"].options["prompt"], ["write", "down"])
