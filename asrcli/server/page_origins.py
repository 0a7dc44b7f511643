"""Finds requests that come from web pages which were not allowed. Pure.

Without a key the server is open to every program on this machine. A browser is one of them, and it runs the pages of
other people. Its requests name the page (Origin) and the host name by which the server was reached (Host). A foreign
host name that was made to point to this machine is as dangerous as a foreign page, so both are checked.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from asrcli.core.errors import SettingError
from asrcli.core.loopback_hosts import is_loopback_host

ANY = "*"


class PageOrigins:
    """The names of this machine, and the origins that were allowed; `*` allows any origin."""

    def __init__(self, host: str = "", allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(allowed)
        self._hosts = frozenset({host.lower(), *(_name(urlsplit(origin).netloc) for origin in self._allowed)}) - {""}

    def allows(self, origin: str) -> bool:
        """Return whether the pages of an origin were allowed."""
        return bool({ANY, origin.lower()} & self._allowed)

    def problem(self, origin: str | None, host: str | None) -> str:
        """Return why a request with these headers is refused; empty when it is not.

        Every browser sends at least Host, so a request without both comes from another program.
        """
        if ANY in self._allowed:
            return ""
        if host is not None and not self._is_ours(_name(host)):
            return "Host is not a name of this machine."
        if origin is not None and not self.allows(origin) and not self._is_own_page(origin, host):
            return "Pages of this origin were not allowed (asr serve --allow-origin)."
        return ""

    def _is_ours(self, name: str) -> bool:
        return is_loopback_host(name) or name in self._hosts

    def _is_own_page(self, origin: str, host: str | None) -> bool:
        return host is not None and origin.lower() == f"http://{host.lower()}"


def origin(text: str) -> str:
    """Return an origin as a browser writes it.

    Raises:
        SettingError: the text is not an origin.
    """
    wanted = text.strip().lower().rstrip("/")
    try:
        parts = urlsplit(wanted)
        usable = bool(parts.scheme and parts.hostname) and (parts.port is None or parts.port > 0)
        usable = usable and wanted == f"{parts.scheme}://{parts.netloc}" and "@" not in wanted
    except ValueError:
        usable = False
    if not usable and wanted != ANY:
        raise SettingError(
            "allow_origin", "not an origin", "write it as https://HOST, http://HOST:8080, or *", value=text
        )
    return wanted


def _name(host: str) -> str:
    """Return a host without its port, in lower case; empty when it is not a host."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
