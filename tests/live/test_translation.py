"""The real command with a model that translates: both texts to the end, over a lost connection too."""

from pathlib import Path

import pytest

from tests.live.translating import GUMMY, engine, written
from tests.support.command import asr, lines, serving
from tests.support.counted import counted, covered
from tests.support.tone import tone, wav

BOTH = [("good morning", "早上好"), ("how are you", "你好吗")]


def test_both_texts_reach_every_file(tmp_path: Path) -> None:
    """In one run; the translation of the script counts, else that of the answers."""
    file = wav(tmp_path / "a.wav", tone(2000))
    formats = ("-f", "jsonl", "-f", "srt", "-f", "lrc", "-f", "tsv", "-f", "text", "--partials")
    with serving(*engine(tmp_path)) as (address, _):
        done = asr("file", file, "--url", address, "--pace", "max", *GUMMY, *formats, "-o", tmp_path / "talk")
        alone = asr("file", file, "--url", address, "--pace", "max", *GUMMY, "--translation-only", "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    told = lines((tmp_path / "talk.jsonl").read_text("utf-8"))
    finals = [event for event in told if event["type"] == "final"]
    assert [(event["text"], event["translation"]) for event in finals] == BOTH
    assert {event["translated_into"] for event in told if event["type"] in {"partial", "final"}} == {"zh"}
    assert (tmp_path / "talk.srt").read_text("utf-8").split("\n\n")[0].endswith("good morning\n早上好")
    assert (tmp_path / "talk.lrc").read_text("utf-8").splitlines()[:2] == ["[00:00.00]good morning", "[00:00.00]早上好"]
    rows = [row.split("\t")[2:] for row in (tmp_path / "talk.tsv").read_text("utf-8").splitlines()]
    assert rows == [["text", "translation"], *map(list, BOTH)]
    assert (tmp_path / "talk.txt").read_text("utf-8").splitlines()[-2:] == ["how are you", "→ 你好吗"]
    heard = [event for event in lines(alone.stdout) if event["type"] == "final"]
    assert [(event["text"], event["language"]) for event in heard] == [(text, "zh") for _, text in BOTH]


@pytest.mark.parametrize("after_bytes", [16_000, 40_000, 64_000])
def test_a_lost_connection_costs_no_translation_and_doubles_none(tmp_path: Path, after_bytes: int) -> None:
    """What was cut off in the middle is translated again, what was final is not."""
    faults = written(tmp_path / "faults.jsonl", {"connection": 1, "after_bytes": after_bytes, "do": "cut"})
    file = wav(tmp_path / "a.wav", counted(30))
    with serving("--engine", "counting", "--faults", faults) as (address, _):
        done = asr("file", file, "--url", address, "--pace", "max", "--retry-wait", "0.1", *GUMMY, "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    told = lines(done.stdout)
    assert [event["type"] for event in told].count("reconnect") == 1
    assert covered(told, 30) == []
    finals = [event for event in told if event["type"] == "final"]
    assert [event["translation"] for event in finals] == [f"[zh] {event['text']}" for event in finals]
