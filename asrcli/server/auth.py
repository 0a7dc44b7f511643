"""Decides at the handshake who may connect: paths, keys, page origins and the number of connections."""

import hmac
import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from asrcli.core.errors import ServiceRefused
from asrcli.core.settings import Secret
from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from asrcli.protocol.http.temporary_keys import TEMPORARY_KEYS_PATH, TemporaryKey
from asrcli.server.page_origins import PageOrigins

MAX_TEMPORARY_KEYS = 1000  # valid at once

HTTP_PATHS = (HOTWORD_LISTS_PATH, TEMPORARY_KEYS_PATH)  # paths of single HTTP requests
POST_ONLY = "This path takes POST only."


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a handshake that gets no connection: HTTP status, the service's code and words, and Retry-After."""

    status: HTTPStatus
    code: str
    message: str
    retry_after: str = ""  # empty: no such header


@dataclass
class AccessControl:
    """Refuses a handshake or lets it through. Makes temporary keys and accepts them later.

    Attributes:
        paths: The paths of the WebSocket wires.
        key: The key that clients must have; None when the server is open.
        max_connections: Connections at once.
        connections: Connections that are open now.
        draining: Whether the server is stopping, and refuses every new connection.
        origins: The web pages that may connect when there is no key.
        clock: Seconds since the epoch.
    """

    paths: frozenset[str]
    key: Secret | None
    max_connections: int
    connections: int = 0
    draining: bool = False
    origins: PageOrigins = field(default_factory=PageOrigins)
    clock: Callable[[], float] = time.time
    _temporary_keys: list[TemporaryKey] = field(default_factory=list)

    def check(self, target: str, header_values: Callable[[str], Sequence[str]]) -> Refusal | None:
        """Return the refusal of a handshake, in the service's words; None lets it through.

        Args:
            target: The path and query of the request.
            header_values: Returns all values of a header.
        """
        try:
            address = urlsplit(target)
        except ValueError:
            return Refusal(HTTPStatus.NOT_FOUND, "NotFound", "That is no path.")
        if address.path.rstrip("/") in HTTP_PATHS:
            return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", POST_ONLY)
        if address.path.rstrip("/") not in self.paths:
            known = ", ".join(sorted(self.paths))
            return Refusal(HTTPStatus.NOT_FOUND, "NotFound", f"No such path; there are {known}.")
        if problem := self.problem(header_values):
            code, message = problem
            status = HTTPStatus.FORBIDDEN
            if code == "InvalidParameter":
                status = HTTPStatus.BAD_REQUEST
            return Refusal(status, code, message)
        if not self.admits(next(iter(header_values("Authorization")), ""), address.query):
            return Refusal(HTTPStatus.UNAUTHORIZED, "InvalidApiKey", "Invalid API-key provided.")
        if self.draining or self.connections >= self.max_connections:
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "Too many connections.")
        return None

    def problem(self, header_values: Callable[[str], Sequence[str]]) -> tuple[str, str] | None:
        """Return a code and words when the headers do not allow the request; None when they do."""
        for name in ("Authorization", "Host", "Origin"):
            if len(header_values(name)) > 1:
                return "InvalidParameter", f"There is more than one {name} header."
        if self.key is not None:  # a client that has the key may be any page
            return None
        origin = next(iter(header_values("Origin")), None)
        host = next(iter(header_values("Host")), None)
        if problem := self.origins.problem(origin, host):
            return "AccessDenied", problem
        return None

    def admits(self, authorization: str, query: str, *, temporary: bool = True) -> bool:
        """Return whether a request has a key of this server; with `temporary`, a temporary key counts too."""
        if self.key is None:
            return True
        given = _given_key(authorization, query)
        now = self.clock()
        keys = [self.key, *(made.key for made in self._temporary_keys if temporary and now < made.expires_at)]
        # Each key is compared, and all of it, so that the time this takes says nothing about the keys.
        return any([hmac.compare_digest(given.strip().encode(), key.reveal().encode()) for key in keys])  # noqa: C419

    def new_temporary_key(self, expire_in_s: int) -> TemporaryKey:
        """Make a temporary key.

        Raises:
            ServiceRefused: too many temporary keys are still valid.
        """
        now = self.clock()
        self._temporary_keys = [made for made in self._temporary_keys if now < made.expires_at]
        if len(self._temporary_keys) >= MAX_TEMPORARY_KEYS:
            raise ServiceRefused("Throttling", "Too many temporary keys.")
        temporary_key = TemporaryKey(Secret(f"st-{secrets.token_hex(16)}"), math.ceil(now + expire_in_s))
        self._temporary_keys.append(temporary_key)
        return temporary_key


def _given_key(authorization: str, query: str) -> str:
    """Return the key of a request: behind the scheme Bearer, or alone in the header as some clients send it.

    Browsers cannot set the header, and send the key in the address.
    """
    first, _, rest = authorization.strip().partition(" ")
    if first.lower() == "bearer":
        return rest
    if first and not rest:
        return first
    return parse_qs(query).get("api_key", [""])[0]
