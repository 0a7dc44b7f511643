"""Openers for single HTTP requests. They follow no redirection, and connect as `tcp_connection` does."""

import ssl
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request

from asrcli.transport.tcp_connection import connect


def new_opener(tls: ssl.SSLContext | None) -> OpenerDirector:
    """Return an opener for http:// and, with a TLS context, https://. Its requests must have a timeout."""
    opener = OpenerDirector()  # without the handlers that would follow redirections
    opener.add_handler(_Plain())
    if tls is not None:
        opener.add_handler(_Encrypted(tls))
    return opener


def new_connection(host: str, port: int, timeout_s: float) -> HTTPConnection:
    """Return an HTTP connection that is not open yet."""
    connection = HTTPConnection(host, port, timeout=timeout_s)
    _with_connect(connection)
    return connection


def _with_connect(connection: Any) -> Any:
    """Let a connection of the library be opened by `connect`; returns it."""

    def opened(address: tuple[str, int], timeout_s: float, _source: object = None) -> Any:
        return connect(address, timeout_s)

    connection._create_connection = opened
    return connection


class _Plain(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        """Send a request."""
        return self.do_open(lambda *args, **more: _with_connect(HTTPConnection(*args, **more)), req)


class _Encrypted(HTTPSHandler):
    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(context=tls)
        self._tls = tls

    def https_open(self, req: Request) -> HTTPResponse:
        """Send a request over TLS."""
        return self.do_open(lambda *args, **more: _with_connect(HTTPSConnection(*args, **more)), req, context=self._tls)
