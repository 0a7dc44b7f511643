"""Settings give way to flags and to stronger settings that contradict them."""

from typing import Any

import pytest

from asrcli.config.contradictions import effective
from asrcli.config.layers import ENVIRONMENT, SDK, Setting

OPTIONS = {
    "local", "url", "region", "workspace", "format", "output", "output-dir", "raw", "timestamps", "wire", "translate",
    "chaos", "record", "show-sent",
}  # fmt: skip
SRT = {"format": ["srt"]}
# Flags, settings of a file, and the settings that are left.
CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"local": True, "region": "x", "proxy": "x", "ca": "x", "budget": 1, "api-key-file": "x"}, "local"),
    ({"url": "x"}, {"local": True, "engine": "x", "region": "x", "workspace": "w"}, "workspace"),
    ({"region": "x"}, {"url": "x", "local": True}, "local"),  # still local: audio never leaves by surprise
    ({"workspace": "x"}, {"url": "x"}, ""),
    ({"local": True}, {"url": "x", "engine": "x"}, "engine"),
    ({}, {"engine": "x"}, ""),
    ({"local": None}, {"local": True, "engine": "x", "region": "r"}, "region"),
    ({"no-journal": True}, {"journal": "x"}, ""),
    ({"journal": "x"}, {"no-journal": True}, ""),
    ({"verbose": 1}, {"quiet": True}, ""),
    ({"retries": 3}, {"reconnect": False}, ""),
    ({"reconnect": False}, {"retries": 3, "retry-for": 3, "retry-wait": 3}, "retry-wait"),
    ({}, {"reconnect": True, "retries": 3}, "reconnect retries"),
    ({"output-dir": "x"}, {"output": "x"}, ""),
    ({"passthrough": True}, {"gain": 3, "agc": True, "raw": True, "rate": 1}, ""),
    ({"test": True}, {"format": ["text"], "exec": "x", "save-audio": "x", "gain": 1}, "gain"),
    ({"wire": "none"}, {"region": "x", "local": True, "url": "x"}, "url"),
    ({"output": "a.srt"}, {"format": ["jsonl"], "timestamps": "clock", "max-line": 40}, "max-line"),
    ({"output": "a.txt"}, {"format": ["jsonl"], "timestamps": "clock"}, "timestamps"),
    ({"output": "a.talk"}, {"format": ["jsonl"], "partials": True}, "format partials"),
    (SRT, {"timestamps": "clock", "template": "x", "partials": True, "max-lines": 1}, "max-lines"),
    ({"format": ["text", "vtt"]}, {"timestamps": "clock", "max-lines": 1}, "timestamps max-lines"),
    ({"timestamps": "clock"}, {"template": "x"}, ""),
    ({}, {"append": True, "rate": 8000, "translation-only": True}, ""),
    ({}, {"append": True, "output": "x", "raw": True, "rate": 8000}, "append output raw rate"),
    ({"output": "a.srt"}, {"append": True}, ""),
    ({"output": "a.jsonl"}, {"append": True}, "append"),
    ({"output": "a", "format": ["text", "srt"]}, {"append": True}, ""),
    ({"output": "a.txt"}, {"append": True, "format": ["srt"]}, "append"),
    ({}, {"embed-audio": True, "record-audio": True, "no-audio": True}, ""),
    ({"format": ["html"]}, {"embed-audio": True}, "embed-audio"),
    ({"record": "a.asrz", "show-sent": True}, {"record-audio": True, "no-audio": True}, "record-audio no-audio"),
    ({"chaos": 1}, {"faults": "x", "chaos-waits": True}, "chaos-waits"),
]


def format_of(path: str) -> str:
    """The suffix, where it is a format."""
    suffix = path.rpartition(".")[2]
    return suffix if suffix in {"srt", "jsonl"} else "text"


@pytest.mark.parametrize(("flags", "values", "left"), CASES)
def test_a_setting_of_another_day_gives_way(flags: dict[str, Any], values: dict[str, Any], left: str) -> None:
    """What is left has an effect; the rest says what it gives way to."""
    settings = {option: Setting(value, "f:1", 5) for option, value in values.items()}
    found = effective(settings, flags, OPTIONS, format_of)
    assert list(found.settings) == left.split()
    assert found.settings.keys() | found.void.keys() == found.all.keys() == settings.keys() - flags.keys()
    assert all(found.void.values())


def test_two_settings_of_one_table_are_a_contradiction_that_stays() -> None:
    """The command then says so; of two tables the stronger one holds."""
    one = {"local": Setting(True, "f:1", 5), "url": Setting("x", "f:2", 5)}
    assert effective(one, {}, OPTIONS, format_of).void == {}
    one["url"] = Setting("x", "f [profile.p]", 6)
    assert effective(one, {}, OPTIONS, format_of).void == {"local": "url"}


def test_a_command_without_the_other_option_keeps_its_own() -> None:
    """There is --engine without --local at asr serve."""
    found = effective({"engine": Setting("x", "f:1", 5)}, {}, {"engine"}, format_of)
    assert list(found.settings) == ["engine"]


def test_variables_of_the_sdk_beat_the_service_in_a_file_but_not_local() -> None:
    """They never spoke against --local."""
    settings = {
        "url": Setting("x", "DASHSCOPE_BASE_URL", SDK, is_text=True, is_ours=False),
        "region": Setting("x", "f:1", 5),
        "workspace": Setting("x", "f:2", 5),
        "local": Setting(True, "f:3", 5),
    }
    del settings["local"]
    assert effective(settings, {}, OPTIONS, format_of).void == {"region": "url", "workspace": "url"}
    settings["local"] = Setting(True, "f:3", 5)
    assert list(effective(settings, {}, OPTIONS, format_of).settings) == ["url", "local"]
    settings["url"] = Setting("x", "ASR_OPT_URL", ENVIRONMENT, is_text=True)
    assert list(effective(settings, {}, OPTIONS, format_of).settings) == ["url", "workspace"]
