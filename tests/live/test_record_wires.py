"""Records of the wires and models beside the ordinary ones: they play as they were, over a lost connection too."""

from pathlib import Path
from typing import Any

import pytest

from tests.live.test_translation import GUMMY, engine
from tests.support.command import asr, lines, serving
from tests.support.other_servers import Received, funasr, spoken, vllm
from tests.support.other_servers import serving as standing_in
from tests.support.tone import tone, wav


def check(folder: Path, *run: object) -> list[dict[str, Any]]:
    """Run with a record, play it, and compare all finals and the account; the finals."""
    record = folder / "talk.asrz"
    done = asr("file", *run, "-f", "jsonl", "--no-journal", "--record", record)
    assert done.returncode == 0, done.stderr
    played = asr("replay", record, "--speed", "max", "-f", "jsonl")
    assert played.returncode == 0, played.stderr
    events, again = lines(done.stdout), lines(played.stdout)
    finals = [event for event in events if event["type"] == "final"]
    assert [event for event in again if event["type"] == "final"] == finals
    assert again[-1] == events[-1]
    return finals


@pytest.mark.parametrize(
    "model",
    [
        ["--wire", "openai", "--model", "m"],
        ["--wire", "openai", "--model", "m", "--no-vad"],
        ["--model", "qwen3.5-omni-flash-realtime", "--region", "cn-beijing"],
        list(GUMMY),
    ],
    ids=["openai", "openai in manual mode", "omni", "translation"],
)
def test_a_record_of_our_own_server_plays_as_it_was(tmp_path: Path, model: list[str]) -> None:
    """With the translation, where there is one."""
    with serving(*engine(tmp_path)) as (address, _):
        path = "/v1/realtime" if "openai" in model else ""
        sound = wav(tmp_path / "a.wav", tone(2000))
        finals = check(tmp_path, sound, "--url", address + path, "--pace", "max", *model)
    assert finals
    assert [final.get("translation") for final in finals] == ["早上好", "你好吗"] if "--translate" in model else True


@pytest.mark.parametrize("cut_after_s", [None, 2.5])
def test_a_record_of_vllm_plays_as_it_was(tmp_path: Path, cut_after_s: float | None) -> None:
    """Also over two connections."""
    talk = wav(tmp_path / "talk.wav", spoken(1, 0, 2, 3, 0, 0, 4))
    with standing_in(vllm, Received(cut_after_s)) as address:
        run = [talk, "--url", address, "--wire", "vllm", "--model", "voxtral", "--pace", "max", "--retry-wait", "0.1"]
        finals = check(tmp_path, *run)
    assert " ".join(final["text"] for final in finals) == "one two three four"


def test_a_record_of_funasr_plays_as_it_was(tmp_path: Path) -> None:
    """Its sentences have no times of their own."""
    talk = wav(tmp_path / "talk.wav", spoken(1, 2, 0, 3))
    with standing_in(funasr, Received()) as address:
        finals = check(tmp_path, talk, "--url", address, "--wire", "funasr", "--model", "m", "--pace", "4")
    assert [final["text"] for final in finals] == ["One two", "Three"]
