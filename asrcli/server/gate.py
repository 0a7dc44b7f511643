"""Who may come in: paths, keys and the number of connections, decided at the handshake."""

import hmac
import json
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from asrcli.config import Secret

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response


@dataclass
class Gate:
    """Answers a handshake with a refusal, or lets it through."""

    paths: frozenset[str]
    key: Secret | None
    max_connections: int
    connections: int = 0
    draining: bool = False

    def check(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """The refusal, as the service words it, or None."""
        address = urlsplit(request.path)
        if address.path.rstrip("/") not in self.paths:
            known = ", ".join(sorted(self.paths))
            return refusal(connection, HTTPStatus.NOT_FOUND, "NotFound", f"No such path; there are {known}.")
        if not self._may(request.headers.get("Authorization", ""), address.query):
            return refusal(connection, HTTPStatus.UNAUTHORIZED, "InvalidApiKey", "Invalid API-key provided.")
        if self.draining or self.connections >= self.max_connections:
            return refusal(connection, HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "Too many connections.")
        return None

    def _may(self, authorization: str, query: str) -> bool:
        if self.key is None:
            return True
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":  # browsers cannot set the header and name the key in the address
            given = parse_qs(query).get("api_key", [""])[0]
        return hmac.compare_digest(given.strip().encode(), self.key.reveal().encode())


def refusal(connection: "ServerConnection", status: HTTPStatus, code: str, message: str) -> "Response":
    """The answer to a handshake that gets no connection, in the service's form."""
    body = {"code": code, "message": message, "request_id": str(uuid.uuid4())}
    response = connection.respond(status, json.dumps(body) + "\n")
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response
