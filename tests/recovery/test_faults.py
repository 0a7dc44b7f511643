"""What can be done about each error the service and the wire are known for."""

import pytest

from asrcli.config import Retries
from asrcli.errors import (
    AsrError,
    ConnectFailed,
    ConnectionLost,
    OutputError,
    ProtocolError,
    ServiceRefused,
    SourceError,
    UsageError,
)
from asrcli.recovery.backoff import Backoff, Loss
from asrcli.recovery.faults import Fault, fault


def refused(code: str, message: str = "") -> ServiceRefused:
    """The service says no."""
    return ServiceRefused(code, message)


TABLE = [
    (refused("InvalidApiKey"), Fault.FATAL),
    (refused("Arrearage"), Fault.FATAL),
    (refused("AccessDenied"), Fault.FATAL),
    (refused("Model.AccessDenied"), Fault.FATAL),
    (refused("ModelNotFound"), Fault.FATAL),
    (refused("InvalidParameter"), Fault.FATAL),
    (refused("invalid_value"), Fault.FATAL),
    (refused("something nobody has met"), Fault.FATAL),
    (refused("CLIENT_ERROR", "The decoded text message was too big"), Fault.FATAL),
    (refused("Throttling"), Fault.BUSY),
    (refused("Throttling.RateQuota"), Fault.BUSY),
    (refused("Throttling.BurstRate"), Fault.BUSY),
    (refused("InternalError"), Fault.AGAIN),
    (refused("InternalError.Algo"), Fault.AGAIN),
    (refused("SystemError"), Fault.AGAIN),
    (refused("ModelServiceFailed"), Fault.AGAIN),
    (refused("ServiceUnavailable"), Fault.AGAIN),
    (refused("server_error"), Fault.AGAIN),
    (ConnectFailed("ws://x", "unknown host"), Fault.AGAIN),
    (ConnectionLost("broke", 1006), Fault.AGAIN),
    (ConnectionLost("oops", 1011), Fault.AGAIN),
    (ConnectionLost("bye", 1000), Fault.AGAIN),
    (ConnectionLost("no answer for 30 s"), Fault.AGAIN),
    (ConnectionLost("policy", 1008), Fault.FATAL),
    (ConnectionLost("too big", 1009), Fault.FATAL),
    (refused("limit_requests", "You exceeded your current requests list."), Fault.BUSY),
    (refused("limit_burst_rate"), Fault.BUSY),
    (refused("rate_limit_exceeded"), Fault.BUSY),
    (refused("RateLimit"), Fault.BUSY),
    (refused("429"), Fault.BUSY),
    (refused("internal_error"), Fault.AGAIN),
    (refused("503", "try later"), Fault.AGAIN),
    (refused(""), Fault.FATAL),
    (ProtocolError("not JSON", "<html>"), Fault.FATAL),
    (ProtocolError("an answer that is not a JSON object"), Fault.AGAIN),
    (UsageError("no"), Fault.FATAL),
    (SourceError("a", "b"), Fault.FATAL),
    (OutputError("a", "b"), Fault.FATAL),
]
SILENT = [
    refused("RequestTimeOut", "Response timeout!"),
    refused("CLIENT_ERROR", "request timeout after 23 seconds."),
]
EMPTY = [
    refused("NO_INPUT_AUDIO_ERROR"),
    refused("NO_VALID_AUDIO_ERROR"),
    refused("EmptyAudio", "No effective audio received"),
    refused("InvalidParameter.EmptyAudio"),
    refused("empty_audio"),
]


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(("error", "what"), TABLE, ids=[str(error)[:60] for error, _ in TABLE])
def test_each_error_has_its_remedy(error: AsrError, what: Fault, live: bool) -> None:
    """Whoever is heard."""
    assert fault(error, live=live) is what


@pytest.mark.parametrize("error", SILENT, ids=str)
def test_a_task_that_had_nothing_to_hear_is_no_loss_for_a_microphone(error: ServiceRefused) -> None:
    """For a file a time-out is slowness."""
    assert fault(error, live=True) is Fault.IDLE
    assert fault(error, live=False) is Fault.AGAIN


@pytest.mark.parametrize("error", EMPTY, ids=str)
def test_a_service_that_heard_nothing_in_the_audio_is_told_apart(error: ServiceRefused) -> None:
    """A microphone waits for speech; for a file it depends on what was sent, and the same again would not help."""
    assert fault(error, live=True) is Fault.IDLE
    assert fault(error, live=False) is Fault.EMPTY
    assert (
        Backoff(Retries(9), realtime=False).lost(Loss(error, was_ready=True, ended=True, reach=None), 0.0, 1.0) is None
    )
