"""The proxy for an address, if any, and its name in messages. Opens no connection.

Source of the facts: RFC 6455 section 4.1, and the variables that the standard library reads.
"""

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from asrcli.core.causes import Cause
from asrcli.core.errors import UsageError
from asrcli.core.lazy_module import LazyModule
from asrcli.core.loopback_hosts import is_loopback_url

if TYPE_CHECKING:
    from asrcli.core import install_advice
else:
    install_advice = LazyModule("asrcli.core.install_advice")

SYSTEM_SETTINGS = {"darwin", "win32"}  # platforms where a proxy need not stand in the environment
# The kinds of proxy that serve a scheme, by name of their environment variable; the first one that is set is used.
ORDERS = {
    "wss": ("wss", "https", "socks", "all"),
    "https": ("https", "socks", "all"),
    "ws": ("ws", "https", "http", "socks", "all"),
    "http": ("http", "https", "socks", "all"),
}


def proxy_of(url: str, named: str | None) -> str | None:
    """Return the proxy for an address: the named one, else that of the environment; None for this machine.

    Raises:
        UsageError: its address cannot be read, or it is a SOCKS proxy and python-socks is not installed.
    """
    if is_loopback_url(url):
        return None
    proxy = named or _of_environment(url)
    if proxy is not None and not _is_address(proxy):  # it is not shown: a password may be in it
        raise UsageError("the proxy has no usable address", "write it as http://HOST:8080", cause=Cause.PROXY)
    if proxy is not None and is_socks(proxy):
        try:
            import python_socks.async_.asyncio  # noqa: F401  the WebSocket library uses it if it is installed
        except ImportError:
            raise UsageError(
                f"{proxy_label(proxy)} needs python-socks", install_advice.install_extra("socks"), cause=Cause.NO_SOCKS
            ) from None
    return proxy


def is_socks(proxy: str) -> bool:
    """Whether it is a SOCKS proxy."""
    return proxy.startswith("socks")


def proxy_label(proxy: str) -> str:
    """Return its name for messages: its kind, host and port, without user name and password."""
    try:
        place = urlsplit(proxy).netloc.rpartition("@")[2]
    except ValueError:
        place = ""
    if is_socks(proxy):
        return f"the SOCKS proxy {place}".rstrip()
    return f"the proxy {place}".rstrip()


def _is_address(proxy: str) -> bool:
    """Whether it has a host, whose name may be one, and a port that is a port."""
    try:
        parts = urlsplit(proxy)
        (parts.hostname or "").encode("idna")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _spellings(host: str) -> list[str]:
    """Return how a host may stand in NO_PROXY: some tools take an IPv6 address in brackets, others without."""
    if ":" in host:
        return [host, f"[{host}]"]
    return [host]


def _of_environment(url: str) -> str | None:
    if sys.platform not in SYSTEM_SETTINGS and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None  # what would be loaded takes longer than all else that a connection needs, and would find none
    from urllib.request import getproxies, proxy_bypass

    try:
        parts = urlsplit(url)
        port = parts.port or {"wss": 443, "https": 443}.get(parts.scheme, 80)
    except ValueError:
        return None  # opening the address will raise the error
    if not parts.hostname or any(proxy_bypass(f"{host}:{port}") for host in _spellings(parts.hostname)):
        return None
    proxies = getproxies()
    scheme = next((scheme for scheme in ORDERS.get(parts.scheme, ()) if proxies.get(scheme)), None)
    if scheme is None:
        return None
    proxy = proxies[scheme]
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    kind, rest = proxy.split("://", 1)
    if scheme == "socks" and kind.lower() in {"http", "socks"}:  # system settings name a SOCKS proxy like this
        kind = "socks5h"
    return f"{kind.lower()}://{rest}"
