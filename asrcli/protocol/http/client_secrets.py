"""OpenAI's secrets for clients: the paths of the requests, and the answers, written by the server. No I/O, no clock."""

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError
from asrcli.protocol.http.answers import error_status
from asrcli.protocol.http.temporary_keys import TemporaryKey
from asrcli.protocol.json_messages import Json, part, text, whole
from asrcli.protocol.openai import unsupported

CLIENT_SECRETS_PATH = "/v1/realtime/client_secrets"
TRANSCRIPTION_SESSIONS_PATH = "/v1/realtime/transcription_sessions"  # of the beta shape
CLIENT_SECRET_PATHS = (CLIENT_SECRETS_PATH, TRANSCRIPTION_SESSIONS_PATH)
SECRET_PREFIX = "ek_"  # how each begins
EXPIRES_AFTER_S, DEFAULT_EXPIRES_AFTER_S = range(10, 7201), 600
STATUS_TYPES = {401: "authentication_error", 403: "permission_error", 429: unsupported.RATE, 500: unsupported.SERVER}


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """What a request asks for: the session that a client begins with, and how long the secret is valid."""

    session: Json
    expire_in_s: int
    is_beta: bool


def read_secret_request(path: str, body: Json) -> SecretRequest:
    """The request in a body of either shape.

    Raises:
        ProtocolError: the time is out of bounds, or counted from something else than now.
    """
    is_beta = path == TRANSCRIPTION_SESSIONS_PATH
    session, expiry = part(body, "session"), part(body, "expires_after")
    if is_beta:
        session, expiry = body, part(part(body, "client_secret"), "expires_at")
    anchor, seconds = text(expiry, "anchor") or "created_at", whole(expiry, "seconds")
    if anchor != "created_at":
        raise ProtocolError(f"anchor {anchor}: there is created_at")
    if seconds is None:
        seconds = DEFAULT_EXPIRES_AFTER_S
    if seconds not in EXPIRES_AFTER_S:
        raise ProtocolError(f"seconds must be from {EXPIRES_AFTER_S[0]} to {EXPIRES_AFTER_S[-1]}")
    return SecretRequest(session, seconds, is_beta)


def write_client_secret(secret: TemporaryKey, session: Json, *, is_beta: bool) -> Json:
    """The body of the answer: the secret, and the session that a client with it begins with."""
    about = {"value": secret.key.reveal(), "expires_at": secret.expires_at}
    if is_beta:
        return session | {"client_secret": about}
    return about | {"session": session}


def error_body(code: str, message: str) -> Json:
    """The body for a request that is refused."""
    kind = STATUS_TYPES.get(error_status(code), unsupported.INVALID)
    return {"error": {**unsupported.error(code, message, None, None), "type": kind}}
