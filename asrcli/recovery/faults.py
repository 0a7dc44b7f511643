"""What an error of the service means for the audio that is still to come. Codes only, no clock, no socket."""

from asrcli.errors import ServiceRefused

# The service ends a task in which nothing was said, or nothing was sent, for too long; which of these it says depends
# on the model. Whoever still listens asks for a new task when there is speech again.
_IDLE = ("RequestTimeOut", "NO_INPUT_AUDIO_ERROR", "NO_VALID_AUDIO_ERROR", "EmptyAudio")
_UNHEARD = "request timeout"  # CLIENT_ERROR says so after 23 s without a message; others of that code are mistakes


def is_idle(error: ServiceRefused) -> bool:
    """Whether a task ended only because there was nothing to hear."""
    if error.code.startswith("CLIENT_ERROR"):
        return _UNHEARD in error.message.lower()
    return error.code.startswith(_IDLE)
