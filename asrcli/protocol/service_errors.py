"""Reads the error events of all wires, in the forms that services send. Pure."""

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.protocol.json_messages import Json, part, text, word

REQUEST_ERROR = "invalid_request_error"  # the type of errors after which a session can go on
# Error codes that begin so concern one request and leave the session usable.
_REQUEST_PREFIXES = ("invalid_value", "input_audio_buffer", "unknown_", "missing_", "conversation_", "response_")
# Error codes that begin so end the session where the error has no type.
_SESSION_PREFIXES = (
    "accessdenied", "access_denied", "allocationquota", "arrearage", "insufficient_quota", "internal", "invalidapikey",
    "invalid_api_key", "limit_", "model", "rate_limit", "requesttimeout", "server_error", "service", "session_expired",
    "systemerror", "throttling",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServiceError:
    """An error event of the realtime wire. `about` is the id of the client event that caused it, or empty."""

    code: str
    message: str
    kind: str = ""
    about: str = ""

    @property
    def words(self) -> str:
        """Code and message, without the one that is missing."""
        return ": ".join(filter(None, (self.code, self.message)))

    @property
    def ends_session(self) -> bool:
        """Whether the session cannot go on. An error that names no reason for that leaves it usable."""
        code = self.code.casefold()
        if self.kind.startswith("invalid") or code.startswith(_REQUEST_PREFIXES):
            return False
        return bool(self.kind) or code.startswith(_SESSION_PREFIXES)

    @property
    def is_of_commit(self) -> bool:
        """Whether the error is about a commit, or about a buffer with too little audio."""
        words = self.words.casefold()
        return "commit" in words or ("buffer" in words and any(hint in words for hint in ("empty", "small", "short")))

    @property
    def is_of_finish(self) -> bool:
        """Whether the error is about session.finish, or about an event whose type is unknown."""
        words = self.words.casefold()
        unknown = any(hint in words for hint in ("invalid", "unknown", "unsupported", "not supported", "unrecognized"))
        return "session.finish" in words or (unknown and "event" in words)


def refused_session(error: ServiceError, task_id: str) -> ServiceRefused:
    """The error that ends a session."""
    refused = ServiceRefused(error.code, error.message, task_id)
    refused.kind = error.kind
    return refused


def read_service_error(value: Json) -> ServiceError:
    """The error in an error event: in an object, in a text, or in fields of the event itself.

    Raises:
        ProtocolError: the event has neither a code nor a message.
    """
    error = value.get("error")
    if isinstance(error, str) and error.strip():
        return ServiceError(word(value, "code"), error)
    fields = part(value, "error") or value
    kind, message = text(part(value, "error"), "type"), text(fields, "message") or text(fields, "error")
    code = word(fields, "code") or kind
    if not code and not message:
        raise ProtocolError("an error without a message")
    return ServiceError(code, message, kind, text(part(value, "error"), "event_id"))


def error_object(code: str, problem: str, param: str | None, event_id: str | None) -> Json:
    """The object of an error event, as a server of the realtime wire writes it.

    Args:
        code: The code that our server uses on all wires.
        problem: What is wrong.
        param: The wrong field of the client event.
        event_id: The id of that event.
    """
    kind = REQUEST_ERROR
    if code.startswith("InternalError"):
        kind = "server_error"
    elif code.startswith("Throttling"):
        kind = "rate_limit_error"
    elif code == "InvalidParameter":
        code = "invalid_value"
    return {"type": kind, "code": code, "message": problem, "param": param, "event_id": event_id}


def reason_of(what: str, reason: str) -> str:
    """What happened, and the reason where it is known."""
    if reason:
        return f"{what}: {reason}"
    return what


def read_reason(value: Json) -> str:
    """The reason in an event about one item: code and message, or a text; empty if there is none."""
    error = part(value, "error")
    return ": ".join(filter(None, (word(error, "code"), text(error, "message")))) or text(value, "error")


def refused_task(value: Json, task_id: str) -> ServiceRefused:
    """The error in task-failed: its code and its message, in the header or in the payload."""
    header, payload = part(value, "header"), part(value, "payload")
    code = word(header, "error_code") or word(header, "code") or word(payload, "code")
    message = text(header, "error_message") or text(header, "message") or text(payload, "message")
    return ServiceRefused(code, message, task_id)
