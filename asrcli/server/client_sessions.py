"""Secrets for the clients of OpenAI's wire, each with the session that its client begins with. Reads no file."""

from collections.abc import Callable

from asrcli.core.errors import ProtocolError
from asrcli.protocol.http.client_secrets import SECRET_PREFIX, SecretRequest, write_client_secret
from asrcli.protocol.json_messages import Json
from asrcli.protocol.openai.codec import OpenAIServer
from asrcli.server.api_keys import ApiKey, ApiKeys

MAX_SESSION_CHARACTERS = 10_000  # a thousand of them are kept


class ClientSessions:
    """The sessions of the secrets that are valid. As keys, secrets are temporary keys.

    Args:
        keys: Makes temporary keys, and knows which are valid.
        new_id: Makes ids.
    """

    def __init__(self, keys: ApiKeys, new_id: Callable[[], str]) -> None:
        self._keys = keys
        self._new_id = new_id
        self._sessions: dict[str, Json] = {}

    def create(self, owner: ApiKey, wanted: SecretRequest) -> Json:
        """Make a secret; returns the body of the answer.

        Raises:
            ProtocolError: this server has no such session.
            ServiceRefused: too many are still valid.
        """
        if len(str(wanted.session)) > MAX_SESSION_CHARACTERS:
            raise ProtocolError(f"a session has at most {MAX_SESSION_CHARACTERS} characters")
        session = OpenAIServer(self._new_id, "", wanted.session).described(is_beta=wanted.is_beta)
        secret = self._keys.new_temporary_key(owner, wanted.expire_in_s, SECRET_PREFIX)
        self._sessions = {each: kept for each, kept in self._sessions.items() if self._keys.is_temporary(each)}
        self._sessions[secret.key.reveal()] = wanted.session
        return write_client_secret(secret, session, is_beta=wanted.is_beta)

    def session_of(self, given: str) -> Json | None:
        """The session that a valid secret brings; None for every other key."""
        if not self._keys.is_temporary(given):
            return None
        return self._sessions.get(given.strip())
