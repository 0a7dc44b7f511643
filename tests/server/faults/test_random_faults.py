"""Random faults: the same seed gives the same ones, never too many; and a small client gets through all of them."""

import base64
import json
from collections.abc import Callable, Iterator
from itertools import chain
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidHandshake, WebSocketException

from asrcli.core.errors import ServiceRefused
from asrcli.recognizers.counting import Counting
from asrcli.recovery import classify as recovery
from asrcli.server.faults import random_faults
from asrcli.server.faults.random_faults import RandomFaults
from asrcli.server.faults.script import CLOSE_CODES, FaultAction, FaultTrigger, InjectedFault
from asrcli.server.local_server import in_background
from tests.support.counted import counted, covered
from tests.support.wire import INFERENCE, REALTIME, finish_task, run_task, wire

SEEDS = st.integers(0, 2**32)


def drawn(seed: int, connections: int = 60, *, waiting: bool = False) -> list[tuple[InjectedFault, ...]]:
    """The faults of the first connections."""
    plan = RandomFaults(Random(seed), waiting=waiting)
    return [plan.of(number) for number in range(1, connections + 1)]


@given(SEEDS, st.booleans())
def test_the_same_seed_gives_the_same_faults(seed: int, waiting: bool) -> None:
    """And each says which connection it is for."""
    assert drawn(seed, waiting=waiting) == drawn(seed, waiting=waiting)
    for number, faults in enumerate(drawn(seed, waiting=waiting), 1):
        assert {fault.connection for fault in faults} == {number}


def calm(faults: tuple[InjectedFault, ...]) -> bool:
    """Whether a connection is left alone until a lot of audio has come."""
    disturbances = {
        FaultAction.STALL,
        FaultAction.QUIET,
        FaultAction.SLOW,
        FaultAction.SLOW_READER,
        FaultAction.DUPLICATE,
        FaultAction.LATE,
    }
    ends = [fault for fault in faults if fault.action not in disturbances]
    ends = [fault for fault in ends if fault.what != "unknown"]
    return all(fault.when is FaultTrigger.BYTES and fault.count >= random_faults.CALM_BYTES for fault in ends)


HANGING = {FaultAction.HALF_OPEN, FaultAction.HALF_CLOSE, FaultAction.STOP_READING}


def longest_s(action: FaultAction) -> float:
    """How long a fault may last."""
    if action in HANGING:
        return random_faults.HANGING_S  # the client leaves long before
    return {FaultAction.SLOW: random_faults.LONGEST_DELAY_S, FaultAction.DROP_AFTER: random_faults.LONGEST_LIFE_S}.get(
        action, random_faults.LONGEST_STALL_S
    )


@given(SEEDS, st.booleans())
def test_a_client_that_tries_again_gets_through(seed: int, waiting: bool) -> None:
    """Of few connections one is calm; nothing lasts long, and nothing tells a client to stop for good."""
    plan = drawn(seed, waiting=waiting)
    rough = "".join("." if calm(faults) else "x" for faults in plan)
    assert "x" * (random_faults.ROUGH_IN_A_ROW + 1) not in rough
    for fault in chain.from_iterable(plan):
        assert fault.seconds <= longest_s(fault.action)
        assert int(fault.retry_after) <= random_faults.LONGEST_RETRY_AFTER_S
        assert fault.status in {0, 429, 500, 503}
        assert fault.action is not FaultAction.CLOSE or fault.code in CLOSE_CODES
        if fault.action is FaultAction.FAIL:
            refusal = ServiceRefused(str(fault.code), fault.message)
            assert recovery.classify(refusal, live=True) in {recovery.FaultClass.RETRY, recovery.FaultClass.BUSY}
        assert fault.action not in HANGING or fault.when is not FaultTrigger.HANDSHAKE


def test_every_kind_of_fault_is_drawn_from_its_set() -> None:
    """A thousand connections know them all: what a client notices at once, or what it has to wait for."""
    kinds = {(fault.action, fault.when) for fault in chain.from_iterable(drawn(0, 1000))}
    assert {do for do, _ in kinds} == random_faults.DRAWN
    assert {when for _, when in kinds} == set(FaultTrigger) - {FaultTrigger.TASKS}
    waited = {fault.action for fault in chain.from_iterable(drawn(0, 1000, waiting=True))}
    assert waited == random_faults.WAITING
    assert {
        FaultAction.STALL,
        FaultAction.QUIET,
        FaultAction.NEVER_FINISH,
        FaultAction.STOP_READING,
        FaultAction.HALF_OPEN,
    } == waited - random_faults.DRAWN
    assert set(FaultAction) - random_faults.DRAWN - waited == {FaultAction.EMPTY_AUDIO}


def test_different_seeds_differ() -> None:
    """The faults depend on the seed."""
    assert len({str(drawn(seed, 5)) for seed in range(50)}) == 50


CHUNKS, CHUNK = 150, 3200  # bytes
Final = dict[str, Any]


def inference_task(task_id: str, pcm: bytes) -> list[dict[str, Any] | bytes]:
    """A whole task of the inference wire."""
    pieces = [pcm[at : at + CHUNK] for at in range(0, len(pcm), CHUNK)]
    return [run_task(task_id), *pieces, finish_task(task_id)]


def inference_final(message: dict[str, Any], task_id: str, spans: dict[str, list[int]]) -> Iterator[Final]:
    """The final in a message, if it is one of this task."""
    del spans
    sentence = message.get("payload", {}).get("output", {}).get("sentence", {})
    if message.get("header", {}).get("task_id") == task_id and sentence.get("sentence_end"):
        words = [
            {"text": word["text"], "begin_ms": word["begin_time"], "end_ms": word["end_time"]}
            for word in sentence["words"]
        ]
        yield {
            "begin_ms": sentence["begin_time"],
            "end_ms": sentence["end_time"],
            "text": sentence["text"],
            "words": words,
        }


def realtime_task(task_id: str, pcm: bytes) -> list[dict[str, Any] | bytes]:
    """A whole session of the realtime wire."""
    del task_id
    pieces = (base64.b64encode(pcm[at : at + CHUNK]).decode() for at in range(0, len(pcm), CHUNK))
    appended = [{"type": "input_audio_buffer.append", "audio": piece} for piece in pieces]
    return [{"type": "session.update", "session": {}}, *appended, {"type": "session.finish"}]


def realtime_final(message: dict[str, Any], task_id: str, spans: dict[str, list[int]]) -> Iterator[Final]:
    """The final in a message, if its item began and ended here."""
    del task_id
    name, item = message.get("type", ""), message.get("item_id", "")
    if name.endswith(".speech_started"):
        spans[item] = [message["audio_start_ms"]]
    if name.endswith(".speech_stopped"):
        spans[item] = [*spans[item][:1], message["audio_end_ms"]]
    if name.endswith(".completed") and item in spans:
        begin_ms, end_ms = spans.pop(item)
        yield {"begin_ms": begin_ms, "end_ms": end_ms, "text": message["transcript"], "words": []}


WIRES = {
    "inference": (INFERENCE, inference_task, inference_final, {"task-finished"}),
    "realtime": (REALTIME + "?model=m", realtime_task, realtime_final, {"session.finished"}),
}
Read = Callable[[dict[str, Any], str, dict[str, list[int]]], Iterator[Final]]


def attempt(address: str, number: int, pcm: bytes, kind: str) -> Iterator[Final | None]:
    """The finals that one connection gives, each once; None when the task has come to its end."""
    path, task, read, last = WIRES[kind]
    task_id, spans, at_ms = f"task-{number}", dict[str, list[int]](), 0
    try:
        with wire(address, path) as client:
            client.say(*task(task_id, pcm))
            while True:
                message = json.loads(client.socket.recv(1.5))
                for final in read(message, task_id, spans):
                    if final["end_ms"] > at_ms:  # else it came twice
                        at_ms = final["end_ms"]
                        yield final
                if {message.get("type"), message.get("header", {}).get("event")} & last:
                    yield None
    except (OSError, WebSocketException, InvalidHandshake, ValueError, TimeoutError):
        return


@pytest.mark.parametrize("kind", WIRES)
@pytest.mark.parametrize("seed", range(5))
def test_a_client_that_goes_on_where_the_last_final_ended_has_it_all(seed: int, kind: str) -> None:
    """The oracle over real faults: nothing is missing, nothing comes twice, each at its time."""
    pcm, said, at_ms = counted(CHUNKS), list[dict[str, Any]](), 0
    with in_background(Counting(), faults=RandomFaults(Random(seed))) as address:
        for number in range(30):
            offset_ms, ended = at_ms, False
            for final in attempt(address, number, pcm[at_ms * 32 :], kind):
                if final is None:
                    ended = True
                    break
                words = [
                    word | {"begin_ms": word["begin_ms"] + offset_ms, "end_ms": word["end_ms"] + offset_ms}
                    for word in final["words"]
                ]
                at_ms = offset_ms + final["end_ms"]
                said.append({"type": "final", "begin_ms": offset_ms + final["begin_ms"], "end_ms": at_ms,
                    "text": final["text"], "words": words})  # fmt: skip
            if ended:
                break
    assert covered(said, CHUNKS) == []
