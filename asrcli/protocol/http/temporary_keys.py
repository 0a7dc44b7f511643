"""Temporary keys: the path of the request, its limits, and the answer, written and read. No I/O and no clock."""

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError
from asrcli.core.settings import Secret
from asrcli.protocol.json_messages import Json, text, whole

TEMPORARY_KEYS_PATH = "/api/v1/tokens"
EXPIRY_S = range(1, 1801)
DEFAULT_EXPIRY_S = 60


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    """A temporary key, and the time at which it expires, in seconds since 1970."""

    key: Secret
    expires_at: int


def write_temporary_key(temporary_key: TemporaryKey) -> Json:
    """The body of the answer that carries a temporary key."""
    return {"token": temporary_key.key.reveal(), "expires_at": temporary_key.expires_at}


def read_temporary_key(body: Json) -> TemporaryKey:
    """The temporary key in an answer.

    Raises:
        ProtocolError: the answer has no key or no expiry. The error does not show the answer: a key may be in it.
    """
    key = text(body, "token")
    expires_at = whole(body, "expires_at")
    if not key or expires_at is None:
        raise ProtocolError("an answer without a key and its expiry")
    return TemporaryKey(Secret(key), expires_at)
