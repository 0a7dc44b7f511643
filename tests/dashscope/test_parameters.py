"""The table of parameters: whole, in agreement with the settings, and all that a new option needs."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.parameters import PARAMETERS, ParameterKind, ServiceParameter
from asrcli.protocol.parameter_paths import read_parameters, write_parameters
from asrcli.protocol.registry import INFERENCE, OMNI, REALTIME, TRANSLATION, WIRES
from tests.support.command import environment
from tests.support.tone import tone, wav

VALUES: dict[ParameterKind, st.SearchStrategy[Any]] = {
    ParameterKind.SWITCH: st.none() | st.booleans(),
    ParameterKind.INTEGER: st.none() | st.integers(0, 10_000),
    ParameterKind.NUMBER: st.none() | st.floats(-2, 2),
    ParameterKind.TEXT: st.text(max_size=5),
    ParameterKind.TEXTS: st.lists(st.text(max_size=5), max_size=3).map(tuple),
    ParameterKind.WORDS: st.lists(st.text(max_size=5), max_size=3).map(tuple),
}
MADE_UP = {
    "loudness": 7, "warmth": 0.5, "polite": False, "accent": "north", "speakers": ["Ada", "Bob"],
    "jargon": ["ab", "cd"],
}  # fmt: skip
ON_WIRE = {
    "audio_loudness": 7, "warmth": 0.5, "be_polite": False, "accent": "north", "names": ["Ada", "Bob"],
    "jargon": ["ab", "cd"],
}  # fmt: skip


def made_up(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run `asr` with the made-up rows in its table."""
    command = [sys.executable, "-m", "tests.support.made_up_parameters", *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, encoding="utf-8", env=environment(COLUMNS="120"),
        timeout=60,
    )  # fmt: skip


def test_every_choice_of_the_settings_has_a_row_with_its_default() -> None:
    """And no two rows share a name or an option."""
    defaults = {each.name: each.default for each in fields(RecognitionSettings)}
    assert {row.name: row.default for row in PARAMETERS if row.name in defaults} == {
        name: default
        for name, default in defaults.items()
        if name not in {"model", "rate", "audio_format", "parameters"}
    }
    assert len({row.name for row in PARAMETERS}) == len({row.argument for row in PARAMETERS}) == len(PARAMETERS)
    methods = set(dir(RecognitionSettings)) - set(defaults)
    assert {row.name for row in PARAMETERS} & methods == set()


@pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row.name)
def test_no_two_parameters_share_a_place_in_a_message(row: ServiceParameter) -> None:
    """One would overwrite the other."""
    for wire, path in row.paths.items():
        others = [other.paths[wire] for other in PARAMETERS if other is not row and wire in other.paths]
        assert not any(f"{other}.".startswith(f"{path}.") for other in others)


@given(st.data(), st.sampled_from(sorted(WIRES)))
def test_what_is_written_is_read_again(data: st.DataObject, wire: str) -> None:
    """All values at once, on each wire."""
    rows = [row for row in PARAMETERS if wire in row.paths]
    values = {row.name: data.draw(VALUES[row.kind], row.name) for row in rows}
    settings = RecognitionSettings("m").with_values(values)
    assert read_parameters(write_parameters(settings, wire), wire) == values


def test_a_value_without_a_field_of_its_own_is_kept_by_its_name() -> None:
    """None and empty values are not kept."""
    settings = RecognitionSettings("m").with_values({"itn": False, "loudness": 7, "accent": "", "warmth": None})
    assert (settings.itn, settings.parameters) == (False, (("loudness", 7),))
    assert [settings.value(name) for name in ("itn", "loudness", "accent")] == [False, 7, None]
    assert settings.with_values({"loudness": None}) == RecognitionSettings("m", itn=False)


def test_a_new_row_is_an_option_in_the_message_of_each_wire_and_read_by_the_server(tmp_path: Path) -> None:
    """From the real command to a real server: nothing but the table was changed."""
    done = made_up("--heard", wav(tmp_path / "clip.wav", tone(1000)))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stderr.splitlines()[-1])
    assert {wire: entry["heard"] for wire, entry in found.items()} == dict.fromkeys(WIRES, MADE_UP)
    messages = {wire: entry["message"] for wire, entry in found.items()}
    assert messages[INFERENCE]["payload"]["parameters"]["audio"] == ON_WIRE
    translated = {f"translated_{name}": value for name, value in ON_WIRE.items()}
    assert translated.items() <= messages[TRANSLATION]["payload"]["parameters"].items()
    assert messages[REALTIME]["session"]["turn_detection"] == {"type": "server_vad", **ON_WIRE}
    assert messages[OMNI]["session"]["input_audio_transcription"]["deep"] == ON_WIRE


def test_a_new_row_is_in_the_help_and_in_the_list_of_each_model_that_takes_it() -> None:
    """With its unit and its help; other models do not list it."""
    help_ = made_up("file", "--help-all").stdout
    (line,) = [line.split() for line in help_.splitlines() if "--loudness" in line]
    assert line == ["--loudness", "DB", "How", "loud.", "From", "1", "to", "10."]
    models = json.loads(made_up("models", "--json").stdout)
    options = {"--loudness", "--warmth", "--polite/--no-polite", "--accent", "--speaker", "--jargon"}
    takers = {model["name"] for model in models if options <= set(model["options"])}
    assert {"fun-asr-realtime-2026-02-28", "gummy-chat-v1", "qwen3-asr-flash-realtime"} <= takers
    assert all(not options & set(model["options"]) for model in models if model["name"] not in takers)
    assert "fun-asr-realtime" not in takers


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--loudness", "11", "--model", "gummy-realtime-v1"], "--loudness 11: must be from 1 to 10; --force"),
        (["--accent", "east", "--model", "gummy-realtime-v1"], "--accent east: there are north and south; --force"),
        (["--accent", " "], "--accent is empty"),
        (["--no-polite"], "--polite/--no-polite has no effect on fun-asr-realtime; models that take it: fun-asr-fl"),
        (["--loudness", "3", "--local"], "--loudness has no effect on the embedded recognizer; leave it out"),
    ],
)
def test_a_new_row_is_checked(options: list[str], problem: str, tmp_path: Path) -> None:
    """Bounds, known values, empty texts, models that ignore it, and the embedded recognizer."""
    done = made_up("file", wav(tmp_path / "clip.wav", tone(100)), *options)
    assert (done.returncode, problem in done.stderr) == (2, True), done.stderr
