"""Faults drawn by lot against an exact oracle: every sample is in one final, once, in order and at its time."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asrcli.server.faults.random_faults import RandomFaults
from asrcli.server.faults.script import parse_script
from tests.support.chaos import TOLERATED, WIRES, Outcome, ordeal
from tests.support.command import asr, lines, serving
from tests.support.counted import counted, covered
from tests.support.stand_in_codecs import StandInWire
from tests.support.tone import wav

OURS = [wire for wire in WIRES if wire not in {*StandInWire.CODECS, "funasr-realtime-manual"}]
OTHERS = ["vllm", "funasr-realtime", "funasr-realtime-manual"]  # with times; their servers are stand-ins
SEEDS = 30
OTHER_SEEDS = (0, 6, 7, 16, 17, 27)  # which lose a connection on each of these wires
AT_ONCE = 10  # most of the time is spent waiting
NOTHING_STALLS_S = 30.0  # a limit for tests in which no fault has to be waited for; a busy machine may be slow
CHUNKS = 80
QUIET = frozenset({*range(20, 45), 60})


@pytest.mark.parametrize("wire", OURS)
def test_thirty_seeds_lose_nothing_and_say_nothing_twice(wire: str) -> None:
    """On both wires, in VAD mode and in manual mode; and no more is sent again than has to be."""

    def run(seed: int) -> Outcome:
        return ordeal(wire, RandomFaults(random.Random(seed)), CHUNKS, silent=QUIET, stall_s=NOTHING_STALLS_S)

    with ThreadPoolExecutor(SEEDS // 2) as pool:
        outcomes = list(pool.map(run, range(SEEDS)))
    assert {seed: out.wrong for seed, out in enumerate(outcomes) if out.wrong} == {}
    assert sum(out.attempts for out in outcomes) > SEEDS
    assert sum(out.sent for out in outcomes) <= 2 * SEEDS * CHUNKS * 1600


@pytest.mark.parametrize("wire", OTHERS)
def test_the_wires_of_other_servers_lose_nothing_either(wire: str) -> None:
    """By the commits of the client, or by the times of the server; a few seeds, because `make chaos` runs many."""

    def run(seed: int) -> Outcome:
        faults, tolerated = RandomFaults(random.Random(seed)), TOLERATED.get(wire, "")
        return ordeal(wire, faults, CHUNKS, silent=QUIET, stall_s=NOTHING_STALLS_S, tolerated=tolerated)

    with ThreadPoolExecutor(len(OTHER_SEEDS)) as pool:
        outcomes = dict(zip(OTHER_SEEDS, pool.map(run, OTHER_SEEDS), strict=True))
    assert {seed: out.wrong for seed, out in outcomes.items() if out.wrong} == {}
    assert sum(out.attempts for out in outcomes.values()) > 1


@pytest.mark.slow
@pytest.mark.parametrize("wire", OURS)
def test_faults_that_have_to_be_waited_for_lose_nothing_either(wire: str) -> None:
    """A few seeds of them; the stall timeout ends each wait."""

    def run(seed: int) -> Outcome:
        return ordeal(wire, RandomFaults(random.Random(seed), waiting=True), CHUNKS, silent=QUIET, stall_s=1.5)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(run, range(AT_ONCE)))
    assert {seed: out.wrong for seed, out in enumerate(outcomes) if out.wrong} == {}


SCHEDULES = {
    "cut after a second": [{"after_bytes": 32_000, "do": "cut", "connection": 1}],
    "closed three times": [
        {"after_bytes": 20_000, "do": "close", "code": code, "connection": number}
        for number, code in ((1, 1011), (2, 1000), (3, 1013))
    ],
    "half open": [{"after_bytes": 50_000, "do": "half-open", "connection": 1}],
    "accepted and dropped": [
        {"after_bytes": 50_000, "do": "cut", "connection": 1},
        {"do": "accept-and-drop", "connection": 2},
        {"do": "accept-and-drop", "connection": 3},
    ],
    "refused for a while": [
        {"after_bytes": 50_000, "do": "cut", "connection": 1},
        {"do": "refuse", "status": 503, "retry_after": 1, "connection": 2},
        {"do": "refuse", "status": 429, "connection": 3},
    ],
    "not read any more": [{"after_bytes": 50_000, "do": "stop-reading", "connection": 1}],
    "half closed": [{"after_bytes": 50_000, "do": "half-close", "connection": 1}],
    "a torn frame": [{"after_events": 4, "do": "torn-frame", "connection": 1}],
    "read slowly": [{"do": "slow-reader", "speed": 10}],
    "quiet for a while": [{"after_bytes": 40_000, "do": "quiet", "seconds": 0.5}],
    "finish is not answered": [{"do": "never-finish", "connection": 1}],
    "healthy, then dropped": [{"do": "drop-after", "seconds": 0.1, "connection": n} for n in (1, 2, 3)],
    "the last words": [{"at": "finish", "do": "cut", "connection": 1}],
    "nonsense": [{"after_events": 5, "do": "garbage", "what": "not-json", "connection": 1}],
    "twice and late": [
        *({"after_events": number, "do": "duplicate"} for number in range(3, 12)),
        {"after_bytes": 60_000, "do": "cut", "connection": 1},
        {"after_events": 3, "do": "late", "connection": 2},
    ],
    "system errors": [
        {"after_bytes": 40_000, "do": "fail", "code": code, "message": "sorry", "connection": number}
        for number, code in ((1, "InternalError"), (2, "SystemError"))
    ],
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_each_schedule_is_survived(schedule: list[dict[str, object]]) -> None:
    """On each wire, whatever was said to whom."""

    def run(wire: str) -> Outcome:
        return ordeal(wire, parse_script([json.dumps(fault) for fault in schedule]), 60)

    with ThreadPoolExecutor(len(OURS)) as pool:
        outcomes = dict(zip(OURS, pool.map(run, OURS), strict=True))
    expected: dict[str, object] = dict.fromkeys(OURS, (None, []))
    assert {wire: (out.error, out.problems) for wire, out in outcomes.items()} == expected


@pytest.mark.parametrize("model", ["fun-asr-realtime", "qwen3-asr-flash-realtime"])
def test_the_command_survives_a_bad_line(tmp_path: Path, model: str) -> None:
    """The real command against the real server: exit 0, the whole transcript, an account of what happened."""
    file = wav(tmp_path / "counted.wav", counted(100))
    with serving("--engine", "counting", "--chaos", 7, "--quiet") as (address, _):
        patience = ("--stall-timeout", 2, "--retry-wait", "0.05", "--retries", 20)
        done = asr("file", file, "--url", address, "--model", model, "-f", "jsonl", "--pace", 20, *patience)
    events = lines(done.stdout)
    assert (done.returncode, covered(events, 100)) == (0, [])
    end = events[-1]
    assert end["reconnects"] >= 1
    assert end["reconnects"] <= sum(event["type"] == "reconnect" for event in events)
    assert end["audio_ms"] == end["final_ms"] == 10_000
    assert "longest outage" in done.stderr


def test_without_reconnects_the_rest_is_named_as_a_gap(tmp_path: Path) -> None:
    """Exit 4, as it was before there were any; each second is in a final or in the gap."""
    (tmp_path / "faults").write_text('{"after_bytes": 96000, "do": "cut"}\n')
    file = wav(tmp_path / "counted.wav", counted(60))
    with serving("--engine", "counting", "--faults", tmp_path / "faults", "--quiet") as (address, _):
        done = asr("file", file, "--url", address, "-f", "jsonl", "--pace", 20, "--no-reconnect")
    assert done.returncode == 4
    assert covered(lines(done.stdout), 60, gaps=True) == []
