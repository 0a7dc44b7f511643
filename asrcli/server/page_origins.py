"""Whether a request comes from a page that somebody else wrote. Pure.

Without a key the server is open to whatever runs on this machine, a browser among it, and a browser runs the pages of
strangers: what it sends names the page (Origin) and the name the server was reached by (Host). A name of a stranger's
that was made to point here is as good as a page of theirs.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from asrcli.core.errors import UsageError
from asrcli.core.loopback import is_loopback_host

ANY = "*"


class PageOrigins:
    """Who is known: this machine by its own names, and the origins that were allowed (`*`: any)."""

    def __init__(self, host: str = "", allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(allowed)
        self._hosts = frozenset({host.lower(), *(_name(urlsplit(origin).netloc) for origin in self._allowed)}) - {""}

    def allows(self, origin: str) -> bool:
        """Whether the pages of an origin were allowed."""
        return bool({ANY, origin.lower()} & self._allowed)

    def stranger(self, origin: str | None, host: str | None) -> str:
        """What is wrong with a request that names these; empty where nothing is. No browser sends none."""
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
    """An origin as a browser writes it.

    Raises:
        UsageError: it is none.
    """
    wanted = text.strip().lower().rstrip("/")
    try:
        parts = urlsplit(wanted)
        usable = bool(parts.scheme and parts.hostname) and (parts.port is None or parts.port > 0)
        usable = usable and wanted == f"{parts.scheme}://{parts.netloc}" and "@" not in wanted
    except ValueError:
        usable = False
    if not usable and wanted != ANY:
        raise UsageError(f"--allow-origin {text}: not an origin", "write it as https://HOST, http://HOST:PORT, or *")
    return wanted


def _name(host: str) -> str:
    """A host without its port, in lower case; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
