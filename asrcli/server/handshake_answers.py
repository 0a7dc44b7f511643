"""HTTP answers to what begins like a handshake and becomes no WebSocket: refusals, health, single GET requests."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidHeader, InvalidMessage, InvalidStatus, SecurityError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from asrcli.server.auth import Refusal
from asrcli.server.http_api import HttpApi, HttpRequest
from asrcli.server.log_filter import REFUSED, log
from asrcli.server.monitoring import PlainAnswer
from asrcli.transport.identifiers import new_id

if TYPE_CHECKING:
    from asrcli.protocol.json_messages import Json

SUBPROTOCOL = "realtime"  # of OpenAI's wire
HANDED_ON = ("Upgrade", "Connection")
PROXY = " (a proxy in front of the server has to hand on Upgrade and Connection)"


def log_failed_handshake(failure: Exception | None) -> None:
    """Log why the library refuses a handshake. The value of a header is left out: a key may be in it."""
    if failure is None or isinstance(failure, InvalidStatus):  # it is answered here, and logged where that is done
        return
    problem = "a request that cannot be read, or is too long"
    if isinstance(failure, InvalidHeader):
        problem = f"no WebSocket handshake: {failure.name} is missing or wrong"
        if failure.name in HANDED_ON:
            problem += PROXY
    elif not isinstance(failure, InvalidMessage | SecurityError):
        problem = f"no WebSocket handshake ({type(failure).__name__})"
    log.info(REFUSED, "InvalidParameter", problem)


def chosen_protocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Choose the subprotocol of OpenAI's wire where a page offers it: a browser hangs up where nothing is chosen."""
    del connection
    return next((each for each in offered if each == SUBPROTOCOL), None)


def refusal_response(connection: ServerConnection, refusal: Refusal) -> Response:
    """Return the library's answer to a handshake that is refused, in the service's form."""
    body = {"code": refusal.code, "message": refusal.message, "request_id": new_id()}
    response = json_response(connection, refusal.status, body)
    if refusal.retry_after:
        response.headers["Retry-After"] = refusal.retry_after
    return response


def single_response(connection: ServerConnection, request: Request, http_api: HttpApi) -> Response:
    """Return the answer to a single request with GET, which the library takes for a handshake."""
    headers = tuple((name.lower(), value) for name, value in request.headers.raw_items())
    received = HttpRequest("GET", request.path, headers, b"")
    status, body = http_api.answer(received)
    response = json_response(connection, HTTPStatus(status), body)
    for name, value in http_api.cors_headers(received):
        response.headers[name] = value
    return response


def json_response(connection: ServerConnection, status: HTTPStatus, body: "Json") -> Response:
    """Return the library's answer in JSON; characters beyond ASCII are escaped, also half ones."""
    response = connection.respond(status, json.dumps(body) + "\n")
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def plain_response(connection: ServerConnection, answer: PlainAnswer) -> Response:
    """Return the library's answer in plain text."""
    response = connection.respond(answer.status, answer.body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = answer.content_type
    return response
