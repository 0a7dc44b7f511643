"""Records of the wires and models beside the ordinary ones: they play as they were, over a lost connection too."""

from pathlib import Path
from typing import Any

from tests.live.translating import GUMMY, engine
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


def test_a_record_of_our_own_server_plays_as_it_was(tmp_path: Path) -> None:
    """The wire of OpenAI, a model that answers, and one that translates."""
    sound = wav(tmp_path / "a.wav", tone(2000))
    with serving(*engine(tmp_path)) as (address, _):
        run = [sound, "--pace", "max", "--url"]
        assert check(tmp_path, *run, f"{address}/v1/realtime", "--wire", "openai", "--model", "m")
        assert check(tmp_path, *run, address, "--model", "qwen3.5-omni-flash-realtime", "--region", "cn-beijing")
        finals = check(tmp_path, *run, address, *GUMMY)
    assert [final["translation"] for final in finals] == ["早上好", "你好吗"]


def test_a_record_of_vllm_plays_as_it_was(tmp_path: Path) -> None:
    """Over two connections."""
    talk = wav(tmp_path / "talk.wav", spoken(1, 0, 2, 3, 0, 0, 4))
    with standing_in(vllm, Received(2.5)) as address:
        run = [talk, "--url", address, "--wire", "vllm", "--model", "voxtral", "--pace", "4", "--retry-wait", "0.1"]
        finals = check(tmp_path, *run)
    assert " ".join(final["text"] for final in finals) == "one two three four"


def test_a_record_of_funasr_plays_as_it_was(tmp_path: Path) -> None:
    """Its sentences have no times of their own."""
    talk = wav(tmp_path / "talk.wav", spoken(1, 2, 0, 3))
    with standing_in(funasr, Received()) as address:
        finals = check(tmp_path, talk, "--url", address, "--wire", "funasr", "--model", "m", "--pace", "4")
    assert [final["text"] for final in finals] == ["One two", "Three"]
