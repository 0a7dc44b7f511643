"""The real command with a model that answers prompts, against the real server: what it says, and what it heard."""

import json
from pathlib import Path

import pytest

from tests.support.clip import SENTENCES, two_sentences
from tests.support.command import asr, lines, serving, word_errors
from tests.support.tone import tone, wav

MODEL = "qwen3.5-omni-flash-realtime"


@pytest.mark.slow
@pytest.mark.parametrize("vad", ["--vad", "--no-vad"])
def test_without_a_prompt_it_writes_down_what_is_said(embedded: str, vad: str, tmp_path: Path) -> None:
    """A sentence each, every second accounted for, tokens counted and priced."""
    beijing = ("--region", "cn-beijing")
    done = asr(
        "file",
        two_sentences(tmp_path),
        "--url",
        embedded,
        *beijing,
        "--model",
        MODEL,
        vad,
        "--pace",
        "max",
        "-f",
        "jsonl",
    )
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    finals = [event for event in events if event["type"] == "final"]
    assert len(finals) == 2
    assert word_errors(" ".join(SENTENCES), " ".join(final["text"] for final in finals)) <= 0.15
    assert all(final["begin_ms"] < final["end_ms"] for final in finals)
    end = events[-1]
    assert (end["lost_ms"], end["billed_s"]) == (0, None)
    assert end["input_tokens"] > 0
    least, most = ((end["output_tokens"] * 20 + end["input_tokens"] * each) / 1e6 for each in (3.3, 27))
    assert least < end["cost"] < most  # a part of the input is text, which is cheaper
    assert "it may describe noise as if it were speech" in done.stderr


def test_an_answer_stands_beside_what_was_heard(tmp_path: Path) -> None:
    """The answer is the text; the side transcript is told apart from it, in every place."""
    script, answers = tmp_path / "script.jsonl", tmp_path / "answers.jsonl"
    script.write_text(json.dumps({"begin_ms": 0, "end_ms": 900, "text": "good morning"}) + "\n")
    answers.write_text(json.dumps({"text": "good morning", "answer": "A greeting."}) + "\n")
    clip = wav(tmp_path / "clip.wav", tone(1000))
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("What is this?\n")
    asked = ("--model", MODEL, "--prompt", f"@{prompt}", "--side-transcript", "--pace", "max")
    with serving("--engine", "scripted", "--script", script, "--answers", answers) as (address, _):
        told = asr("file", clip, "--url", address, *asked, "-f", "jsonl")
        text = asr("file", clip, "--url", address, *asked)
    assert told.returncode == 0, told.stderr
    (final,) = [event for event in lines(told.stdout) if event["type"] == "final"]
    assert (final["text"], final["heard"]) == ("A greeting.", "good morning")
    assert text.stdout == "A greeting.\n  heard: good morning\n"
