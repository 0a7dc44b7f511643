"""A small server for the captions page, on the loopback interface only, with a thread and an event loop of its own."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from http import HTTPStatus
from importlib.resources import files
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from asrcli.core.causes import Cause
from asrcli.core.errors import UsageError, system_reason
from asrcli.outputs.caption_page import ENDED, CaptionsNow, CaptionUpdate
from asrcli.server.captions.caption_history import CaptionHistory
from asrcli.server.listening_sockets import listen, listening_cause
from asrcli.server.page_origins import PageOrigins
from asrcli.server.pending_requests import PendingRequests
from asrcli.transport.io_thread import run_in_loop

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

LOOPBACK = "127.0.0.1"
FEED = "/feed"
ASSETS = {
    "/": ("page.html", "text/html"),
    "/captions.css": ("captions.css", "text/css"),
    "/captions.js": ("captions.js", "text/javascript"),
}
MOST_PAGES = 100
MOST_PENDING = 64  # that have not sent a whole request: however many come, the run keeps files for itself
REQUEST_WITHIN_S = 10.0  # a whole request
EVERY_S = 0.03  # a page gets at most one message in this time: more often than a person can see
FAREWELL_S = 0.5  # how long the pages have at the end to take the last lines
JOIN_S = 3.0
MOST_MESSAGE_BYTES = 1024  # pages send nothing
WAITING_BYTES = 64 << 10  # more than this is not held for a page that does not read
log = logging.getLogger("asrcli.captions")


class CaptionServer:
    """Serves the captions of one run. `publish` may be called from any thread, and never waits.

    Args:
        port: The port to listen at; 0 takes a free one.
        every_s: How long a page waits between two messages.
    """

    def __init__(self, port: int, every_s: float = EVERY_S) -> None:
        self._port = port
        self._every_s = every_s
        self._history = CaptionHistory(secrets.token_hex(8))
        self._origins = PageOrigins(LOOPBACK)
        self._assets: dict[str, tuple[bytes, str]] = {}
        self._pages: set[_Page] = set()
        self._pending = PendingRequests(MOST_PENDING)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: Thread | None = None
        self.url = ""

    def start(self) -> str:
        """Listen; returns the address of the page.

        Raises:
            UsageError: the port cannot be listened at.
        """
        folder = files(__package__)
        self._assets = {path: (folder.joinpath(name).read_bytes(), kind) for path, (name, kind) in ASSETS.items()}
        ready: Future[str] = Future()
        self._thread = Thread(
            target=run_in_loop, args=(lambda: self._serve(ready), ready), name="captions", daemon=True
        )
        self._thread.start()
        self.url = ready.result()
        return self.url

    def publish(self, update: CaptionUpdate) -> None:
        """Show an update on all pages, soon. After `close` nothing is shown any more."""
        self._call(lambda: self._take(update))

    def close(self) -> None:
        """Let the pages take the last lines, for half a second at most, and end the server."""
        if self._stopping is not None:
            self._call(self._stopping.set)
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def _call(self, function: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function)

    def _take(self, update: CaptionUpdate) -> None:
        self._history.apply(update)
        for page in self._pages:
            page.changed.set()

    async def _serve(self, ready: "Future[str]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            server = await self._listening()
        except BaseException as exc:  # the caller waits for the address or for an exception
            ready.set_exception(exc)
            return
        ready.set_result(f"http://{LOOPBACK}:{self._port}/")
        await self._stopping.wait()
        await self._end(server)

    async def _listening(self) -> "Server":
        try:
            (socket,) = await listen(LOOPBACK, self._port, self._pending)
        except OSError as exc:
            problem = f"captions cannot be served at port {self._port}: {system_reason(exc).lower()}"
            raise UsageError(problem, cause=listening_cause(LOOPBACK, exc, Cause.CAPTION_PORT)) from exc
        self._port = socket.getsockname()[1]
        return await serve(
            self._show, sock=socket, process_request=self._answer, compression=None, max_size=MOST_MESSAGE_BYTES,
            write_limit=WAITING_BYTES, open_timeout=REQUEST_WITHIN_S, close_timeout=FAREWELL_S, server_header=None,
            logger=log,
        )  # fmt: skip

    async def _end(self, server: "Server") -> None:
        self._history.apply(CaptionsNow(state=ENDED))
        for page in self._pages:
            page.changed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                while any(page.version != self._history.version for page in self._pages):
                    await asyncio.sleep(self._every_s / 3)
        for page in list(self._pages):
            if page.version != self._history.version:
                page.connection.transport.abort()  # a browser that stands still would hold up the end
        server.close()
        await server.wait_closed()

    def _answer(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """Answer a request for a file of the page; None lets the feed begin."""
        self._pending.leave(connection.remote_address)
        path = request.path.partition("?")[0]
        hosts, origins = request.headers.get_all("Host"), request.headers.get_all("Origin")
        if (
            len(hosts) > 1
            or len(origins) > 1
            or self._origins.problem(next(iter(origins), None), next(iter(hosts), None))
        ):
            return self._response(connection, HTTPStatus.FORBIDDEN, b"This page is for this machine only.\n")
        if path == FEED and "upgrade" in request.headers.get("Connection", "").lower():
            if len(self._pages) >= MOST_PAGES:
                return self._response(connection, HTTPStatus.SERVICE_UNAVAILABLE, b"Too many pages are open.\n")
            return None
        if path not in self._assets:
            return self._response(connection, HTTPStatus.NOT_FOUND, b"Not here. The captions are at /\n")
        body, kind = self._assets[path]
        return self._response(connection, HTTPStatus.OK, body, kind)

    def _response(
        self, connection: "ServerConnection", status: HTTPStatus, body: bytes, kind: str = "text/plain"
    ) -> "Response":
        response = connection.respond(status, "")
        response.body = body
        sockets = " ".join(f"ws://{name}:{self._port}" for name in (LOOPBACK, "localhost"))
        for name in ("Content-Length", "Content-Type"):
            del response.headers[name]
        response.headers.update(
            {
                "Content-Length": str(len(body)),
                "Content-Type": f"{kind}; charset=utf-8",
                "Cache-Control": "no-store",
                "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
                f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            }
        )
        return response

    async def _show(self, connection: "ServerConnection") -> None:
        """Send a page its missing lines and the state whenever something has changed, as fast as it reads."""
        assert connection.request is not None  # noqa: S101  the handshake is over
        run_id, number = _last_seen(connection.request.path)
        page = _Page(connection, number)
        reset = not self._history.knows(run_id, number)
        closed = asyncio.create_task(connection.wait_closed())
        closed.add_done_callback(lambda _: page.changed.set())
        self._pages.add(page)
        try:
            while not closed.done():
                page.changed.clear()
                version, last = self._history.version, self._history.last
                await connection.send(self._history.message(page.number, reset=reset), text=True)
                page.version, page.number = version, last
                await asyncio.sleep(self._every_s)
                await page.changed.wait()
                reset = not self._history.reaches(page.number)
        except ConnectionClosed:
            pass
        finally:
            self._pages.discard(page)
            closed.cancel()


class _Page:
    """A page that is open in a browser.

    Attributes:
        number: The last line that it has.
        version: The version of the history that it has.
        changed: There is something that it lacks.
    """

    def __init__(self, connection: "ServerConnection", number: int) -> None:
        self.connection = connection
        self.number = number
        self.version = -1
        self.changed = asyncio.Event()


def _last_seen(target: str) -> tuple[str, int]:
    """Return the run and the number of the last line that a page names in the address of its feed."""
    query = parse_qs(target.partition("?")[2])
    run_id, number = (query.get(name, [""])[0] for name in ("run", "after"))
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        return "", 0
    return run_id, int(number)
