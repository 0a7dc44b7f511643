"""What an error means for the audio that has no text yet: nothing can help, try again, or wait for speech. Pure."""

from enum import Enum, auto

from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost, ProtocolError, ServiceRefused


class FaultClass(Enum):
    """What can be done about it."""

    FATAL = auto()  # a key, an account, a model, a parameter: it will never work
    AGAIN = auto()  # a new connection, and what was not heard is sent again
    BUSY = auto()  # the same, and not so soon
    IDLE = auto()  # the task had nothing to hear: another one when there is
    EMPTY = auto()  # nothing was heard in all that was sent: silence where none of it was loud, else it will never work


# The service ends a task in which nothing was said, or nothing was sent, for too long; which of these it says depends
# on the model. For a file the first two only mean that it was slow, the others that it found no speech in it.
_WAITED = ("requesttimeout", "clienterror")
_EMPTY = ("emptyaudio", "noinputaudio", "novalidaudio", "noeffectiveaudio", "nospeech")
_UNHEARD = "request timeout"  # CLIENT_ERROR says so after 23 s without a message; others of that code are mistakes
_BUSY = (
    "throttl", "ratelimit", "limitrequests", "limitburst", "limittokens", "toomanyrequests", "burstrate", "429",
)  # fmt: skip
_SYSTEM = (
    "internalerror", "internalservererror", "systemerror", "modelservicefailed", "serviceunavailable", "servererror",
    "clientdisconnect", "requesttimeout", "clienterror", "500", "502", "503", "504",
)  # fmt: skip
_WORDS = {1002, 1003, 1007, 1008, 1009, 1010}  # close codes that object to what we say: so would the next one


def classify(error: AsrError, *, live: bool) -> FaultClass:
    """What can be done about an error; `live` audio may be silent for long.

    What would recur for the same bytes is not tried again: a message that cannot be read answers the same audio.
    """
    if isinstance(error, ServiceRefused):
        return _refusal(error, live=live)
    if isinstance(error, ConnectionLost):
        return FaultClass.FATAL if error.code in _WORDS else FaultClass.AGAIN
    if isinstance(error, ProtocolError):  # one that shows no message answered a request on the way to the connection
        return FaultClass.FATAL if error.message else FaultClass.AGAIN
    return FaultClass.AGAIN if isinstance(error, ConnectFailed) else FaultClass.FATAL


def _refusal(error: ServiceRefused, *, live: bool) -> FaultClass:
    code = "".join(character for character in error.code.casefold() if character.isalnum())
    if any(empty in code for empty in _EMPTY):
        return FaultClass.IDLE if live else FaultClass.EMPTY
    if code.startswith("clienterror") and _UNHEARD not in error.message.lower():
        return FaultClass.FATAL
    if live and code.startswith(_WAITED):
        return FaultClass.IDLE
    if code.startswith(_BUSY):
        return FaultClass.BUSY
    return FaultClass.AGAIN if code.startswith(_SYSTEM) else FaultClass.FATAL
