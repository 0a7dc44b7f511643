"""What goes wrong on the way to a service, in words: shared by the WebSocket and by single requests. Opens nothing."""

import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from asrcli.errors import AsrError, ConnectFailed, ProtocolError, ServiceRefused, shorten
from asrcli.message import Text
from asrcli.protocol.parsing import read, text

PROXY_ADVICE = "check --proxy, HTTPS_PROXY and its like"


def proxy_of(url: str, named: str | None) -> str | None:
    """The proxy that leads to an address: the one that was named, or that of the environment; none to this machine."""
    if is_loopback(url) or named is not None:
        return None if is_loopback(url) else named
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    found = getproxies()
    secure = parts.scheme in {"wss", "https"}
    return found.get("https" if secure else "http") or found.get("all")


def explained(url: str, exc: Exception, wanted: str = "WebSocket", through: str | None = None) -> tuple[str, str]:
    """Why a connection to this address did not come up, and what to do about it.

    `wanted` is what should be there, `through` the proxy that leads there.
    """
    if through is not None and isinstance(exc, socket.gaierror | ConnectionRefusedError):
        proxy = urlsplit(through if "://" in through else f"http://{through}").hostname
        what = f"unknown proxy {proxy}" if isinstance(exc, socket.gaierror) else f"the proxy {proxy} is not there"
        return what, PROXY_ADVICE
    if "Tunnel connection failed" in str(exc):
        return f"the proxy refuses: {exc}", PROXY_ADVICE
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"TLS failed: {exc.verify_message}", "trust it with --ca FILE, if you know whose it is"
    host = urlsplit(url).hostname or url
    if isinstance(exc, socket.gaierror):
        return f"unknown host {host}", "check the network and --url"
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused", "nothing listens there: check --url, or start the server"
    if isinstance(exc, ssl.SSLError):
        return f"TLS failed: {exc.reason or exc}", "check --url: wss:// needs a TLS server, ws:// a plain one"
    if isinstance(exc, TimeoutError):
        return "no answer in time", "check the network and --url"
    if isinstance(exc, OSError):
        return exc.strerror or str(exc), "check the network and --url"
    return f"no {wanted} there ({shorten(str(exc), 60)})", "is this a speech service? check --url"


def retry_after(said: str) -> float | None:
    """For how long the service wants to be left alone, by its header of that name: seconds, or until a date."""
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()) if said else None
    except (ValueError, TypeError):
        return None


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine, where no proxy leads."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refused(url: str, status: int, reason: str, said: bytes, after_s: float | None) -> AsrError:
    """The error for an HTTP status that is no success, with the service's own words where it gives some."""
    try:
        body = read(Text(said.decode("utf-8", "replace")))
    except ProtocolError:
        body = {}
    code, message, request_id = text(body, "code"), text(body, "message"), text(body, "request_id")
    if status >= 500:
        advice = "the service is in trouble: try again"
        return ConnectFailed(url, f"HTTP {status} {reason}", advice, passing=True, retry_after_s=after_s)
    if status == 429:
        return ServiceRefused(code or "Throttling", message or f"HTTP {status}", request_id, after_s)
    if code and code != "NotFound":
        return ServiceRefused(code, message, request_id)
    if status in {401, 403}:
        return ServiceRefused("InvalidApiKey" if status == 401 else "AccessDenied", f"HTTP {status}")
    shown = shorten(message or said.decode("utf-8", "replace"), 60)
    return ConnectFailed(url, f"HTTP {status} {shown}".rstrip(), "is this a speech service? check --url")
