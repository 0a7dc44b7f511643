"""What is answered to single requests: hot-word lists and temporary keys. Knows no HTTP beyond a status, no clock."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.message import Text
from asrcli.protocol.http import answers, hotword_lists, temporary_keys
from asrcli.protocol.http.temporary_keys import DEFAULT_EXPIRY_S, EXPIRY_S
from asrcli.protocol.json_messages import Json, read
from asrcli.server.auth import POST_ONLY, SINGLE_REQUESTS, AccessControl
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.log_filter import REFUSED, log


@dataclass(frozen=True)
class HttpRequest:
    """One request, with as much of it as anybody here reads."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]  # names in lower case
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for header, value in self.headers if header == name.lower()]


class HttpApi:
    """Takes requests one by one."""

    def __init__(self, access_control: AccessControl, vocabularies: HotWordStore, new_id: Callable[[], str]) -> None:
        self._gate, self._vocabularies, self._new_id = access_control, vocabularies, new_id

    def answer(self, received: HttpRequest) -> tuple[int, Json]:
        """The status and the body of the answer, whatever came."""
        request_id = self._new_id()
        try:
            return 200, self._done(received, request_id)
        except ServiceRefused as exc:
            code, message = exc.code, exc.message
        except ProtocolError as exc:
            code, message = "InvalidParameter", exc.problem
        except Exception:
            log.exception("a bug in the server")
            code, message = "InternalError", "a bug in the server"
        log.info(REFUSED, code, message)
        return self.refusal(code, message, request_id)

    def shared_with(self, received: HttpRequest) -> list[tuple[str, str]]:
        """The headers by which a browser lets a page read the answer, where its origin was allowed."""
        origins = [origin for origin in received.all("origin") if self._gate.callers.allows(origin)]
        names = ("Origin", "Methods", "Headers")
        values = (*origins[:1], "POST", "authorization, content-type")
        return (
            [(f"Access-Control-Allow-{name}", value) for name, value in zip(names, values, strict=True)]
            if origins
            else []
        )

    def refusal(self, code: str, message: str, request_id: str = "") -> tuple[int, Json]:
        """The answer to a request that is not even read."""
        return answers.error_status(code), answers.error_body(code, message, request_id or self._new_id())

    def _done(self, received: HttpRequest, request_id: str) -> Json:
        try:
            address = urlsplit(received.target)
        except ValueError:
            raise ServiceRefused("NotFound", "That is no path.") from None
        path = address.path.rstrip("/")
        if path not in SINGLE_REQUESTS:
            raise ServiceRefused("NotFound", f"No such path; there are {' and '.join(SINGLE_REQUESTS)}.")
        if received.method == "OPTIONS" and self.shared_with(received):
            return {}
        if received.method != "POST":
            raise ServiceRefused("MethodNotAllowed", POST_ONLY)
        if objection := self._gate.objection(received.all):
            raise ServiceRefused(*objection)
        authorization = next(iter(received.all("authorization")), "")
        mints = path == temporary_keys.TEMPORARY_KEYS_PATH
        # A temporary key that makes others would be no temporary one.
        if not self._gate.admits(authorization, address.query, tokens=not mints):
            raise ServiceRefused("InvalidApiKey", "Invalid API-key provided.")
        if self._gate.draining:
            raise ServiceRefused("ServiceUnavailable", "The server stops.")
        if mints:
            return temporary_keys.write_temporary_key(self._gate.mint(_expiry_s(address.query)))
        try:
            body = read(Text(received.body.decode("utf-8")))
        except UnicodeDecodeError:
            raise ProtocolError("not UTF-8") from None
        asked = hotword_lists.read_request(body)
        output = self._vocabularies.do(asked)
        log.info("hot-word lists: %s done", type(asked).__name__.lower())
        return answers.success_body(output, request_id)


def _expiry_s(query: str) -> int:
    said = parse_qs(query).get("expire_in_seconds", [str(DEFAULT_EXPIRY_S)])[0]
    if not (said.isascii() and said.isdecimal() and len(said) < 10 and int(said) in EXPIRY_S):
        raise ServiceRefused("InvalidParameter", f"expire_in_seconds must be from {EXPIRY_S[0]} to {EXPIRY_S[-1]}")
    return int(said)
