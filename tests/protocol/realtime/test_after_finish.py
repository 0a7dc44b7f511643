"""The server end of the realtime wire after session.finish: whoever waits for an answer gets one."""

import json
from typing import Any

import pytest

from asrcli.core.errors import ProtocolError
from asrcli.core.events import Finished
from asrcli.core.message import Text
from asrcli.protocol.realtime.server_codec import RealtimeServer
from tests.support.pair import counting


def event(name: str, **fields: Any) -> Text:
    """An event of the client."""
    return Text(json.dumps({"type": name} | fields))


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize(
    "late",
    [
        event("session.finish"),
        event("session.update", session={}),
        event("input_audio_buffer.commit"),
        event("input_audio_buffer.clear"),
    ],
    ids=lambda late: str(json.loads(late.data)["type"]),
)
def test_an_event_after_the_finish_is_an_error(late: Text, finished: bool) -> None:
    """Before and after session.finished; audio may still be on its way and is ignored."""
    server = RealtimeServer(counting("id-"), "qwen3-asr-flash-realtime")
    server.receive(event("session.finish"))
    if finished:
        server.encode(Finished())
    assert server.receive(event("input_audio_buffer.append", audio="")) == []
    with pytest.raises(ProtocolError, match=r"after session\.finish: the session takes no more events"):
        server.receive(late)
