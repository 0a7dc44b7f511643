"""The proxy of the environment for the address of a recording. libav finds only that of `http_proxy` by itself."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from asrcli.core.loopback_hosts import is_loopback_url

# The variables for a scheme, without `_proxy`; the first one that is set is used. libav reads `http_proxy` for both.
_ORDERS = {"http": ("http", "https", "all"), "https": ("https", "http", "all")}
_KIND = "http"  # libav speaks to no other proxies


def recording_proxy(url: str) -> str | None:
    """Return the proxy that leads to an address, with its password; None without one, and for this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or {"https": 443}.get(parts.scheme, 80)
    except ValueError:
        return None  # opening the address will raise the error
    if not host or is_loopback_url(url) or proxy_bypass(f"{host}:{port}"):
        return None
    proxies = getproxies()
    proxy = next((proxies[name] for name in _ORDERS.get(parts.scheme.lower(), ()) if proxies.get(name)), "")
    if proxy and "://" not in proxy:
        proxy = f"{_KIND}://{proxy}"
    if not proxy.lower().startswith(f"{_KIND}://"):
        return None
    return proxy


def proxy_options(url: str) -> dict[str, str]:
    """Return what libav has to be told of the proxy for an address."""
    proxy = recording_proxy(url)
    if proxy is None:
        return {}
    return {"http_proxy": proxy}
