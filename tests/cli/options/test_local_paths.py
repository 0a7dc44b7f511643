"""Addresses of stores and servers where a command takes files of this machine only."""

from pathlib import Path

import pytest

from asrcli.cli.app import load_command
from asrcli.core.errors import UsageError


@pytest.mark.parametrize(
    ("command", "arguments", "named"),
    [
        ("eval", ["https://me:secret@host/a.txt?key=1", "b.txt"], "TRANSCRIPT https://host/a.txt"),
        ("eval", ["a.txt", "s3://store/refs"], "REFERENCE s3://store/refs"),
        ("batch", ["a.wav", "--out", "o", "--ref", "s3://store/refs"], "--ref s3://store/refs"),
        ("file", ["a.wav", "-o", "oss://store/a.srt"], "--output oss://store/a.srt"),
        ("file", ["a.wav", "--journal", "file:///tmp/a"], "--journal file:///tmp/a"),
        ("mic", ["--save-audio", "s3://store/a.wav"], "--save-audio s3://store/a.wav"),
    ],
)
def test_an_address_is_refused_where_a_path_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, arguments: list[str], named: str
) -> None:
    """It is named without secrets, and no folder called s3: appears."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as raised:
        load_command(command).make_context(command, arguments)
    assert str(raised.value).startswith(f"{named} is an address")
    assert list(tmp_path.iterdir()) == []


def test_inputs_and_a_folder_that_may_be_in_a_store_are_taken() -> None:
    """`asr batch` has addresses for both, and `asr file` for inputs."""
    load_command("batch").make_context("batch", ["https://host/a.wav", "--out", "s3://store/out"])
    load_command("file").make_context("file", ["https://host/a.wav", "-o", "a.txt"])
