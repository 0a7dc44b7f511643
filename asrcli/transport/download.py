"""Fetches one file over HTTP into a folder; a download that was cut goes on where it stopped. Sends no key.

The folder holds the bytes so far and a note of what they are a part of: the address, and what the server
calls this version of it. A server that has another file by now sends that one from its beginning (If-Range).
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request

from asrcli.core.causes import Cause
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import OutputError, TransportError, UsageError, bare_url, shorten, system_reason
from asrcli.core.loopback_hosts import is_loopback_url
from asrcli.transport.connection_errors import failure_reason, header, is_redirect, is_silent, retry_after
from asrcli.transport.http_client import use_proxy
from asrcli.transport.http_opener import new_opener
from asrcli.transport.identifiers import USER_AGENT
from asrcli.transport.proxy import proxy_of
from asrcli.transport.tls import tls_context

LIMIT_BYTES = 4 << 30
BLOCK_BYTES = 1 << 16
REDIRECTIONS = 5
TRIES = 5  # in a row that bring nothing new
FIRST_WAIT_S = 0.5  # before the second of them; it doubles each time
QUIET_S = 15.0  # a server that sends nothing for this long is gone
PART, NOTE = "archive.part", "part.json"

Progress = Callable[[int, int | None], None]


class DownloadFailed(TransportError):
    """A file cannot be fetched; `kept` says how many of its bytes are here for the next attempt."""

    cause = Cause.DOWNLOAD

    def __init__(self, url: str, reason: str, kept: int = 0) -> None:
        super().__init__(url, reason, kept)
        self.url, self.reason, self.kept = url, reason, kept

    def __str__(self) -> str:
        again = ""
        if self.kept:
            again = f"; {self.kept / 1e6:.1f} MB are kept: the next attempt goes on there"
        return f"cannot download {bare_url(self.url)}: {shorten(self.reason)}{again}"


class _Cut(Exception):
    """A failure that may be over soon. `silent`: the server has not answered at all."""

    def __init__(self, reason: str, wait_s: float | None = None, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s
        self.silent = silent


@dataclass(frozen=True)
class Route:
    """How the server is reached, and how much it may send.

    Attributes:
        proxy: The proxy to use; without one that of the environment.
        ca: A file of certificates to trust besides those of the system.
        limit_bytes: A larger file is refused.
        quiet_s: A server that sends nothing for this long is gone.
        sleep: Waits for this many seconds.
    """

    proxy: str | None = None
    ca: str | None = None
    limit_bytes: int = LIMIT_BYTES
    quiet_s: float = QUIET_S
    sleep: Callable[[float], None] = time.sleep


def check_address(url: str) -> None:
    """Check that an address is one to download from: https, or http on this machine.

    Raises:
        UsageError: it is not.
    """
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{shorten(bare_url(url))} is not an address")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback_url(url)):
        raise UsageError(f"{shorten(bare_url(url))} is not https: models are fetched by https only")


def download(url: str, folder: Path, progress: Progress, route: Route | None = None) -> Path:
    """Fetch a file into a folder; returns its path. `progress` is told the bytes so far, and of how many if known.

    Raises:
        UsageError: the address, the proxy or the certificates cannot be used, or the file is too large.
        DownloadFailed: the file is not there, or the connection broke too often; what came is kept.
        OutputError: it cannot be written.
    """
    check_address(url)
    transfer = _Transfer(url, folder, progress, route or Route())
    failures = 0
    while True:
        before = transfer.size
        try:
            transfer.attempt()
        except _Cut as cut:
            failures += 1
            if transfer.size > before:
                failures = 1
            # A server that was silent from the beginning is not asked again; one that has answered may be back soon.
            if failures >= TRIES or (cut.silent and not transfer.is_answered):
                raise DownloadFailed(url, cut.reason, transfer.size) from None
            transfer.route.sleep(max(FIRST_WAIT_S * 2 ** (failures - 1), cut.wait_s or 0.0))
        else:
            return transfer.part


class _Transfer:
    """The download of one file, in one attempt or several."""

    def __init__(self, url: str, folder: Path, progress: Progress, route: Route) -> None:
        self.route = route
        self.part = folder / PART
        self._note = folder / NOTE
        self._url = url
        self._progress = progress
        self.is_answered = False  # the server has said anything
        if self._validator() is None:
            self._restart()

    @property
    def size(self) -> int:
        """How many bytes have come."""
        try:
            return self.part.stat().st_size
        except OSError:
            return 0

    def attempt(self) -> None:
        """Fetch what is missing.

        Raises:
            _Cut: another attempt may help.
        """
        validator = self._validator()
        offset = 0
        if validator:
            offset = self.size
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if offset and validator:
            headers |= {"Range": f"bytes={offset}-", "If-Range": validator}
        with closing(self._opened(headers)) as response:
            total = self._begin(response, offset)
            if total != self.size or not total:
                self._receive(response, total)

    def _begin(self, response: Any, offset: int) -> int | None:
        """Prepare the file for what the server sends; returns the size of the whole file, if known."""
        status, headers = response.status, response.headers
        start, whole = _content_range(header(headers, "Content-Range"))
        if status == 206 and offset and start == offset:
            total = whole
        elif status == 200:
            self._restart()
            length = header(headers, "Content-Length")
            total = None
            if length.isascii() and length.isdecimal():
                total = int(length)
            self._write_note(_strong_validator(headers))
        elif status == 416 and offset and whole == offset:
            return offset  # the last bytes came before the connection was cut
        elif status in {206, 416}:
            self._restart()
            raise _Cut("the server sends another part than was asked for")
        elif status >= 500 or status in {408, 429}:
            raise _Cut(f"HTTP {status} {response.reason}", retry_after(headers))
        else:
            raise DownloadFailed(self._url, f"HTTP {status} {response.reason}", offset)
        if total is not None and total > self.route.limit_bytes:
            raise self._too_large(total)
        return total

    def _receive(self, response: Any, total: int | None) -> None:
        size = self.size
        try:
            with self.part.open("ab") as file:
                while block := self._read(response):
                    size += len(block)
                    if size > self.route.limit_bytes:
                        raise self._too_large(size)
                    file.write(block)
                    self._progress(size, total)
        except OSError as exc:
            raise OutputError(str(self.part), system_reason(exc)) from exc
        if total is not None and size > total:
            self._restart()
            raise _Cut("the server sends more than it promised")
        if total is not None and size < total:
            raise _Cut(f"the connection was cut after {size / 1e6:.1f} of {total / 1e6:.1f} MB")

    def _read(self, response: Any) -> bytes:
        try:
            block: bytes = response.read1(BLOCK_BYTES)
        except (OSError, EOFError, HTTPException, ValueError) as exc:
            raise _Cut(_reason(self._url, exc)) from None
        return block

    def _opened(self, headers: Mapping[str, str]) -> Any:
        """Return the answer to a request; redirections are followed, to https only."""
        url = self._url
        for _ in range(REDIRECTIONS + 1):
            request = Request(url, headers=dict(headers))  # noqa: S310  check_address lets http and https through
            proxy = proxy_of(url, self.route.proxy)
            opener = new_opener(tls_context(self.route.ca))
            if proxy is not None:
                use_proxy(request, proxy)
            try:
                response = opener.open(request, timeout=self.route.quiet_s)
            except URLError as exc:
                reasons = [each for each in (exc.reason, exc) if isinstance(each, Exception)]
                raise self._unanswered(url, reasons[0], proxy) from None
            except (OSError, EOFError, HTTPException, ValueError) as exc:
                raise self._unanswered(url, exc, proxy) from None
            self.is_answered = True
            if not is_redirect(response.status):
                return response
            with closing(response):
                url = urljoin(url, header(response.headers, "Location"))
            try:
                check_address(url)
            except UsageError as exc:
                raise DownloadFailed(self._url, f"it leads elsewhere: {exc}") from None
        raise DownloadFailed(self._url, f"more than {REDIRECTIONS} redirections")

    def _unanswered(self, url: str, exc: Exception, proxy: str | None) -> _Cut:
        if isinstance(exc, TimeoutError) and proxy is None:
            return _Cut(f"no answer within {self.route.quiet_s:g} s", silent=True)
        return _Cut(_reason(url, exc, proxy), silent=is_silent(exc))

    def _too_large(self, size: int) -> UsageError:
        self._restart()
        limit = f"{self.route.limit_bytes / 1e9:.1f} GB"
        return UsageError(f"{bare_url(self._url)} is too large: {size / 1e9:.1f} GB or more", f"the limit is {limit}")

    def _restart(self) -> None:
        try:
            self.part.unlink(missing_ok=True)
        except OSError as exc:
            raise OutputError(str(self.part), system_reason(exc)) from exc

    def _validator(self) -> str | None:
        """Return what the server calls the file of which a part is here; None if that is not known."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            if note["url"] == self._url:
                return str(note["validator"]) or None
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def _write_note(self, validator: str) -> None:
        try:
            fresh = self._note.with_suffix(".new")
            fresh.write_text(json.dumps({"url": self._url, "validator": validator}), "utf-8")
            fresh.replace(self._note)
        except OSError as exc:
            raise OutputError(str(self._note), system_reason(exc)) from exc


def _strong_validator(headers: Any) -> str:
    """Return an ETag or a date that names exactly these bytes; a weak ETag does not."""
    etag = header(headers, "ETag").strip()
    if etag and not etag.startswith("W/"):
        return etag
    return header(headers, "Last-Modified").strip()


def _content_range(value: str) -> tuple[int | None, int | None]:
    """Return the first byte and the size of the whole file, as Content-Range says them; None if it does not."""
    span, _, whole = value.removeprefix("bytes").strip().partition("/")
    first = span.partition("-")[0].strip()
    numbers = [int(text) if text.isascii() and text.isdecimal() else None for text in (first, whole.strip())]
    return numbers[0], numbers[1]


def _reason(url: str, exc: Exception, proxy: str | None = None) -> str:
    return failure_reason(url, exc, "HTTP", proxy)[0]
