"""A short `make fuzz`: each target takes valid and damaged input, and a crash or growing memory is reported."""

import subprocess
import sys

import pytest

from tests.fuzz.one import Trial, by_lot
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_half_a_second_of_each_target(name: str) -> None:
    """Inputs as they should be, mutations of them, and JSON of all kinds."""
    target, seeds = TARGETS[name]
    first = seeds()
    trial = Trial(name, target, 0.5)
    for seed in first:
        trial(seed)
    by_lot(trial, first, 0.5)
    assert trial.done > len(first)


def test_what_is_tried_by_lot_does_not_depend_on_the_time_that_is_left() -> None:
    """The inputs as they should be may have taken all of it: the first one loads modules."""
    tried: list[bytes] = []
    trial = Trial("x", tried.append, -1)
    trial(b"seed")
    by_lot(trial, [b"seed"], 0.5)
    assert len(tried) == 2


def test_a_crash_is_reported_with_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    """So that it can be tried again."""

    def falls(data: bytes) -> None:
        raise ValueError(data)

    with pytest.raises(ValueError):  # noqa: PT011  whatever the input was
        by_lot(Trial("x", falls, 5), [b"a"], 5)
    assert capsys.readouterr().out.startswith("x: crashed on b'")


def test_growth_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Memory that a target keeps, measured after what it loads once."""
    kept: list[bytes] = []
    for keeps, code in (False, 0), (True, 1):

        def target(data: bytes, keeps: bool = keeps) -> None:
            kept[:] = [*kept, data] if keeps else []

        trial = Trial("x", target, 0, lambda: 50 + sum(map(len, kept)) / 2**20)
        trial(b"")
        trial(bytes(100 << 20))
        assert trial.ended() == code
    assert "x: 2 inputs, no crash, memory +100" in capsys.readouterr().out


def test_one_command_runs_all_targets() -> None:
    """The targets that are named run one after the other; another name is refused with those that there are."""
    run = [sys.executable, "-m", "tests.fuzz", "--seconds", "0.5"]
    done = subprocess.run(
        [*run, "hot-words", "server-origins"], check=False, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if "no crash" in line]
    assert [line.split(":")[0] for line in told] == ["hot-words", "server-origins"]
    wrong = subprocess.run([*run, "nothing"], check=False, capture_output=True, text=True, timeout=100)
    assert wrong.returncode == 2
    assert all(name in wrong.stderr for name in TARGETS)
