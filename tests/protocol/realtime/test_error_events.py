"""What the server end of the realtime wire says about errors and about its session before the first update."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ProtocolError
from asrcli.core.events import Ready
from asrcli.core.message import Message, Text
from asrcli.protocol.json_messages import write
from asrcli.protocol.omni.codec import OmniServer
from asrcli.protocol.realtime.server_codec import RealtimeServer
from tests.support.pair import MODELS, counting

QWEN = MODELS["realtime"]
EVENT_IDS = st.one_of(st.none(), st.just(7), st.text(max_size=5))
SERVERS = st.sampled_from([RealtimeServer, OmniServer])


@given(SERVERS, st.lists(st.tuples(EVENT_IDS, st.booleans()), max_size=6))
def test_an_error_names_the_event_that_caused_it_and_no_other(
    kind: type[RealtimeServer], events: list[tuple[Any, bool]]
) -> None:
    """Its code is that of the service; an error of the server itself names no event and has another type."""
    server = kind(counting(), QWEN)
    for event_id, wrong in events:
        name = "sing" if wrong else "input_audio_buffer.clear"
        with suppress(ProtocolError):
            server.receive(write({"event_id": event_id, "type": name}))
            assert not wrong
        error = read_error(server.fail("InvalidParameter", "no") if wrong else server.fail("InternalError", "no"))
        expected = (event_id or None) if wrong and isinstance(event_id, str) else None
        assert error["event_id"] == expected
        assert (error["type"], error["code"]) == (
            ("invalid_request_error", "invalid_value") if wrong else ("server_error", "InternalError")
        )


def read_error(messages: list[Message]) -> dict[str, Any]:
    """The object in an error event."""
    (message,) = messages
    assert isinstance(message, Text)
    error: dict[str, Any] = json.loads(message.data)["error"]
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Throttling", "rate_limit_error"),
        ("Throttling.RateQuota", "rate_limit_error"),
        ("InternalError.ModelNotLoaded", "server_error"),
        ("NO_VALID_AUDIO_ERROR", "invalid_request_error"),
    ],
)
def test_an_error_of_the_server_has_a_type_of_its_own(code: str, kind: str) -> None:
    """Clients take any other type than that of a request as the end of the session."""
    error = read_error(RealtimeServer(counting(), QWEN).fail(code, "no"))
    assert (error["type"], error["code"], error["message"]) == (kind, code, "no")


def test_a_session_begins_with_the_name_that_the_service_gives_its_format() -> None:
    """The example of session.created says pcm16; an update with pcm is answered with pcm."""
    server = RealtimeServer(counting(), QWEN)
    (created,) = server.greet()
    assert isinstance(created, Text)
    assert json.loads(created.data)["session"]["input_audio_format"] == "pcm16"
    server.receive(write({"type": "session.update", "session": {}}))
    (updated,) = server.encode(Ready("s"))
    assert isinstance(updated, Text)
    assert json.loads(updated.data)["session"]["input_audio_format"] == "pcm"
