"""What a run costs, as the real command tells it, and how it ends before it costs too much."""

import json
from pathlib import Path

import pytest

from tests.support.command import CLIP, asr
from tests.support.tone import tone, wav

BEIJING = ("--region", "cn-beijing")


def test_the_account_names_what_was_billed_and_what_that_costs(scripted: str) -> None:
    """By the price of the region that is named; nothing is made up for an address that nobody knows."""
    done = asr("file", CLIP, "--url", scripted, *BEIJING, "--pace", "max", "-f", "jsonl")
    assert done.returncode == 0
    end = json.loads(done.stdout.splitlines()[-1])
    assert (end["billed_s"], end["cost"]) == (19, 0.00627)
    assert "billed 19 s · 0.0063 CNY" in done.stderr
    unknown = asr("file", CLIP, "--url", scripted, "--pace", "max", "-f", "jsonl")
    assert json.loads(unknown.stdout.splitlines()[-1])["cost"] is None
    assert "CNY" not in unknown.stderr


def test_a_run_ends_in_order_before_it_passes_its_budget(scripted: str) -> None:
    """What was sent has its text; the exit code is its own, and the bill is within the limit."""
    done = asr("file", CLIP, "--url", scripted, *BEIJING, "--pace", "max", "--budget", "0.002", "-f", "jsonl")
    assert done.returncode == 7
    assert done.stderr.splitlines()[-1] == (
        "asr: stopped before the end of the audio: more audio would cost more than the budget of 0.002 CNY"
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    end = events[-1]
    assert 0 < end["cost"] <= 0.002
    assert (end["lost_ms"], end["sentences"]) == (0, sum(event["type"] == "final" for event in events))
    assert 2000 < end["audio_ms"] < 6100


def test_a_budget_that_suffices_changes_nothing(scripted: str) -> None:
    """Several files are paid from one; the next is not begun when it is spent."""
    done = asr("file", CLIP, CLIP, "--url", scripted, *BEIJING, "--pace", "max", "--budget", "1")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 38)
    spent = asr("file", CLIP, CLIP, "--url", scripted, *BEIJING, "--pace", "max", "--budget", "0.002")
    assert (spent.returncode, spent.stderr.count("budget")) == (7, 1)


@pytest.mark.parametrize("options", [("--url", "ws://127.0.0.1:9"), ("--local",)])
@pytest.mark.parametrize("asked", [("--budget", "1"), ("--estimate",)])
def test_where_nobody_knows_the_price_a_budget_is_refused(options: tuple[str, ...], asked: tuple[str, ...]) -> None:
    """A limit that cannot be kept is none."""
    done = asr("file", CLIP, *options, *asked)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "is not known" in done.stderr or "costs nothing" in done.stderr


@pytest.mark.parametrize("budget", ["nan", "inf", "-1", "much"])
def test_what_is_no_sum_of_money_is_no_budget(budget: str) -> None:
    """A limit that limits nothing is refused."""
    done = asr("file", CLIP, "--url", "ws://127.0.0.1:9", *BEIJING, "--budget", budget)
    assert (done.returncode, "--budget" in done.stderr) == (2, True)


def test_an_estimate_sends_nothing_and_wants_no_key(tmp_path: Path) -> None:
    """A line for each file, and one for all; the dearer region is dearer; what cannot be read is named."""
    clip = wav(tmp_path / "clip.wav", tone(10_000))
    done = asr("file", clip, clip, "--estimate")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{clip}: 00:10.000, 0.0033 CNY",
        f"{clip}: 00:10.000, 0.0033 CNY",
        "all: 00:20.000, 0.0066 CNY",
    ]
    assert "0.0066 CNY" in asr("file", clip, "--estimate", "--region", "ap-southeast-1").stdout
    tokens = asr("file", clip, "--estimate", "--model", "qwen-audio-3.1-asr-flash-streaming").stdout
    assert tokens == f"{clip}: 00:10.000, about 0.0008 CNY to 0.0021 CNY\n"
    missing = asr("file", clip, tmp_path / "none.wav", "--estimate")
    assert (missing.returncode, missing.stdout.count("CNY")) == (3, 1)


def test_the_estimate_of_what_comes_through_a_pipe_says_that_nobody_knows() -> None:
    """And reads nothing of it to its end."""
    done = asr("file", "-", "--estimate", "--raw", stdin=bytes(32000))
    assert (done.returncode, done.stdout) == (0, "-: of unknown length\n")


def test_where_an_answer_takes_earlier_ones_along_no_limit_can_be_kept(tmp_path: Path) -> None:
    """The estimate says so."""
    clip = wav(tmp_path / "clip.wav", tone(10_000))
    omni = ("--model", "qwen3-omni-flash-realtime", *BEIJING)
    refused = asr("file", clip, *omni, "--url", "ws://127.0.0.1:9", "--budget", "1")
    assert (refused.returncode, "cannot be known before it comes" in refused.stderr) == (2, True)
    told = asr("file", clip, *omni, "--estimate").stdout.splitlines()
    assert (len(told), "may be charged again" in told[1]) == (2, True)
