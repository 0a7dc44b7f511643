"""Reads and answers HTTP requests that are not WebSocket handshakes: one for each connection, small, within seconds."""

import asyncio
import json
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11

from asrcli import __version__
from asrcli.server.auth import RETRY_AFTER
from asrcli.server.http_api import HttpApi, HttpRequest
from asrcli.server.pending_requests import Peer, PendingRequests

if TYPE_CHECKING:
    from asrcli.protocol.json_messages import Json

MAX_BODY_BYTES = 1 << 20
TOO_LARGE = f"A body has at most {MAX_BODY_BYTES} bytes."
MAX_HEADER_BYTES = 16 << 10
WITHIN_S = 8  # for a whole request; after 10 s websockets cuts a connection that has not become a WebSocket
MAX_REQUESTS = 64  # at once
BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class SingleRequests:
    """The single requests of all clients.

    Attributes:
        exchanges: All of them.
        reading: Those that are not whole yet.
        answered: Those that were answered before they were whole, whose clients may still read the answer.
    """

    def __init__(self) -> None:
        self.exchanges: set[HttpExchange] = set()
        self.reading = PendingRequests(MAX_REQUESTS)
        self.answered = PendingRequests(MAX_REQUESTS)


class HttpExchange(asyncio.Protocol):
    """One HTTP request and its answer; what is answered comes from HttpApi."""

    def __init__(self, transport: asyncio.Transport, http_api: HttpApi, requests: SingleRequests, peer: Peer) -> None:
        self._transport = transport
        self._http_api = http_api
        self._requests = requests
        self._peer = peer
        self._http = h11.Connection(h11.SERVER, MAX_HEADER_BYTES)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._complete = self._answered = False
        self._timeout = asyncio.get_running_loop().call_later(WITHIN_S, self._refuse, "RequestTimeOut", "Too slow.")
        requests.exchanges.add(self)
        requests.reading.enter(peer, partial(self._refuse, "ServiceUnavailable", "Too many connections."))

    def data_received(self, data: bytes) -> None:
        """Take a piece of the request; after the answer it is ignored."""
        self._parse(data)

    def eof_received(self) -> None:
        """Take the end of what the client sends: a request that is not complete is refused."""
        self._parse(b"")
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up after the connection."""
        del exc
        self._timeout.cancel()
        self._requests.exchanges.discard(self)
        self._requests.reading.leave(self._peer)
        self._requests.answered.leave(self._peer)

    def abandon(self) -> None:
        """End the connection without an answer."""
        self._transport.abort()

    def _parse(self, data: bytes) -> None:
        try:
            if not self._answered:
                self._http.receive_data(data)
            while not self._answered and (event := self._http.next_event()) is not h11.NEED_DATA:
                self._take(event)
        except h11.RemoteProtocolError as exc:
            self._refuse("InvalidParameter", f"Not HTTP: {exc}")

    def _take(self, event: Any) -> None:
        if isinstance(event, h11.Request):
            self._request = event
            if _promised_bytes(event) > MAX_BODY_BYTES:  # before the client sends it
                self._refuse("RequestTooLarge", TOO_LARGE)
            elif self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=100, headers=[]))
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MAX_BODY_BYTES:
                self._refuse("RequestTooLarge", TOO_LARGE)
        elif isinstance(event, h11.EndOfMessage) and self._request is not None:
            self._complete = True
            self._answer(*self._http_api.answer(self._http_request(bytes(self._body))))
        elif isinstance(event, h11.ConnectionClosed):
            self._answered = True

    def _http_request(self, body: bytes = b"") -> HttpRequest:
        assert self._request is not None  # noqa: S101  called only after the head of the request
        headers = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in self._request.headers)
        return HttpRequest(self._request.method.decode("ascii"), self._request.target.decode("ascii"), headers, body)

    def _refuse(self, code: str, message: str) -> None:
        if self._answered:
            self.abandon()
        else:
            self._answer(*self._http_api.refusal(code, message))

    def _answer(self, status: int, body: "Json") -> None:
        self._answered = True
        self._requests.reading.leave(self._peer)
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            ("Connection", "close"),
            ("Server", f"asrcli/{__version__}"),
        ]
        if status in BUSY:
            headers.append(("Retry-After", RETRY_AFTER))
        if self._request is not None:
            headers += self._http_api.cors_headers(self._http_request())
        self._send(h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()))
        if self._request is None or self._request.method != b"HEAD":
            self._send(h11.Data(data=data))
        self._send(h11.EndOfMessage())
        if self._complete:
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()  # the client still sends: after a close it could lose the answer
            self._requests.answered.enter(self._peer, self.abandon)

    def _send(self, event: Any) -> None:
        data = self._http.send(event)
        if data:
            self._transport.write(data)


def _promised_bytes(request: h11.Request) -> int:
    """Return how long the body will be by its header, of which h11 takes one with decimal digits; 0 without it."""
    return max((int(value) for name, value in request.headers if name == b"content-length"), default=0)


def plain_answer(status: int, body: "Json") -> bytes:
    """Return the bytes of an answer to a connection that h11 has not read."""
    data = json.dumps(body).encode() + b"\n"
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    if status in BUSY:
        head += f"Retry-After: {RETRY_AFTER}\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


TURNED_AWAY = plain_answer(
    HTTPStatus.SERVICE_UNAVAILABLE, {"code": "ServiceUnavailable", "message": "Too many connections."}
)
