"""A client that says nothing more after its task is disconnected: it would hold its connection forever."""

import time
from typing import Any

import pytest

from asrcli.recognizers import factory
from asrcli.recognizers.scripted import Scripted
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from tests.support.echo_recognizer import ECHO
from tests.support.wire import INFERENCE, PATIENCE_S, REALTIME, finish_task, run_task, wire

IDLE_S = 3.0  # a slow machine needs a part of it to say the first word
LIMITS = ServerLimits(no_task_s=IDLE_S, idle_s=IDLE_S, no_audio_s=PATIENCE_S, strict_language=True)
UPDATE = {"type": "session.update", "session": {"input_audio_transcription": {"language": "zh"}}}
FINISH = {"type": "session.finish"}
TASKS: dict[str, tuple[str, list[dict[str, Any] | bytes], str]] = {
    "inference": (INFERENCE, [run_task(), bytes(32_000), finish_task()], "task-finished"),
    "realtime": (f"{REALTIME}?model=m", [FINISH], "session.finished"),
    "omni": (f"{REALTIME}?model=qwen3-omni-flash-realtime", [FINISH], "session.finished"),
    "without a task": (f"{REALTIME}?model=m", [UPDATE, FINISH], "session.finished"),
}


@pytest.mark.parametrize(("path", "messages", "ended"), TASKS.values(), ids=TASKS)
def test_the_time_of_a_client_begins_when_its_task_has_ended(
    path: str, messages: list[dict[str, Any] | bytes], ended: str
) -> None:
    """Until then it may be silent, because only the server may be late; after it the rules of the wire hold again."""
    recognizer = factory.make(ECHO) if messages[0] is UPDATE else Scripted()
    with in_background(recognizer, LIMITS) as address, wire(address, path) as client:
        began = time.monotonic()
        client.say(*messages)
        client.hear_all(ended)
        assert client.closed() == 1000
        assert time.monotonic() - began >= IDLE_S
