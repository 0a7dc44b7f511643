"""The addresses of a service: of its wires, and of single HTTP requests to its host."""

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from asrcli.core.errors import SettingError, bare_url

COMMON_PATH = "/api-ws/v1/"  # the paths of all wires begin with it
ADDRESS_FORMS = "write it as wss://HOST or ws://HOST:8090"  # without_secrets removes a port in letters


def endpoint(base: str, path: str, query: str = "") -> str:
    """The full address of a wire. A bare host gets `path`; a URL that has a path of its own keeps it.

    The official SDK wants an address with the path of a wire: such a path is replaced by `path`.

    Raises:
        UsageError: `base` is not a ws:// or wss:// address.
    """
    parts = _checked(base)
    full_query = "&".join(filter(None, (parts.query, query)))
    own_path = parts.path.rstrip("/")
    prefix, common_path, _ = own_path.partition(COMMON_PATH)
    full_path = own_path or path
    if common_path:
        full_path = prefix + path
    return urlunsplit((parts.scheme, parts.netloc, full_path, full_query, ""))


def exact_endpoint(base: str) -> str:
    """The address of a server of any kind: what is given, with a path of / where there is none.

    Raises:
        UsageError: `base` is not a ws:// or wss:// address.
    """
    parts = _checked(base)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def _checked(base: str) -> SplitResult:
    try:
        parts = urlsplit(base)
        usable = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
        _check_labels(parts.hostname or "")
    except ValueError:
        usable = False
    if not usable:
        raise SettingError("url", "not a WebSocket address", ADDRESS_FORMS, value=bare_url(base))
    return parts


def _check_labels(host: str) -> None:
    """Raise a ValueError where a label is empty or too long: no resolver accepts it."""
    if not host.isascii():
        host.encode("idna")  # which loads much, so the same check of what is ASCII stands here
    elif not all(0 < len(label) < 64 for label in host.removesuffix(".").split(".")):
        raise ValueError(host)


def rest_url(base: str, path: str) -> str:
    """The address for single HTTP requests on the host of a wire.

    `path` replaces the path of a wire or of the HTTP interface; it is appended to any other path.

    Raises:
        UsageError: `base` is not a ws://, wss://, http:// or https:// address.
    """
    try:
        parts = urlsplit(base)
        scheme = {"ws": "http", "wss": "https", "http": "http", "https": "https"}.get(parts.scheme, "")
        usable = bool(scheme and parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        usable = False
    if not usable:
        raise SettingError("url", "not an address of a service", ADDRESS_FORMS, value=bare_url(base))
    prefix = re.sub(r"/(api-ws|api/v1)(/.*)?$", "", parts.path.rstrip("/"))
    return urlunsplit((scheme, parts.netloc.rpartition("@")[2], prefix + path, "", ""))
