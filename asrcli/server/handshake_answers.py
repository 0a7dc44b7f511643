"""HTTP answers to what begins like a handshake and becomes no WebSocket: refusals, health, single GET requests."""

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Response

from asrcli.server.auth import Refusal
from asrcli.server.monitoring import PlainAnswer
from asrcli.transport.identifiers import new_id

if TYPE_CHECKING:
    from asrcli.protocol.json_messages import Json


def refusal_response(connection: ServerConnection, refusal: Refusal) -> Response:
    """Return the library's answer to a handshake that is refused, in the service's form."""
    body = {"code": refusal.code, "message": refusal.message, "request_id": new_id()}
    response = json_response(connection, refusal.status, body)
    if refusal.retry_after:
        response.headers["Retry-After"] = refusal.retry_after
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
