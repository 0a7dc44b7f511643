"""Assigns each error a class, which says what can be done for the audio without text. Pure."""

from enum import Enum, auto

from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost, ProtocolError, ServiceRefused


class FaultClass(Enum):
    """What can be done about an error."""

    FATAL = auto()  # nothing: the key, the account, the model or a parameter is wrong
    RETRY = auto()  # connect again, and send again the audio without text
    BUSY = auto()  # the same after a longer wait
    IDLE = auto()  # the task got no speech: begin another one with the next speech
    EMPTY = auto()  # the service found no speech in the audio: it was silence, or no retry helps


# The service ends a task that had no speech, or no audio, for too long. The code depends on the model. For a file the
# first two codes mean that the audio came too slowly, the others that it has no speech.
_TIMED_OUT = ("requesttimeout", "clienterror")
_NO_SPEECH = ("emptyaudio", "noinputaudio", "novalidaudio", "noeffectiveaudio", "nospeech")
# CLIENT_ERROR has this in its message after 23 s without audio. Any other message of that code is about a mistake.
_TIMEOUT_MESSAGE = "request timeout"
_BUSY = (
    "throttl", "ratelimit", "limitrequests", "limitburst", "limittokens", "toomanyrequests", "burstrate", "429",
)  # fmt: skip
_SYSTEM = (
    "internal", "systemerror", "modelservicefailed", "serviceunavailable", "servererror",
    "clientdisconnect", "requesttimeout", "clienterror", "500", "502", "503", "504",
)  # fmt: skip
_REJECTIONS = {1002, 1003, 1007, 1008, 1009, 1010}  # close codes that reject our messages: a retry sends the same ones


def rejects(error: AsrError) -> bool:
    """Whether the other end has closed the connection because of what we sent."""
    return isinstance(error, ConnectionLost) and error.code in _REJECTIONS


def classify(error: AsrError, *, live: bool) -> FaultClass:
    """Return the class of an error; `live` audio may be silent for long.

    An error that the same bytes would cause again is fatal: the same audio would cause the same unreadable message.
    """
    if isinstance(error, ServiceRefused):
        return _refusal(error, live=live)
    if rejects(error):
        return FaultClass.FATAL
    if isinstance(error, ProtocolError) and error.message:  # without a message it is about an HTTP request
        return FaultClass.FATAL
    if isinstance(error, ConnectionLost | ProtocolError | ConnectFailed):
        return FaultClass.RETRY
    return FaultClass.FATAL


def _refusal(error: ServiceRefused, *, live: bool) -> FaultClass:
    code, kind = _plain(error.code), _plain(error.kind)
    if any(part in code for part in _NO_SPEECH):
        return FaultClass.IDLE if live else FaultClass.EMPTY
    if code.startswith("clienterror") and _TIMEOUT_MESSAGE not in error.message.lower():
        return FaultClass.FATAL
    if live and code.startswith(_TIMED_OUT):
        return FaultClass.IDLE
    if code.startswith(_BUSY) or kind.startswith(_BUSY):
        return FaultClass.BUSY
    if code.startswith(_SYSTEM) or kind.startswith(_SYSTEM):  # a server error may have any word as its code
        return FaultClass.RETRY
    return FaultClass.FATAL


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
