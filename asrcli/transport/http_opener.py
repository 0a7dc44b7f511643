"""Openers for single HTTP requests. They follow no redirection, and connect as `tcp_connection` does."""

import ssl
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request

from asrcli.transport.tcp_connection import connect


def new_opener(tls: ssl.SSLContext | None, response: type[HTTPResponse] = HTTPResponse) -> OpenerDirector:
    """Return an opener for http:// and, with a TLS context, https://. Its requests must have a timeout.

    Args:
        tls: What checks the certificate; None for http:// only.
        response: The class that reads the responses.
    """
    opener = OpenerDirector()  # without the handlers that would follow redirections
    opener.add_handler(_Plain(response))
    if tls is not None:
        opener.add_handler(_Encrypted(tls, response))
    return opener


def new_connection(host: str, port: int, timeout_s: float) -> HTTPConnection:
    """Return an HTTP connection that is not open yet."""
    connection = HTTPConnection(host, port, timeout=timeout_s)
    _with_connect(connection, HTTPResponse)
    return connection


def _with_connect(connection: Any, response: type[HTTPResponse]) -> Any:
    """Let a connection of the library be opened by `connect`, and read by a class of responses; returns it."""

    def opened(address: tuple[str, int], timeout_s: float, _source: object = None) -> Any:
        return connect(address, timeout_s)

    connection._create_connection = opened
    connection.response_class = response
    return connection


class _Plain(HTTPHandler):
    def __init__(self, response: type[HTTPResponse]) -> None:
        super().__init__()
        self._response = response

    def http_open(self, req: Request) -> HTTPResponse:
        """Send a request."""
        return self.do_open(lambda *args, **more: _with_connect(HTTPConnection(*args, **more), self._response), req)


class _Encrypted(HTTPSHandler):
    def __init__(self, tls: ssl.SSLContext, response: type[HTTPResponse]) -> None:
        super().__init__(context=tls)
        self._tls, self._response = tls, response

    def https_open(self, req: Request) -> HTTPResponse:
        """Send a request over TLS."""
        return self.do_open(
            lambda *args, **more: _with_connect(HTTPSConnection(*args, **more), self._response), req, context=self._tls
        )
