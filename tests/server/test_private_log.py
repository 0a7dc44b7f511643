"""The log of the server quotes no message of a client: it may contain words of a transcript, as context, or audio."""

import json
import logging
from typing import Any

import pytest

from asrcli.recognizers.scripted import Scripted
from asrcli.server.local_server import in_background
from tests.support.wire import INFERENCE, REALTIME, wire

WORDS = "words of a patient"
CONTEXT = {"input": {"context": [{"role": "user", "content": [{"type": "input_text", "text": WORDS}]}]}}
UNUSABLE: dict[str, tuple[str, dict[str, Any] | str | bytes]] = {
    "no action": (INFERENCE, {"payload": CONTEXT}),
    "an action of another type": (INFERENCE, {"payload": CONTEXT, "header": {"action": 1, "task_id": "t"}}),
    "no task": (INFERENCE, {"payload": CONTEXT, "header": {"action": "continue-task"}}),
    "no JSON": (INFERENCE, json.dumps(CONTEXT)[:-1]),
    "JSON as bytes": (INFERENCE, json.dumps({"header": CONTEXT}).encode()),
    "no type": (REALTIME, {"session": {"input_audio_transcription": {"corpus": {"text": WORDS}}}}),
    "a session of another type": (REALTIME, {"type": "session.update", "session": [WORDS]}),
    "no object": (REALTIME, f'["{WORDS}"]'),
    "audio that is none": (REALTIME, {"type": "input_audio_buffer.append", "audio": WORDS}),
    "long audio that is none": (REALTIME, {"type": "input_audio_buffer.append", "audio": WORDS * 10_000}),
    "a long text": (REALTIME, {"text": WORDS * 10_000}),
}


@pytest.mark.parametrize(("path", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_message_that_cannot_be_used_is_not_quoted(
    path: str, message: dict[str, Any] | str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The client is told all of it, and the log says what was wrong."""
    caplog.set_level(logging.DEBUG, "asrcli")
    with in_background(Scripted()) as address, wire(address, path) as client:
        client.say(message)
        answer = client.handle("task-failed" if path == INFERENCE else "error")
    assert answer
    assert "refused: InvalidParameter" in caplog.text
    assert WORDS not in caplog.text
