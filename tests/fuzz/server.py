"""Fuzz targets: input of the local server, which is messages, HTTP requests and bytes, WAV in pieces, origins."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import cast

from asrcli.core.client_commands import StartTask
from asrcli.core.errors import ProtocolError, UsageError
from asrcli.core.interfaces import ServerCodec
from asrcli.core.message import Binary, Text
from asrcli.protocol.http import hotword_lists, phrase_lists
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.omni.codec import OmniServer
from asrcli.protocol.realtime.server_codec import RealtimeServer
from asrcli.protocol.registry import INFERENCE_PATH, wire_of_model
from asrcli.server.auth import AccessControl
from asrcli.server.faults.trigger import ConnectionFaults, RecentResults
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.http_api import HttpApi, HttpRequest
from asrcli.server.http_server import HttpExchange, SingleRequests
from asrcli.server.limits import invalid_setting
from asrcli.server.page_origins import PageOrigins, origin
from asrcli.server.phrase_store import PhraseStore
from asrcli.server.wav_stream import WavStream
from tests.fuzz.mutation import Target
from tests.support.wire import finish_task, run_task

_ids = count()


def new_id() -> str:
    """An id."""
    return f"{next(_ids):032x}"


MAKERS: tuple[Callable[[], ServerCodec], ...] = (
    lambda: InferenceServer(new_id),
    lambda: RealtimeServer(new_id, "m"),
    lambda: OmniServer(new_id, "qwen3-omni-flash-realtime"),
)


def codecs(data: bytes) -> None:
    """A conversation: messages between line ends, the first byte says on which wire."""
    codec = MAKERS[data[0] % len(MAKERS) if data else 0]()
    connection_faults = ConnectionFaults((), wire_of_model("", codec.path), RecentResults())
    codec.greet()
    for line in data[1:].split(b"\n")[:50]:
        text = line.decode("utf-8", "surrogateescape")
        connection_faults.received(text)
        try:
            requests = codec.receive(Binary(line[1:]) if line.startswith(b"\0") else Text(text))
        except ProtocolError as exc:
            codec.fail("InvalidParameter", str(exc))
            continue
        for request in requests:
            codec.acknowledge(request)
            if isinstance(request, StartTask):
                invalid_setting(request.recognition)


def _desk() -> HttpApi:
    access_control = AccessControl(
        frozenset({INFERENCE_PATH}), None, 1, origins=PageOrigins("127.0.0.1", ["https://a"])
    )
    stores = HotWordStore(_now, new_id), PhraseStore(_now, new_id)
    return HttpApi(access_control, *stores, new_id)


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def requests(data: bytes) -> None:
    """A single request: method, target and headers in lines, then the body; and the same body as a list."""
    head, _, body = data.partition(b"\n\n")
    method, target, *lines = [*head.decode("latin-1").split("\n"), "", ""][:20]
    headers = tuple((line.partition(":")[0].lower(), line.partition(":")[2].strip()) for line in lines)
    http_api = _desk()
    for asked in (
        HttpRequest(method, target, headers, body),
        HttpRequest("POST", hotword_lists.HOTWORD_LISTS_PATH, (), data),
        HttpRequest("POST", phrase_lists.FINE_TUNES_PATH, (), data),
    ):
        status, answer = http_api.answer(asked)
        json.dumps(answer)
        if status >= 500:
            raise AssertionError(answer)


class _Line:
    """A transport on which nothing goes anywhere."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.is_over = False

    def write(self, data: bytes) -> None:
        """Keep what is answered."""
        assert not self.is_over
        self.written += data

    def close(self) -> None:
        """It is over."""
        self.is_over = True

    abort = write_eof = close

    def can_write_eof(self) -> bool:
        """As on TCP."""
        return True


async def _exchange(data: bytes, piece_bytes: int) -> bytes:
    line, requests = _Line(), SingleRequests()
    exchange = HttpExchange(cast("asyncio.Transport", line), _desk(), requests, ("127.0.0.1", 1))
    for at in range(0, len(data), piece_bytes):
        exchange.data_received(data[at : at + piece_bytes])
    if not line.is_over:
        exchange.eof_received()
    exchange.connection_lost(None)
    assert not requests.exchanges
    assert not len(requests.reading) + len(requests.answered)
    return bytes(line.written)


_loop = asyncio.new_event_loop()


def http(data: bytes) -> None:
    """The bytes of a connection, in pieces as long as the first byte says: each gets an answer, and not 500."""
    said = _loop.run_until_complete(_exchange(data[1:], data[0] + 1 if data else 1))
    status = said.removeprefix(b"HTTP/1.1 100 \r\n\r\n")[9:12]
    assert status[:1] in {b"2", b"4"} if data[1:] else not said, said


def waves(data: bytes) -> None:
    """Audio with something like a header, in pieces."""
    heard = WavStream()
    for at in range(0, len(data), 7):
        heard.pcm(data[at : at + 7])
    heard.rest()


def origins(data: bytes) -> None:
    """Names of pages and hosts."""
    text = data.decode("latin-1")
    PageOrigins("127.0.0.1").problem(text, text)
    try:
        origin(text)
    except UsageError:
        return


_WORDS = [{"text": "a", "weight": 4, "lang": "en"}]
_LISTS = (
    {"action": "create_vocabulary", "target_model": "m", "prefix": "p", "vocabulary": _WORDS},
    {"action": "list_vocabulary", "prefix": "p", "page_index": 0, "page_size": 10},
    {"action": "query_vocabulary", "vocabulary_id": "v"},
)


def conversations() -> list[bytes]:
    """Messages as they should be, on each wire."""
    run = run_task(vocabulary={"a": 4}, language_hints=["en"])
    run["payload"]["input"] = {"context": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]}
    session = {"turn_detection": None, "sample_rate": 8000, "input_audio_transcription": {"language": "en"}}
    update = {"type": "session.update", "session": session}
    append = {"type": "input_audio_buffer.append", "audio": "AAAA"}
    others = [{"type": f"input_audio_buffer.{name}"} for name in ("commit", "clear")]
    lines = [b"\0\0\0", *(json.dumps(each).encode() for each in (run, finish_task()))]
    items = [json.dumps(each).encode() for each in (update, append, *others, {"type": "session.finish"})]
    return [b"\0" + b"\n".join(lines), b"\1" + b"\n".join(items), b"\2" + b"\n".join(items)]


def single_requests() -> list[bytes]:
    """A key, and each thing that can be done with lists."""
    head = b"POST\n/api/v1/tokens?expire_in_seconds=9\nHost:localhost\nOrigin:https://a\n\n"
    return [head, *_bodies(), *(head + body for body in _bodies())]


def connections() -> list[bytes]:
    """The same as they come over the line, also in chunks and with a body that has to be asked for."""
    found, end = [], b"\r\n"
    for target, body in (
        ("/api/v1/tokens?expire_in_seconds=9", b""),
        *((hotword_lists.HOTWORD_LISTS_PATH, each) for each in _bodies()),
    ):
        head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\n".encode()
        sized = head + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body) + body
        chunk = b"%x" % len(body) + end + body + end if body else b""
        found += [b"\xff" + sized, b"\6" + head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n"]
    return [*found, b"\0HEAD / HTTP/1.0\r\n\r\n", b"\x10OPTIONS * HTTP/1.1\r\nHost: a\r\nOrigin: https://a\r\n\r\n"]


def _bodies() -> list[bytes]:
    return [json.dumps({"model": "speech-biasing", "input": each}).encode() for each in _LISTS]


def recordings() -> list[bytes]:
    """A header without lengths, as pipes have it."""
    return [b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"LIST\0\0\0\0data\0\0\0\0abcd"]


def names() -> list[bytes]:
    """An origin and a host."""
    return [b"https://a.example:1", b"[::1]:80"]


TARGETS: dict[str, Target] = {
    "server-codecs": (codecs, conversations),
    "server-requests": (requests, single_requests),
    "server-http": (http, connections),
    "server-wav": (waves, recordings),
    "server-origins": (origins, names),
}
