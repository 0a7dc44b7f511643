"""What can be done about each error the service and the wire are known for."""

import pytest

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
    (ProtocolError("not JSON"), Fault.AGAIN),
    (UsageError("no"), Fault.FATAL),
    (SourceError("a", "b"), Fault.FATAL),
    (OutputError("a", "b"), Fault.FATAL),
]
SILENT = [
    refused("RequestTimeOut", "Response timeout!"),
    refused("CLIENT_ERROR", "request timeout after 23 seconds."),
    refused("NO_INPUT_AUDIO_ERROR"),
    refused("NO_VALID_AUDIO_ERROR"),
    refused("EmptyAudio"),
]


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(("error", "what"), TABLE, ids=[str(error)[:60] for error, _ in TABLE])
def test_each_error_has_its_remedy(error: AsrError, what: Fault, live: bool) -> None:
    """Whoever is heard."""
    assert fault(error, live=live) is what


@pytest.mark.parametrize("error", SILENT, ids=str)
def test_a_task_that_had_nothing_to_hear_is_no_loss_for_a_microphone(error: ServiceRefused) -> None:
    """For a file a time-out is slowness, and audio that cannot be used stays so."""
    assert fault(error, live=True) is Fault.IDLE
    again = error.code in {"RequestTimeOut", "CLIENT_ERROR"}
    assert fault(error, live=False) is (Fault.AGAIN if again else Fault.FATAL)
