"""Who may come in: paths, keys and the number of connections, decided at the handshake."""

import hmac
import json
import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from asrcli.core.errors import ServiceRefused
from asrcli.core.settings import Secret
from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from asrcli.protocol.http.temporary_keys import TEMPORARY_KEYS_PATH, TemporaryKey
from asrcli.server.page_origins import PageOrigins
from asrcli.transport.identifiers import new_id

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

MOST_TOKENS = 1000  # at once

SINGLE_REQUESTS = (HOTWORD_LISTS_PATH, TEMPORARY_KEYS_PATH)  # paths that are no WebSocket
POST_ONLY = "This path takes POST only."


@dataclass
class AccessControl:
    """Answers a handshake with a refusal, or lets it through. Makes temporary keys, and knows them again."""

    paths: frozenset[str]
    key: Secret | None
    max_connections: int
    connections: int = 0
    draining: bool = False
    callers: PageOrigins = field(default_factory=PageOrigins)
    clock: Callable[[], float] = time.time
    _tokens: list[TemporaryKey] = field(default_factory=list)

    def check(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """The refusal, as the service words it, or None."""
        try:
            address = urlsplit(request.path)
        except ValueError:
            return refusal(connection, HTTPStatus.NOT_FOUND, "NotFound", "That is no path.")
        if address.path.rstrip("/") in SINGLE_REQUESTS:
            return refusal(connection, HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", POST_ONLY)
        if address.path.rstrip("/") not in self.paths:
            known = ", ".join(sorted(self.paths))
            return refusal(connection, HTTPStatus.NOT_FOUND, "NotFound", f"No such path; there are {known}.")
        if objection := self.objection(request.headers.get_all):
            code, message = objection
            status = HTTPStatus.BAD_REQUEST if code == "InvalidParameter" else HTTPStatus.FORBIDDEN
            return refusal(connection, status, code, message)
        if not self.admits(request.headers.get("Authorization", ""), address.query):
            return refusal(connection, HTTPStatus.UNAUTHORIZED, "InvalidApiKey", "Invalid API-key provided.")
        if self.draining or self.connections >= self.max_connections:
            return refusal(connection, HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "Too many connections.")
        return None

    def objection(self, values: Callable[[str], Sequence[str]]) -> tuple[str, str] | None:
        """What is wrong with who asks, as a code and words; `values` gives those of a header."""
        for name in ("Authorization", "Host", "Origin"):
            if len(values(name)) > 1:
                return "InvalidParameter", f"There is more than one {name} header."
        if self.key is not None:  # whoever has it is no stranger
            return None
        origin, host = (next(iter(values(name)), None) for name in ("Origin", "Host"))
        stranger = self.callers.stranger(origin, host)
        return ("AccessDenied", stranger) if stranger else None

    def admits(self, authorization: str, query: str, *, tokens: bool = True) -> bool:
        """Whether a key is given that opens this server; with `tokens`, a temporary one does."""
        if self.key is None:
            return True
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":  # browsers cannot set the header and name the key in the address
            given = parse_qs(query).get("api_key", [""])[0]
        now = self.clock()
        keys = [self.key, *(token.key for token in self._tokens if tokens and now < token.expires_at)]
        # Each is compared, and all of it: how long that takes says nothing of the keys.
        return any([hmac.compare_digest(given.strip().encode(), key.reveal().encode()) for key in keys])  # noqa: C419

    def mint(self, expire_in_s: int) -> TemporaryKey:
        """A temporary key.

        Raises:
            ServiceRefused: too many of them are not over yet.
        """
        now = self.clock()
        self._tokens = [token for token in self._tokens if now < token.expires_at]
        if len(self._tokens) >= MOST_TOKENS:
            raise ServiceRefused("Throttling", "Too many temporary keys.")
        token = TemporaryKey(Secret(f"st-{secrets.token_hex(16)}"), math.ceil(now + expire_in_s))
        self._tokens.append(token)
        return token


def refusal(connection: "ServerConnection", status: HTTPStatus, code: str, message: str) -> "Response":
    """The answer to a handshake that gets no connection, in the service's form."""
    body = {"code": code, "message": message, "request_id": new_id()}
    response = connection.respond(status, json.dumps(body) + "\n")
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response
