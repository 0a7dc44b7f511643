"""What a file is that no decoder reads."""

import random
import socket
import struct
import zipfile
from pathlib import Path

import av
import pytest

from asrcli.core.causes import Cause
from asrcli.core.errors import SourceError
from asrcli.sources.file import FileSource
from asrcli.sources.foreign_content import foreign_content
from tests.sources.reading import RATE, read
from tests.sources.web_server import answer_with, serving
from tests.support.tone import encoded, tone


@pytest.mark.parametrize(
    ("head", "what", "cause"),
    [
        (b"\xef\xbb\xbf\n<!DOCTYPE html><p>", "a web page", Cause.PAGE_FOR_AUDIO),
        (b"<!-- -->\n<HTML lang='de'>", "a web page", Cause.PAGE_FOR_AUDIO),
        (b"<?xml version='1.0'?><rss>", "XML", Cause.NO_RECORDING),
        (b'{"error": "gone"}', "JSON", Cause.NO_RECORDING),
        ("会议".encode()[:-1], "is text", Cause.NO_RECORDING),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", Cause.LFS_POINTER),
        (b"%PDF-1.7", "PDF", Cause.NO_RECORDING),
        (b"PK\3\4rest", "ZIP", Cause.ARCHIVE),
        (bytes(257) + b"ustar\0", "tar", Cause.ARCHIVE),
        (b"\0\0\0\x20ftypM4A ", "MP4 whose index", Cause.INCOMPLETE),
        (b"OggS\0\2", "begins as Ogg", Cause.INCOMPLETE),
        (bytes(100), "zeros", Cause.INCOMPLETE),
    ],
)
def test_known_beginnings_have_a_name(head: bytes, what: str, cause: Cause) -> None:
    """A person learns what it is, and what to do follows from the cause."""
    content = foreign_content(head)
    assert content is not None
    assert what in content.reason
    assert content.cause is cause


@pytest.mark.parametrize("head", [b"", b" \n", b"\xff\xfb\x90\x44", b"caf\xe9 au lait", b"a\0b"])
def test_of_other_bytes_nothing_is_said(head: bytes) -> None:
    """Nothing, noise, another encoding."""
    assert foreign_content(head) is None


def test_an_input_that_no_decoder_reads_says_what_it_is(tmp_path: Path) -> None:
    """From a disk, and over http with and without a length, where it was an input/output error."""
    page = b"<html><body>Sign in</body></html>" * 9
    with zipfile.ZipFile(tmp_path / "z.wav", "w") as archive:
        archive.writestr("a.txt", "a")
    whole = encoded(tmp_path / "a.m4a", "aac", tone(2000, 48000)).read_bytes()
    (tmp_path / "cut.m4a").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.flac").write_text("no sound at all")
    for name, what in (("z.wav", "ZIP"), ("cut.m4a", "whose index is missing"), ("text.flac", "is text")):
        with pytest.raises(SourceError, match=what):
            read(FileSource(str(tmp_path / name), RATE))
    for length in (True, False):
        with serving(answer_with(page, length=length)) as port, pytest.raises(SourceError, match="is a web page"):
            read(FileSource(f"http://127.0.0.1:{port}/a.mp3", RATE, timeout_s=20))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_sends_nothing_is_to_be_checked(scheme: str) -> None:
    """Where a connection ends without an answer, or the server has no TLS, nobody knows what is there."""
    with serving(lambda connection: connection.close()) as port, pytest.raises(SourceError) as raised:
        read(FileSource(f"{scheme}://127.0.0.1:{port}/a.mp3", RATE, timeout_s=20))
    # What such an end looks like is a matter of timing.
    assert raised.value.cause is Cause.RECORDING_ADDRESS
    assert "audio" not in raised.value.reason


def test_an_empty_answer_is_no_recording_that_cannot_be_decoded() -> None:
    """It has a status and a length, and no byte of a file."""
    with serving(answer_with(b"")) as port, pytest.raises(SourceError) as raised:
        read(FileSource(f"http://127.0.0.1:{port}/a.mp3", RATE, timeout_s=20))
    assert (raised.value.reason, raised.value.cause) == ("sends no data that can be read", Cause.RECORDING_ADDRESS)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (socket.EAI_NONAME, "unknown host no-such-host.invalid"),
        (socket.EAI_AGAIN, "cannot look up no-such-host.invalid: no name server answers"),
    ],
)
def test_an_address_whose_host_is_unknown_says_so(
    monkeypatch: pytest.MonkeyPatch, scheme: str, code: int, reason: str
) -> None:
    """The library calls it an input/output error. It is not asked again: each time may take ten seconds or more."""

    def fail(*_: object) -> None:
        raise socket.gaierror(code, "as the system says")

    monkeypatch.setattr("socket.getaddrinfo", fail)
    monkeypatch.setattr("asrcli.sources.container_opening.beginning", lambda *_: pytest.fail("asked again"))
    with pytest.raises(SourceError) as raised:
        read(FileSource(f"{scheme}://no-such-host.invalid/a.mp3", RATE, timeout_s=20))
    error = raised.value
    assert (error.reason, error.cause) == (reason, Cause.RECORDING_ADDRESS)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_where_nothing_listens_is_to_be_checked(scheme: str) -> None:
    """What the library says of the way to a recording is true, and says nothing of what to do."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"{scheme}://127.0.0.1:{held.getsockname()[1]}/a.mp3"
        with pytest.raises(SourceError) as raised:
            read(FileSource(address, RATE, timeout_s=20))
    assert (raised.value.reason, raised.value.cause) == ("connection refused", Cause.RECORDING_ADDRESS)


def test_half_a_file_over_http_is_named(tmp_path: Path) -> None:
    """A header promises more than the server has, as from a disk."""
    path = encoded(tmp_path / "a.wav", "pcm_s16le", tone(4000, 48000))
    half = path.read_bytes()[: path.stat().st_size // 2]
    with serving(answer_with(half)) as port:
        _, notices = read(FileSource(f"http://127.0.0.1:{port}/a.wav", RATE, timeout_s=20))
    assert any("ends 2.0 s before the end" in notice.text for notice in notices)


def test_raw_pcm_is_not_the_recording_of_a_game_console(tmp_path: Path) -> None:
    """Two equal channels look like `adp` to libav, quiet sound often like `ea_cdata`: noise, and hours of it."""
    generator = random.Random(1)
    noise = [round(generator.gauss(0, 300)) for _ in range(12_000)]
    quiet = struct.pack("<8h", 4, 0, 1, 0, 2, 1, 0, 1)
    stereo = b"".join(struct.pack("<2h", each, each) for each in noise)
    for name, samples in (("quiet.bin", quiet + struct.pack("<12000h", *noise)), ("stereo", stereo)):
        (tmp_path / name).write_bytes(samples)
        with av.open(str(tmp_path / name)) as container:
            assert container.format.name in {"adp", "ea_cdata"}
        with pytest.raises(SourceError, match="not audio or video") as caught:
            read(FileSource(str(tmp_path / name), RATE))
        assert caught.value.cause is Cause.NO_HEADER
    (tmp_path / "theme.adp").write_bytes(stereo)
    chunks, _ = read(FileSource(str(tmp_path / "theme.adp"), RATE))
    assert chunks


def test_what_nothing_is_known_of_may_be_raw_pcm(tmp_path: Path) -> None:
    """So a person learns how to describe it; of a file that is known to be cut short nothing of the kind is said."""
    (tmp_path / "a.bin").write_bytes(bytes(range(1, 256)) * 99)
    with pytest.raises(SourceError) as caught:
        read(FileSource(str(tmp_path / "a.bin"), RATE))
    assert caught.value.cause is Cause.NO_HEADER
