"""Task ids of the inference wire, against a service that takes none twice, by the real command."""

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from tests.support.command import asr
from tests.support.other_servers import LOUD, Received, serving, spoken
from tests.support.tone import wav

SECOND_TASK = {"error_code": "InvalidParameter", "error_message": "one task for a connection"}
USED_ID = {"error_code": "InvalidParameter", "error_message": "the task_id was used before"}


def strict(socket: ServerConnection, received: Received, *, closes: bool) -> None:
    """One task for a connection, and each id once. A second task is refused, or the connection `closes` at once."""
    tasks = 0
    for data in socket:
        if isinstance(data, bytes):
            continue
        message = json.loads(data)
        task_id = message["header"]["task_id"]
        refused: dict[str, str] = {}
        answers: list[tuple[str, dict[str, Any]]]
        sentence = {"sentence_id": 1, "begin_time": 0, "end_time": 1000, "text": "text", "sentence_end": True}
        answers = [("result-generated", {"output": {"sentence": sentence}}), ("task-finished", {"output": {}})]
        if message["header"]["action"] == "run-task":
            tasks += 1
            refused = USED_ID if task_id in received.commands else SECOND_TASK if tasks > 1 else {}
            received.commands.append(task_id)
            answers = [("task-failed" if refused else "task-started", {})]
        if refused and closes and refused is SECOND_TASK:
            return
        for name, payload in answers:
            header = {"task_id": task_id, "event": name} | refused
            socket.send(json.dumps({"header": header, "payload": payload}))
        if refused:
            return


@pytest.mark.parametrize("closes", [False, True])
def test_a_task_that_is_started_again_on_another_connection_has_another_id(tmp_path: Path, closes: bool) -> None:
    """The second of two files is refused on the connection of the first, and accepted on one of its own."""
    talk, received = wav(tmp_path / "talk.wav", spoken(1, times=LOUD)), Received()
    with serving(lambda socket, seen: strict(socket, seen, closes=closes), received) as address:
        done = asr("file", talk, talk, "--url", address, "--model", "fun-asr-realtime", "--pace", "max")
    assert (done.returncode, done.stdout) == (0, "text\ntext\n"), done.stderr
    assert (received.connections, len(received.commands), len(set(received.commands))) == (2, 3, 3)
