"""Which key has which process, without any process."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.settings import Secret
from asrcli.recognizers.registry import RecognizerOptions
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.auth import AccessControl
from asrcli.server.key_processes import all_processes
from asrcli.server.key_processes.all_processes import MAX_PROCESSES, KeyProcesses
from asrcli.server.key_processes.messages import HandedOver, ServerPlan
from asrcli.server.limits import ServerLimits

PLAN = ServerPlan("scripted", RecognizerOptions(), None, ServerLimits(), None, 20)


class Process:
    """Stands for a process that takes what it is given."""

    def __init__(self, *_: object) -> None:
        self.limits: dict[str, int | None] = {}
        self.taken: list[HandedOver] = []
        self.takes_connections = True

    def set_limits(self, limits: dict[str, int | None]) -> None:
        """Take limits."""
        self.limits = limits

    def hand_over(self, descriptor: int, handed: HandedOver) -> bool:
        """Take a connection."""
        del descriptor
        self.taken.append(handed)
        return True


class Socket:
    """Stands for a connection."""

    descriptor = 5
    received = b"GET "


def key(number: int, reserved: int | None) -> ApiKey:
    """A key."""
    return ApiKey(f"k{number}", Secret(f"sk-{number}"), tasks_per_minute=number or None, reserved=reserved)


rounds = st.lists(st.dictionaries(st.integers(0, 20), st.sampled_from([None, 1, 2])), min_size=1, max_size=6)


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started."""
    monkeypatch.setattr(all_processes, "KeyProcess", Process)


@given(rounds)
def test_every_key_with_reserved_places_has_a_process_and_no_other_key(reloads: list[dict[int, int | None]]) -> None:
    """After every reload: one each while there are enough, nobody's place moves, and limits are told."""
    keys = ApiKeys([])
    control = AccessControl(frozenset(), keys, 100)
    processes = KeyProcesses(PLAN, keys, control, lambda recognition: recognition)
    processes.start()
    before: dict[str, Process] = {}
    most = 0  # keys with reserved places at once
    for reload in reloads:
        keys.replace(key(number, reserved) for number, reserved in reload.items())
        now: dict[str, Process] = {}
        for number, reserved in reload.items():
            open_before = control.connections
            taken = processes.hand_over(Socket(), key(number, reserved), None)  # type: ignore[arg-type]
            assert taken is (reserved is not None)
            assert control.connections == open_before + taken
            if taken:
                (process,) = (each for each in processes._processes if f"k{number}" in each.limits)
                assert process.taken[-1] == HandedOver(f"k{number}", None, b"GET ")  # type: ignore[attr-defined]
                assert process.limits[f"k{number}"] == (number or None)
                now[f"k{number}"] = process  # type: ignore[assignment]
        assert all(before[name] is process for name, process in now.items() if name in before)
        most = max(most, sum(1 for reserved in reload.values() if reserved is not None))
        assert len(processes._processes) <= min(most, MAX_PROCESSES)
        before = now


def test_processes_are_shared_evenly() -> None:
    """Of nine keys two share one."""
    keys = ApiKeys([key(number, 1) for number in range(MAX_PROCESSES + 1)])
    processes = KeyProcesses(PLAN, keys, AccessControl(frozenset(), keys, 100), lambda recognition: recognition)
    processes.start()
    assert Counter(len(each.limits) for each in processes._processes) == {1: MAX_PROCESSES - 1, 2: 1}
