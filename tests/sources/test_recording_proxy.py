"""The proxy that leads to the address of a recording: that of the environment."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import SourceError
from asrcli.sources.file import FileSource
from asrcli.sources.recording_proxy import proxy_options, recording_proxy
from tests.support.tone import tone, wav

FOUND, OTHER = "http://a.test:1", "http://b.test:2"
NAMES = [form(f"{name}_proxy") for name in ("http", "https", "socks", "all", "no") for form in (str, str.upper)]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("url", "environment", "wanted"),
    [
        ("https://x.test/a.mp3", {"HTTPS_PROXY": FOUND, "HTTP_PROXY": OTHER}, FOUND),
        ("http://x.test/a.mp3", {"HTTPS_PROXY": OTHER, "http_proxy": FOUND}, FOUND),
        ("https://x.test/a.mp3", {"http_proxy": FOUND}, FOUND),
        ("HTTPS://x.test/a.mp3", {"all_proxy": FOUND}, FOUND),
        ("https://x.test/a.mp3", {"https_proxy": "a.test:1"}, FOUND),
        ("https://x.test/a.mp3", {"https_proxy": "socks5://a.test:1"}, None),
        ("https://x.test/a.mp3", {"https_proxy": OTHER, "no_proxy": ".test"}, None),
        ("https://x.test:8443/a.mp3", {"https_proxy": FOUND, "no_proxy": "x.test:443"}, FOUND),
        ("http://127.0.0.1:8000/a.mp3", {"http_proxy": OTHER}, None),
        ("rtsp://x.test/live", {"http_proxy": OTHER, "all_proxy": OTHER}, None),
        ("https://[::1/a.mp3", {"https_proxy": OTHER}, None),
        ("https://x.test/a.mp3", {}, None),
    ],
)
def test_the_variable_of_the_scheme_goes_first(
    url: str, environment: dict[str, str], wanted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either case. What libav cannot speak to is not named to it, and nothing leads to this machine."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert recording_proxy(url) == wanted
    assert proxy_options(url) == ({"http_proxy": wanted} if wanted else {})


@contextmanager
def proxy(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that answers every request alike: its host and port, and the first lines that it was asked."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(4096).split(b"\r\n")[0])
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(60)


def test_a_recording_comes_through_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host is for the proxy to find."""
    body = wav(tmp_path / "a.wav", tone(1000)).read_bytes()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    with proxy(head + body) as (address, asked):
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@{address}")
        source = FileSource("http://recordings.invalid/a.wav", Format(16_000))
        assert sum(len(chunk.pcm) for chunk in source.chunks(0) if isinstance(chunk, Chunk)) == 32_000
    assert asked[0].startswith(b"GET http://recordings.invalid")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_lead_there_is_named_without_its_password(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host of the recording may well be unknown here: this is no reason."""
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", "http://me:secret@127.0.0.1:9")
    with pytest.raises(SourceError, match=r"refused, through the proxy 127\.0\.0\.1:9$") as caught:
        list(FileSource(f"{scheme}://recordings.invalid/a.wav", Format(16_000)).chunks(0))
    assert "secret" not in str(caught.value)


def test_an_https_recording_is_asked_for_with_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """So nobody on the way can read it."""
    with proxy(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        with pytest.raises(SourceError, match=f", through the proxy {address}$"):
            list(FileSource("https://recordings.invalid/a.wav", Format(16_000)).chunks(0))
    assert asked[0].startswith(b"CONNECT recordings.invalid:443")
