"""The answers of the server codec to unsupported requests: errors in the form of the service, and failed responses."""

from asrcli.protocol.json_messages import Json

NO_RESPONSES = "This server transcribes only: it makes no responses. Transcripts of the input audio are sent."
CONVERSATION_CODE = "response_not_supported"  # of each error about a conversation
INVALID, SERVER, RATE = "invalid_request_error", "server_error", "rate_limit_error"
# Type and code of an error by the code that the server uses on all wires; other codes stay as they are.
_ERRORS = {
    "InvalidParameter": (INVALID, "invalid_value"),
    "InternalError": (SERVER, "server_error"),
    "Throttling": (RATE, "rate_limit_exceeded"),
    "Throttling.RateQuota": (RATE, "rate_limit_exceeded"),
}
_CONVERSATION = ("conversation.", "response.", "output_audio_buffer.")


def is_about_conversation(name: str) -> bool:
    """Whether a client event asks for what only a server that answers can do."""
    return name.startswith(_CONVERSATION)


def error(code: str, problem: str, param: str | None, event_id: str | None) -> Json:
    """The object of an error event; `event_id` is that of the client event that caused it."""
    kind, code = _ERRORS.get(code, (INVALID, code))
    return {"type": kind, "code": code, "message": problem, "param": param, "event_id": event_id}


def response(response_id: str, *, failed: bool) -> Json:
    """The object of a response that has begun, and of the same one when it has failed."""
    status, details = "in_progress", None
    if failed:
        why = {"type": INVALID, "code": CONVERSATION_CODE, "message": NO_RESPONSES}
        status, details = "failed", {"type": "failed", "error": why}
    return {
        "object": "realtime.response", "id": response_id, "status": status, "status_details": details, "output": [],
        "conversation_id": None, "output_modalities": ["text"], "max_output_tokens": "inf", "usage": None,
        "metadata": None,
    }  # fmt: skip
