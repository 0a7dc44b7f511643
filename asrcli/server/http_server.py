"""Requests that are no WebSocket handshake: one a connection, small, and soon. What is answered is for the desk."""

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11

from asrcli import __version__
from asrcli.server.http_api import HttpApi, HttpRequest

if TYPE_CHECKING:
    from asrcli.protocol.json_messages import Json

MOST_BYTES = 1 << 20  # of a body
MOST_HEADER_BYTES = 16 << 10
WITHIN_S = 8  # of the 10 s after which websockets cuts a connection that has not become a WebSocket
MOST_REQUESTS = 64  # at once


class HttpExchange(asyncio.Protocol):
    """One request and its answer."""

    def __init__(self, transport: asyncio.Transport, http_api: HttpApi, open_requests: "set[HttpExchange]") -> None:
        self._transport, self._http_api, self._open_requests = transport, http_api, open_requests
        self._http = h11.Connection(h11.SERVER, MOST_HEADER_BYTES)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._whole = self._answered = False
        self._late = asyncio.get_running_loop().call_later(WITHIN_S, self._refuse, "RequestTimeOut", "Too slow.")
        open_requests.add(self)
        if len(open_requests) > MOST_REQUESTS:
            self._refuse("ServiceUnavailable", "Too many connections.")

    def data_received(self, data: bytes) -> None:
        """A piece of the request; behind the answer nothing is heard."""
        self._parse(data)

    def eof_received(self) -> None:
        """No more will come: a request without its end is none."""
        self._parse(b"")
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, for whatever reason."""
        del exc
        self._late.cancel()
        self._open_requests.discard(self)

    def abandon(self) -> None:
        """Answer nothing any more."""
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
            if self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=100, headers=[]))
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MOST_BYTES:
                self._refuse("RequestTooLarge", f"A body has at most {MOST_BYTES} bytes.")
        elif isinstance(event, h11.EndOfMessage) and self._request is not None:
            self._whole = True
            self._answer(*self._http_api.answer(self._received(bytes(self._body))))
        elif isinstance(event, h11.ConnectionClosed):
            self._answered = True

    def _received(self, body: bytes = b"") -> HttpRequest:
        assert self._request is not None  # noqa: S101  only what has come is handed on
        headers = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in self._request.headers)
        return HttpRequest(self._request.method.decode("ascii"), self._request.target.decode("ascii"), headers, body)

    def _refuse(self, code: str, message: str) -> None:
        if self._answered:
            self.abandon()
        else:
            self._answer(*self._http_api.refusal(code, message))

    def _answer(self, status: int, body: "Json") -> None:
        self._answered = True
        said = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(said))),
            ("Connection", "close"),
            ("Server", f"asrcli/{__version__}"),
            *(() if self._request is None else self._http_api.shared_with(self._received())),
        ]
        self._send(h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()))
        if self._request is None or self._request.method != b"HEAD":
            self._send(h11.Data(data=said))
        self._send(h11.EndOfMessage())
        if self._whole:
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()  # a close would take the answer from who is still in the middle of a request

    def _send(self, event: Any) -> None:
        data = self._http.send(event)
        if data:
            self._transport.write(data)


def plain_answer(status: int, body: "Json") -> bytes:
    """An answer to what h11 has not read."""
    said = json.dumps(body).encode() + b"\n"
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(said)}\r\n\r\n".encode() + said
