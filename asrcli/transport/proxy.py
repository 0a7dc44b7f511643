"""Which proxy leads to an address, if any, and what a person calls it. Opens nothing.

Source of the facts: RFC 6455 section 4.1, and the variables that the standard library reads.
"""

from urllib.parse import urlsplit

from asrcli.core.errors import UsageError
from asrcli.core.loopback import is_loopback_url

ORDERS = {
    "wss": ("wss", "https", "socks", "all"),
    "https": ("https", "socks", "all"),
    "ws": ("ws", "https", "http", "socks", "all"),
    "http": ("http", "https", "socks", "all"),
}


def proxy_of(url: str, named: str | None) -> str | None:
    """The proxy that leads to an address: the one that was named, or that of the environment; none to this machine.

    Raises:
        UsageError: it speaks SOCKS, and nothing here does.
    """
    proxy = None if is_loopback_url(url) else named or _of_environment(url)
    if proxy is not None and is_socks(proxy):
        try:
            import python_socks.async_.asyncio  # noqa: F401  the WebSocket library uses it where it is there
        except ImportError:
            raise UsageError(
                f"{proxy_label(proxy)} needs python-socks", "pip install 'asrcli[socks]', or name another with --proxy"
            ) from None
    return proxy


def is_socks(proxy: str) -> bool:
    """Whether it is spoken to in SOCKS."""
    return proxy.startswith("socks")


def proxy_label(proxy: str) -> str:
    """What a person calls it: its kind and its host, and nothing that is secret."""
    try:
        host = urlsplit(proxy).hostname
    except ValueError:
        host = None
    return f"the {'SOCKS ' if is_socks(proxy) else ''}proxy {host or ''}".rstrip()


def _of_environment(url: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme in {"wss", "https"} else 80)
    except ValueError:
        return None  # whoever opens it will say so
    if not parts.hostname or proxy_bypass(f"{parts.hostname}:{port}"):
        return None
    found = getproxies()
    scheme = next((scheme for scheme in ORDERS.get(parts.scheme, ()) if found.get(scheme)), None)
    if scheme is None:
        return None
    proxy = found[scheme] if "://" in found[scheme] else f"http://{found[scheme]}"
    kind, rest = proxy.split("://", 1)
    if scheme == "socks" and kind.lower() in {"http", "socks"}:  # a system's settings give it so
        kind = "socks5h"
    return f"{kind.lower()}://{rest}"
