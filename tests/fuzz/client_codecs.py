"""Fuzz targets: messages of a service to the client codecs. Each raises an error or gives events in order."""

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Final
from asrcli.core.interfaces import ClientCodec
from asrcli.core.message import Binary, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.formatting import as_json, block, clock
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.omni.codec import OmniClient
from asrcli.protocol.realtime.codec import RealtimeClient
from tests.fuzz.mutation import Target

_ids = count()
_GOLDEN = Path(__file__).parent.parent / "protocol" / "golden"


def new_id() -> str:
    """An id."""
    return f"{next(_ids):032x}"


MAKERS: tuple[Callable[[], ClientCodec], ...] = (
    lambda: InferenceClient(RecognitionSettings("m"), new_id),
    lambda: InferenceClient(RecognitionSettings("m", translate="en"), new_id),
    lambda: RealtimeClient(RecognitionSettings("m"), new_id),
    lambda: RealtimeClient(RecognitionSettings("m", vad=False), new_id),
    lambda: OmniClient(RecognitionSettings("m", side_transcript=True), new_id),
    lambda: OmniClient(RecognitionSettings("m", vad=False), new_id),
)


def codecs(data: bytes) -> None:
    """A task: messages between line ends; the first byte says on which wire, and the task is named as it is."""
    codec, transcript = MAKERS[data[0] % len(MAKERS) if data else 0](), Transcript()
    codec.start()
    codec.audio(bytes(3200))
    keys: set[str] = set()
    for line in data[1:].split(b"\n")[:50]:
        text = line.decode("utf-8", "surrogateescape").replace("TASK", codec.task_id or "TASK")
        with suppress(ServiceRefused):
            for event in codec.receive(Binary(line[1:]) if line.startswith(b"\0") else Text(text)):
                transcript = fold(transcript, event)
                if isinstance(event, Final):
                    assert event.key not in keys
                    assert 0 <= event.begin_ms <= event.end_ms
                    keys.add(event.key)
                    as_json({"text": event.text})
                    block(event, clock)
        codec.pending_messages()


def seeds() -> list[bytes]:
    """Messages as they should be, of each wire."""
    found = []
    for name in ("inference", "gummy", "realtime", "omni"):
        golden = json.loads((_GOLDEN / f"{name}.json").read_text("utf-8")).values()
        whole = b"\n".join(json.dumps(message).encode() for message in golden)
        tasks = {message["header"]["task_id"] for message in golden if isinstance(message.get("header"), dict)}
        for task in tasks:
            whole = whole.replace(str(task).encode(), b"TASK")
        found += [bytes([number]) + whole for number in range(len(MAKERS))]
    return found


TARGETS: dict[str, Target] = {"client-codecs": (codecs, seeds)}
