"""A client codec of the inference wire, and messages of a service with any content."""

import json
from typing import Any

from asrcli.core.events import Event, Final, Notice, Ready
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.pair import counting

SENT_MS = 3000


def result(task_id: str = "task-1", **sentence: Any) -> Text:
    """A result-generated with this sentence; what is `...` is left out."""
    whole = {"sentence_id": 1, "begin_time": 0, "end_time": 900, "text": "x", "words": [], "sentence_end": True}
    told = {key: value for key, value in (whole | sentence).items() if value is not ...}
    return message("result-generated", task_id, {"output": {"sentence": told}, "usage": None})


def message(name: str, task_id: str = "task-1", payload: Any = None, **header: Any) -> Text:
    """A message of the service."""
    head = {"task_id": task_id, "event": name, "attributes": {}} | header
    return Text(json.dumps({"header": head, "payload": payload or {}}))


def client(**asked: Any) -> InferenceClient:
    """A client whose task runs, and that has sent three seconds."""
    codec = InferenceClient(RecognitionSettings("m", **asked), counting("task-"))
    codec.start()
    codec.audio(bytes(SENT_MS * 32))
    assert codec.receive(message("task-started")) == [Ready("task-1")]
    return codec


def finals(codec: InferenceClient, *messages: Text) -> list[Final]:
    """The finals in messages."""
    return [event for said in messages for event in codec.receive(said) if isinstance(event, Final)]


def notices(events: list[Event]) -> list[str]:
    """The levels of the notices among events."""
    return [event.level for event in events if isinstance(event, Notice)]
