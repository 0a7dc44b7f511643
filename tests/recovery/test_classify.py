"""The class of each known error of the service and of its connections."""

import pytest

from asrcli.core.errors import (
    AsrError,
    ConnectFailed,
    ConnectionLost,
    OutputError,
    ProtocolError,
    ServiceRefused,
    SourceError,
    UsageError,
)
from asrcli.core.settings import RetrySettings
from asrcli.recovery.backoff import Backoff, Loss
from asrcli.recovery.classify import FaultClass, classify


def refused(code: str, message: str = "") -> ServiceRefused:
    """A refusal of the service."""
    return ServiceRefused(code, message)


TABLE = [
    (refused("InvalidApiKey"), FaultClass.FATAL),
    (refused("Arrearage"), FaultClass.FATAL),
    (refused("AccessDenied"), FaultClass.FATAL),
    (refused("Model.AccessDenied"), FaultClass.FATAL),
    (refused("ModelNotFound"), FaultClass.FATAL),
    (refused("InvalidParameter"), FaultClass.FATAL),
    (refused("invalid_value"), FaultClass.FATAL),
    (refused("something nobody has met"), FaultClass.FATAL),
    (refused("CLIENT_ERROR", "The decoded text message was too big"), FaultClass.FATAL),
    (refused("Throttling"), FaultClass.BUSY),
    (refused("Throttling.RateQuota"), FaultClass.BUSY),
    (refused("Throttling.BurstRate"), FaultClass.BUSY),
    (refused("InternalError"), FaultClass.RETRY),
    (refused("InternalError.Algo"), FaultClass.RETRY),
    (refused("SystemError"), FaultClass.RETRY),
    (refused("ModelServiceFailed"), FaultClass.RETRY),
    (refused("ServiceUnavailable"), FaultClass.RETRY),
    (refused("server_error"), FaultClass.RETRY),
    (ConnectFailed("ws://x", "unknown host"), FaultClass.RETRY),
    (ConnectionLost("broke", 1006), FaultClass.RETRY),
    (ConnectionLost("oops", 1011), FaultClass.RETRY),
    (ConnectionLost("bye", 1000), FaultClass.RETRY),
    (ConnectionLost("no answer for 30 s"), FaultClass.RETRY),
    (ConnectionLost("policy", 1008), FaultClass.FATAL),
    (ConnectionLost("too big", 1009), FaultClass.FATAL),
    (refused("limit_requests", "You exceeded your current requests list."), FaultClass.BUSY),
    (refused("limit_burst_rate"), FaultClass.BUSY),
    (refused("rate_limit_exceeded"), FaultClass.BUSY),
    (refused("RateLimit"), FaultClass.BUSY),
    (refused("429"), FaultClass.BUSY),
    (refused("internal_error"), FaultClass.RETRY),
    (refused("internal"), FaultClass.RETRY),
    (refused("503", "try later"), FaultClass.RETRY),
    (refused(""), FaultClass.FATAL),
    (ProtocolError("not JSON", "<html>"), FaultClass.FATAL),
    (ProtocolError("an answer that is not a JSON object"), FaultClass.RETRY),
    (UsageError("no"), FaultClass.FATAL),
    (SourceError("a", "b"), FaultClass.FATAL),
    (OutputError("a", "b"), FaultClass.FATAL),
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


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("server_error", FaultClass.RETRY), ("internal_error", FaultClass.RETRY), ("rate_limit_error", FaultClass.BUSY),
        ("authentication_error", FaultClass.FATAL), ("", FaultClass.FATAL),
    ],
)  # fmt: skip
def test_an_error_whose_code_nobody_knows_is_of_the_class_of_its_type(kind: str, what: FaultClass) -> None:
    """A service may name the engine that has failed, or anything else."""
    error = refused("inference_failed")
    error.kind = kind
    assert classify(error, live=False) is what


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(("error", "what"), TABLE, ids=[str(error)[:60] for error, _ in TABLE])
def test_each_error_has_its_remedy(error: AsrError, what: FaultClass, live: bool) -> None:
    """Live audio or not."""
    assert classify(error, live=live) is what


@pytest.mark.parametrize("error", SILENT, ids=str)
def test_a_task_that_had_nothing_to_hear_is_no_loss_for_a_microphone(error: ServiceRefused) -> None:
    """For a file a timeout means that the audio came too slowly."""
    assert classify(error, live=True) is FaultClass.IDLE
    assert classify(error, live=False) is FaultClass.RETRY


@pytest.mark.parametrize("error", EMPTY, ids=str)
def test_a_service_that_heard_nothing_in_the_audio_has_its_own_class(error: ServiceRefused) -> None:
    """A microphone waits for speech; for a file it depends on the audio that was sent, and a retry would not help."""
    assert classify(error, live=True) is FaultClass.IDLE
    assert classify(error, live=False) is FaultClass.EMPTY
    assert (
        Backoff(RetrySettings(9), realtime=False).lost(
            Loss(error, was_ready=True, input_ended=True, reach=None), 0.0, 1.0
        )
        is None
    )
