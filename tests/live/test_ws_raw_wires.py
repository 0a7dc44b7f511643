"""Which wire `asr ws-raw` speaks, against the local server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import asr, lines, serving
from tests.support.tone import wav


@pytest.fixture(scope="module")
def scripted() -> Iterator[str]:
    """A server with a sentence each second."""
    with serving("--engine", "scripted") as (address, _):
        yield address


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ([], "run-task"),
        (["--model", "paraformer-realtime-v2"], "run-task"),
        (["--model", "gummy-realtime-v1"], "run-task"),
        (["--model", "of-tomorrow"], "run-task"),
        (["--model", "qwen3-asr-flash-realtime"], "session.update"),
        (["--model", "qwen3-omni-flash-realtime"], "session.update"),
        (["--model", "qwen3-asr-flash-realtime", "--wire", "inference"], "run-task"),
        (["--model", "fun-asr-realtime", "--wire", "realtime"], "session.update"),
    ],
)
def test_the_messages_are_those_of_the_model_unless_a_wire_is_named(
    scripted: str, tmp_path: Path, options: list[str], first: str
) -> None:
    """The service knows a model at one address only."""
    talk = wav(tmp_path / "talk.wav", bytes(32_000))
    done = asr("ws-raw", talk, "--url", scripted, "--pace", "max", "--show-sent", "--no-audio", *options)
    sent = next(line["sent"] for line in lines(done.stdout) if "sent" in line)
    assert first in (sent.get("type"), sent.get("header", {}).get("action"))
