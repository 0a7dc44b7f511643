"""The handshake of a connection as lines for a person, without anything that may be secret. Pure."""

from collections.abc import Iterator, Sequence

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import without_secrets
from asrcli.core.printable import harmless
from asrcli.protocol.engine_header import ENGINE_HEADER

Headers = Sequence[tuple[str, str]]
HIDDEN = "…"
# The headers whose values are shown. Any other may hold a key, under whatever name, so its value is not.
SHOWN = {
    "host", "upgrade", "connection", "user-agent", "server", "date", "via", "vary", "content-type", "content-length",
    "content-encoding", "transfer-encoding", "cache-control", "retry-after", "allow", "sec-websocket-version",
    "sec-websocket-extensions", "sec-websocket-accept", "x-dashscope-datainspection", "x-request-id", "request-id",
    "x-dashscope-request-id", ENGINE_HEADER.lower(),
}  # fmt: skip


@dataclass(frozen=True)
class Handshake:
    """A request and its answer: the path with its query, and the headers as they were sent."""

    path: str
    request: Headers
    status: int
    reason: str
    response: Headers

    def lines(self) -> Iterator[str]:
        """Yield the lines of the request, then those of the answer."""
        path, query, _ = self.path.partition("?")
        if query:
            path = f"{path}?{HIDDEN}"
        yield f"> GET {_clean(path)}"
        yield from header_lines(">", self.request)
        yield from answer_lines(self.status, self.reason, self.response)


def answer_lines(status: int, reason: str, headers: Headers) -> Iterator[str]:
    """Yield the lines of an answer."""
    yield f"< HTTP {status} {_clean(reason)}".rstrip()
    yield from header_lines("<", headers)


def header_lines(direction: str, headers: Headers) -> Iterator[str]:
    """Yield a line for each header; only values that cannot be secret are shown."""
    for name, value in headers:
        shown = HIDDEN
        if name.strip().lower() in SHOWN:
            shown = _clean(value)
        yield f"{direction} {_clean(name)}: {shown}"


def _clean(text: str) -> str:
    return harmless(without_secrets(text))
