"""Answers single HTTP requests: hot-word lists of both kinds and temporary keys. Knows no socket and no clock."""

from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs, urlsplit

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.message import Text
from asrcli.protocol.http import answers, client_secrets, hotword_lists, phrase_lists, temporary_keys
from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from asrcli.protocol.http.phrase_lists import FINE_TUNES_PATH, is_phrase_path
from asrcli.protocol.http.temporary_keys import DEFAULT_EXPIRY_S, EXPIRY_S
from asrcli.protocol.json_messages import Json, read
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.auth import ANYBODY, GET_ONLY, HTTP_PATHS, POST_ONLY, AccessControl
from asrcli.server.client_sessions import ClientSessions
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.log_filter import REFUSED, log
from asrcli.server.monitoring import PATHS as MONITORED
from asrcli.server.monitoring import Monitoring
from asrcli.server.phrase_store import PhraseStore

KEY_PATHS = (temporary_keys.TEMPORARY_KEYS_PATH, *client_secrets.CLIENT_SECRET_PATHS)


@dataclass(frozen=True)
class HttpRequest:
    """One HTTP request, with the parts of it that are used here."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]  # names in lower case
    body: bytes

    def header_values(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for header, value in self.headers if header == name.lower()]


class HttpApi:
    """Answers requests one by one.

    Attributes:
        client_sessions: The secrets that it has made for clients of OpenAI's wire.
        monitoring: Answers what operators ask with HEAD; None where nobody does.
    """

    def __init__(
        self,
        access_control: AccessControl,
        hotword_store: HotWordStore,
        phrase_store: PhraseStore,
        new_id: Callable[[], str],
    ) -> None:
        self.monitoring: Monitoring | None = None
        self._access_control = access_control
        # A server without keys makes temporary ones too, although it never asks for them.
        self._temporary_keys = access_control.keys or ApiKeys([ANYBODY])
        self.client_sessions = ClientSessions(self._temporary_keys, new_id)
        self._hotword_store = hotword_store
        self._phrase_store = phrase_store
        self._new_id = new_id

    def answer(self, received: HttpRequest) -> tuple[int, Json]:
        """Return the status and the body of the answer; never raises."""
        request_id = self._new_id()
        try:
            if received.method == "HEAD" and self.monitoring is not None:
                known = self.monitoring.answer(received.target, received.header_values)
                if known is not None:
                    return known.status, {}
            if received.target.partition("?")[0].rstrip("/") in MONITORED:
                raise ServiceRefused("MethodNotAllowed", GET_ONLY)
            return 200, self._output(received, request_id)
        except ServiceRefused as exc:
            code, message = exc.code, exc.message
        except ProtocolError as exc:
            code, message = "InvalidParameter", exc.problem
        except Exception:
            log.exception("a bug in the server")
            code, message = "InternalError", "a bug in the server"
        log.info(REFUSED, code, message)
        if received.target.partition("?")[0].rstrip("/") in client_secrets.CLIENT_SECRET_PATHS:
            return answers.error_status(code), client_secrets.error_body(code, message)
        return self.refusal(code, message, request_id)

    def takes_get(self, target: str) -> bool:
        """Return whether a GET request for this target is answered here."""
        try:
            return is_phrase_path(urlsplit(target).path.rstrip("/"))
        except ValueError:
            return False

    def cors_headers(self, received: HttpRequest) -> list[tuple[str, str]]:
        """Return the headers by which a browser lets a page read the answer; none when its origin was not allowed."""
        origins = [origin for origin in received.header_values("origin") if self._access_control.origins.allows(origin)]
        if not origins:
            return []
        return [
            ("Access-Control-Allow-Origin", origins[0]),
            ("Access-Control-Allow-Methods", "DELETE, GET, POST"),
            ("Access-Control-Allow-Headers", "authorization, content-type"),
        ]

    def refusal(self, code: str, message: str, request_id: str = "") -> tuple[int, Json]:
        """Return the status and the body for a request that is refused before it is read."""
        return answers.error_status(code), answers.error_body(code, message, request_id or self._new_id())

    def _output(self, received: HttpRequest, request_id: str) -> Json:
        try:
            address = urlsplit(received.target)
        except ValueError:
            raise ServiceRefused("NotFound", "There is no such path.") from None
        path = address.path.rstrip("/")
        if path not in HTTP_PATHS and not is_phrase_path(path):
            raise ServiceRefused("NotFound", f"No such path; there are {', '.join((*HTTP_PATHS, FINE_TUNES_PATH))}.")
        if received.method == "OPTIONS" and self.cors_headers(received):
            return {}
        if received.method != "POST" and path in HTTP_PATHS:
            raise ServiceRefused("MethodNotAllowed", POST_ONLY)
        if problem := self._access_control.problem(received.header_values):
            raise ServiceRefused(*problem)
        authorization = next(iter(received.header_values("authorization")), "")
        # A temporary key must not make others: then it would be valid forever.
        key = self._access_control.key_of(authorization, address.query, temporary=path not in KEY_PATHS)
        if key is None:
            raise ServiceRefused("InvalidApiKey", "Invalid API-key provided.")
        if self._access_control.draining:
            raise ServiceRefused("ServiceUnavailable", "The server stops.")
        if path in KEY_PATHS:
            return self._new_key(received, path, address.query, key)
        if path == HOTWORD_LISTS_PATH:
            command = hotword_lists.read_request(_json(received))
            output = self._hotword_store.run(command)
            log.info("hot-word lists: %s done", type(command).__name__.lower())
            return answers.success_body(output, request_id)
        return self._phrases(received, address, request_id)

    def _new_key(self, received: HttpRequest, path: str, query: str, owner: ApiKey) -> Json:
        if path == temporary_keys.TEMPORARY_KEYS_PATH:
            temporary_key = self._temporary_keys.new_temporary_key(owner, _expiry_s(query))
            return temporary_keys.write_temporary_key(temporary_key)
        body: Json = {}
        if received.body:
            body = _json(received)
        return self.client_sessions.create(owner, client_secrets.read_secret_request(path, body))

    def _phrases(self, received: HttpRequest, address: SplitResult, request_id: str) -> Json:
        body: Json = {}
        if received.method == "POST":
            body = _json(received)
        command = phrase_lists.read_phrase_request(received.method, address.path.rstrip("/"), address.query, body)
        output = self._phrase_store.run(command)
        log.info("phrase lists: %s done", type(command).__name__.lower())
        return answers.success_body(output, request_id, counted=False)


def _json(received: HttpRequest) -> Json:
    try:
        return read(Text(received.body.decode("utf-8")))
    except UnicodeDecodeError:
        raise ProtocolError("not UTF-8") from None


def _expiry_s(query: str) -> int:
    text = parse_qs(query).get("expire_in_seconds", [str(DEFAULT_EXPIRY_S)])[0]
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) in EXPIRY_S):
        raise ServiceRefused("InvalidParameter", f"expire_in_seconds must be from {EXPIRY_S[0]} to {EXPIRY_S[-1]}")
    return int(text)
