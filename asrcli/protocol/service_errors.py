"""What a service says when it says no: the errors of both wires, in whatever form they come. Pure."""

from dataclasses import dataclass

from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.protocol.json_messages import Json, part, text, word

# How the codes begin of what leaves a session as it was, and of what does not where an error names no type.
_OF_A_REQUEST = ("invalid_value", "input_audio_buffer", "unknown_", "missing_", "conversation_", "response_")
_OF_THE_SESSION = (
    "accessdenied", "access_denied", "allocationquota", "arrearage", "insufficient_quota", "internal", "invalidapikey",
    "invalid_api_key", "limit_", "model", "rate_limit", "requesttimeout", "server_error", "service", "session_expired",
    "systemerror", "throttling",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServiceError:
    """An error event of the realtime wire. `about` is the event of the client that it answers, where it says so."""

    code: str
    message: str
    kind: str = ""
    about: str = ""

    @property
    def words(self) -> str:
        """Code and message, as far as there are any."""
        return ": ".join(filter(None, (self.code, self.message)))

    @property
    def ends_session(self) -> bool:
        """Whether the session cannot go on, once it is up: an error that does not say so leaves it usable."""
        code = self.code.casefold()
        if self.kind.startswith("invalid") or code.startswith(_OF_A_REQUEST):
            return False
        return bool(self.kind) or code.startswith(_OF_THE_SESSION)

    @property
    def is_of_commit(self) -> bool:
        """Whether it speaks of a commit, or of a buffer with too little in it."""
        said = self.words.casefold()
        return "commit" in said or ("buffer" in said and any(word in said for word in ("empty", "small", "short")))

    @property
    def is_of_finish(self) -> bool:
        """Whether it speaks of session.finish, or of an event of a type that is not known."""
        said = self.words.casefold()
        unknown = any(word in said for word in ("invalid", "unknown", "unsupported", "not supported", "unrecognized"))
        return "session.finish" in said or (unknown and "event" in said)


def read_service_error(value: Json) -> ServiceError:
    """What an error event says: an object, a text, or fields of the event itself.

    Raises:
        ProtocolError: nothing.
    """
    error = value.get("error")
    if isinstance(error, str) and error.strip():
        return ServiceError(word(value, "code"), error)
    said = part(value, "error") or value
    kind, message = text(part(value, "error"), "type"), text(said, "message") or text(said, "error")
    code = word(said, "code") or kind
    if not code and not message:
        raise ProtocolError("an error that says nothing")
    return ServiceError(code, message, kind, text(part(value, "error"), "event_id"))


def refused_task(value: Json, task_id: str) -> ServiceRefused:
    """task-failed: its code and its words, wherever the message has them."""
    header, payload = part(value, "header"), part(value, "payload")
    code = word(header, "error_code") or word(header, "code") or word(payload, "code")
    message = text(header, "error_message") or text(header, "message") or text(payload, "message")
    return ServiceRefused(code, message, task_id)
