"""What a run costs, as the real command tells it, and how it ends before it costs too much."""

import json
from itertools import pairwise
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


@pytest.mark.parametrize("higher", [("--budget", 1), ()], ids=["with a higher budget", "without a budget"])
@pytest.mark.parametrize("fast", [("--fast",), ()], ids=["in parts", "in one"])
def test_what_a_budget_did_not_pay_for_is_transcribed_by_resume(
    scripted: str, tmp_path: Path, higher: tuple[object, ...], fast: tuple[str, ...]
) -> None:
    """The files of the run are closed and then continued: each second of the audio is in them once."""
    audio = wav(tmp_path / "talk.wav", tone(60_000))
    out, journal = tmp_path / "talk", tmp_path / "kept"
    service = ("--url", scripted, *BEIJING, "--journal", journal)
    files = ("-f", "jsonl", "-f", "srt", "-o", out)
    poor = asr("file", audio, *service, "--pace", "max", "--budget", "0.005", *fast, *files)
    assert (poor.returncode, "--budget CNY; without --budget nothing limits its cost" in poor.stderr) == (7, True)
    first = finals(out)
    assert 0 < len(first) < 60
    assert f"\n{len(first)}\n" in (tmp_path / "talk.srt").read_text()
    (path,) = journal.iterdir()
    told = asr("resume", path.name, *service, "--yes", "--budget", "0.002")
    assert (told.returncode, told.stderr.count("nothing limits")) == (7, 1)
    done = asr("resume", path.name, *service, "--yes", *higher)
    assert done.returncode == 0, done.stderr
    assert ("the budget of 0.002 CNY is spent; without --budget nothing limits" in done.stderr) == (not higher)
    assert finals(out)[: len(first)] == first
    whole = finals(out)
    assert (whole[0][0], whole[-1][1]) == (0, 60_000)
    assert all(earlier[1] == later[0] for earlier, later in pairwise(whole))
    assert (tmp_path / "talk.srt").read_text().count("-->") == len(whole)
    assert list(journal.iterdir()) == []


def finals(out: Path) -> list[tuple[int, int]]:
    """The times of the sentences in a transcript of JSON Lines."""
    events = [json.loads(line) for line in out.with_suffix(".jsonl").read_text("utf-8").splitlines()]
    return [(event["begin_ms"], event["end_ms"]) for event in events if event["type"] == "final"]


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
