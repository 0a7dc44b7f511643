"""A server with faults, and the messages of a task without any."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asrcli.recognizers.counting import Counting
from asrcli.server.faults.script import parse_script
from asrcli.server.local_server import in_background
from tests.support.counted import counted
from tests.support.wire import REALTIME, Wire, finish_task, run_task

AUDIO = counted(10)  # two sentences
SESSION = REALTIME + "?model=m"
SENTENCES = ["...", "...", "...", "...", "...", "0 1 2 3 4", "...", "...", "...", "...", "...", "5 6 7 8 9"]
WHOLE = ["task-started", *SENTENCES, "task-finished"]


@contextmanager
def faulty(*faults: dict[str, Any]) -> Iterator[str]:
    """A counting server with these faults."""
    with in_background(Counting(), faults=parse_script(map(json.dumps, faults))) as address:
        yield address


def append(pcm: bytes) -> dict[str, Any]:
    """Audio for the realtime wire."""
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()}


def told(message: dict[str, Any]) -> str:
    """What a message of the inference wire is: its event, and the text of a final."""
    if message["header"]["event"] != "result-generated":
        return str(message["header"]["event"])
    sentence = message["payload"]["output"]["sentence"]
    return str(sentence["text"]) if sentence["sentence_end"] else "..."


def whole(client: Wire, task_id: str = "t") -> list[str]:
    """A whole task: its events."""
    client.say(run_task(task_id), AUDIO, finish_task(task_id))
    return [told(message) for message in client.hear_all("task-finished")]
