"""Decides at the handshake who may connect: paths, keys, page origins and the number of connections."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from asrcli.core.dataclass import dataclass, field
from asrcli.core.settings import Secret
from asrcli.protocol.http.client_secrets import CLIENT_SECRET_PATHS
from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from asrcli.protocol.http.temporary_keys import TEMPORARY_KEYS_PATH
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.page_origins import PageOrigins

HTTP_PATHS = (HOTWORD_LISTS_PATH, TEMPORARY_KEYS_PATH, *CLIENT_SECRET_PATHS)  # paths of single HTTP requests
POST_ONLY = "This path takes POST only."
GET_ONLY = "This path takes GET only."
KEY_PROTOCOL = "openai-insecure-api-key."  # a page that speaks OpenAI's wire offers its key as a subprotocol
RETRY_AFTER = "1"  # seconds, for a client that is refused because there are too many others
ANYBODY = ApiKey("", Secret(""))  # stands for every client of a server without keys


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a handshake that gets no connection: HTTP status, the service's code and words, and Retry-After."""

    status: HTTPStatus
    code: str
    message: str
    retry_after: str = ""  # empty: no such header


@dataclass
class AccessControl:
    """Refuses a handshake or lets it through.

    Attributes:
        paths: The paths of the WebSocket wires.
        keys: The keys that clients must have; None when the server is open.
        max_connections: Connections at once.
        connections: Connections that are open now.
        draining: Whether the server is stopping, and refuses every new connection.
        origins: The web pages that may connect when there is no key.
    """

    paths: frozenset[str]
    keys: ApiKeys | None
    max_connections: int
    connections: int = 0
    draining: bool = False
    origins: PageOrigins = field(default_factory=PageOrigins)

    def check(self, target: str, header_values: Callable[[str], Sequence[str]]) -> Refusal | ApiKey:
        """Return the refusal of a handshake, in the service's words; or the key that lets it through.

        Args:
            target: The path and query of the request.
            header_values: Returns all values of a header.
        """
        try:
            address = urlsplit(target)
        except ValueError:
            return Refusal(HTTPStatus.NOT_FOUND, "NotFound", "There is no such path.")
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
        key = self._find(given_key(target, header_values))
        if key is None:
            return Refusal(HTTPStatus.UNAUTHORIZED, "InvalidApiKey", "Invalid API-key provided.")
        free = self.max_connections - self.connections
        if self.keys is not None:
            free -= self.keys.kept_for_others(key, self.max_connections)
        if self.draining or free <= 0:
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "Too many connections.", RETRY_AFTER)
        if self.keys is not None and not self.keys.has_room(key):
            message = "Too many connections with this key."
            return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Throttling", message, RETRY_AFTER)
        return key

    def problem(self, header_values: Callable[[str], Sequence[str]]) -> tuple[str, str] | None:
        """Return a code and words when the headers do not allow the request; None when they do."""
        for name in ("Authorization", "Host", "Origin"):
            if len(header_values(name)) > 1:
                return "InvalidParameter", f"There is more than one {name} header."
        if self.keys is not None:  # a client that has the key may be any page
            return None
        origin = next(iter(header_values("Origin")), None)
        host = next(iter(header_values("Host")), None)
        if problem := self.origins.problem(origin, host):
            return "AccessDenied", problem
        return None

    def key_of(self, authorization: str, query: str, *, temporary: bool = True) -> ApiKey | None:
        """Return the key of a request, ANYBODY on an open server, or None; with `temporary`, temporary keys count."""
        return self._find(_given_key(authorization, query), temporary=temporary)

    def _find(self, given: str, *, temporary: bool = True) -> ApiKey | None:
        if self.keys is None:
            return ANYBODY
        return self.keys.find(given, temporary=temporary)

    def opened(self, key: ApiKey) -> None:
        """Count a connection."""
        self.connections += 1
        if self.keys is not None:
            self.keys.opened(key)

    def closed(self, key: ApiKey) -> None:
        """Count a connection that has ended."""
        self.connections -= 1
        if self.keys is not None:
            self.keys.closed(key)

    def begin_task(self, key: ApiKey) -> bool:
        """Count a task that begins now; False if its key has begun too many."""
        return self.keys is None or self.keys.begin_task(key)


def given_key(target: str, header_values: Callable[[str], Sequence[str]]) -> str:
    """Return the key of a handshake, as `_given_key`, or as a page gives it that can set no header; else empty."""
    offered = [each.strip() for value in header_values("Sec-WebSocket-Protocol") for each in value.split(",")]
    keys = [each.removeprefix(KEY_PROTOCOL) for each in offered if each.startswith(KEY_PROTOCOL)]
    return _given_key(next(iter(header_values("Authorization")), ""), urlsplit(target).query) or next(iter(keys), "")


def _given_key(authorization: str, query: str) -> str:
    """Return the key of a request: after the scheme Bearer, or alone in the header as some clients send it.

    Browsers cannot set the header, and send the key in the address.
    """
    first, _, rest = authorization.strip().partition(" ")
    if first.lower() == "bearer":
        return rest
    if first and not rest:
        return first
    return parse_qs(query).get("api_key", [""])[0]
