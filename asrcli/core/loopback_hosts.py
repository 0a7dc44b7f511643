"""Says whether a host or an address is on this machine. Looks nothing up: pure."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback_host(host: str) -> bool:
    """Whether a host is `localhost` or a loopback IP address. Any other name is not, wherever it resolves to."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_loopback_url(url: str) -> bool:
    """Whether the host of a URL is on this machine: no proxy leads there. False for what is not a URL."""
    try:
        return is_loopback_host(urlsplit(url).hostname or "")
    except ValueError:
        return False
