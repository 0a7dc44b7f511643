"""What an error means for the audio that has no text yet: nothing can help, try again, or wait for speech. Pure."""

from enum import Enum, auto

from asrcli.errors import AsrError, ConnectFailed, ConnectionLost, ProtocolError, ServiceRefused


class Fault(Enum):
    """What can be done about it."""

    FATAL = auto()  # a key, an account, a model, a parameter: it will never work
    AGAIN = auto()  # a new connection, and what was not heard is sent again
    BUSY = auto()  # the same, and not so soon
    IDLE = auto()  # the task had nothing to hear: another one when there is


# The service ends a task in which nothing was said, or nothing was sent, for too long; which of these it says depends
# on the model. For a file the first two only mean that it was slow.
_SILENT = ("RequestTimeOut", "CLIENT_ERROR", "NO_INPUT_AUDIO_ERROR", "NO_VALID_AUDIO_ERROR", "EmptyAudio")
_UNHEARD = "request timeout"  # CLIENT_ERROR says so after 23 s without a message; others of that code are mistakes
_SYSTEM = (
    "InternalError",
    "SystemError",
    "ModelServiceFailed",
    "ServiceUnavailable",
    "server_error",
    "internal_error",
    "ClientDisconnect",
    "RequestTimeOut",
    "CLIENT_ERROR",
)
_WORDS = {1002, 1003, 1007, 1008, 1009, 1010}  # close codes that object to what we say: so would the next one


def fault(error: AsrError, *, live: bool) -> Fault:
    """What can be done about an error; `live` audio may be silent for long."""
    if isinstance(error, ServiceRefused):
        return _refusal(error, live=live)
    if isinstance(error, ConnectionLost):
        return Fault.FATAL if error.code in _WORDS else Fault.AGAIN
    return Fault.AGAIN if isinstance(error, ConnectFailed | ProtocolError) else Fault.FATAL


def _refusal(error: ServiceRefused, *, live: bool) -> Fault:
    if error.code.startswith("CLIENT_ERROR") and _UNHEARD not in error.message.lower():
        return Fault.FATAL
    if live and error.code.startswith(_SILENT):
        return Fault.IDLE
    if error.code.startswith(("Throttling", "rate_limit")):
        return Fault.BUSY
    return Fault.AGAIN if error.code.startswith(_SYSTEM) else Fault.FATAL
