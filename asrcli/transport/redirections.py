"""Says which redirections of a handshake are followed: those on the same host, and no less secure. Opens nothing."""

from urllib.parse import urljoin, urlsplit

from websockets.exceptions import InvalidStatus

from asrcli.transport.connection_errors import header, is_redirect

_SOCKETS = {"http": "ws", "https": "wss"}


def redirection(url: str, exc: BaseException) -> str | None:
    """Return where a refused handshake leads if the key and the audio may go there too; else None."""
    if not isinstance(exc, InvalidStatus) or not is_redirect(exc.response.status_code):
        return None
    return same_host(url, header(exc.response.headers, "Location"))


def same_host(url: str, location: str) -> str | None:
    """Return the address that a redirection leads to; None if it is on another host or port, or less secure."""
    if not location or not location.isascii() or not location.isprintable() or " " in location:
        return None
    try:
        old, new = urlsplit(url), urlsplit(urljoin(url, location))
        new = new._replace(scheme=_SOCKETS.get(new.scheme, new.scheme), fragment="")
        ports = [parts.port or {"ws": 80, "wss": 443}.get(parts.scheme) for parts in (old, new)]
    except ValueError:
        return None
    upgraded = (old.scheme, new.scheme, *ports) == ("ws", "wss", 80, 443)
    same = (old.scheme, ports[0]) == (new.scheme, ports[1]) or upgraded
    if same and old.hostname == new.hostname and new.username is None:
        return new.geturl()
    return None
