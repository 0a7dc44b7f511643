"""Downloads: they go on where they were cut, end when they must, and are never mixed of two versions."""

import socket
from pathlib import Path

import pytest

from asrcli.core.errors import OutputError, UsageError
from asrcli.transport.download import PART, DownloadFailed, Route, check_address, download
from tests.support.file_server import ServedFile, serving_file

CONTENT = bytes(range(256)) * 1000


def at_once(seconds: float) -> None:
    """Do not wait."""
    del seconds


def untold(size: int, total: int | None) -> None:
    """Show no progress."""
    del size, total


def fetched(file: ServedFile, folder: Path, limit_bytes: int = 1 << 20) -> bytes:
    """What a download of the file brings; it does not wait between attempts."""
    with serving_file(file) as url:
        route = Route(limit_bytes=limit_bytes, sleep=at_once)
        return download(url, folder, untold, route).read_bytes()


def test_a_download_that_is_cut_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """In the same attempt and in a later one; a refusal that passes costs nothing."""
    file = ServedFile(CONTENT, cuts=[100_000, 50_000], statuses=[503])
    assert fetched(file, tmp_path) == CONTENT
    assert file.ranges == [None, None, "bytes=100000-", "bytes=150000-"]


def test_what_came_is_kept_for_the_next_program(tmp_path: Path) -> None:
    """The error says how much; a part that is whole is not fetched again."""
    file = ServedFile(CONTENT, cuts=[100_000, *[0] * 9])
    with serving_file(file) as url:
        route = Route(sleep=at_once)
        with pytest.raises(DownloadFailed, match=r"0\.1 of 0\.3 MB; 0\.1 MB are kept"):
            download(url, tmp_path, untold, route)
        file.cuts.clear()
        told: list[tuple[int, int | None]] = []
        download(url, tmp_path, lambda size, total: told.append((size, total)), route)
        assert file.ranges[-1] == "bytes=100000-"
        assert told[0][0] > 100_000
        assert told[-1] == (len(CONTENT), len(CONTENT))
        assert download(url, tmp_path, untold, route).read_bytes() == CONTENT


@pytest.mark.parametrize("proxied", [False, True])
def test_a_server_that_says_nothing_is_asked_once(tmp_path: Path, *, proxied: bool) -> None:
    """A connection that is taken and never answered costs one limit of silence and no pause, through a proxy too."""
    waits: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        url, proxy, reason = f"{address}/model.tar", None, r"no answer within 0\.05 s$"
        if proxied:
            url, proxy, reason = "https://models.example/model.tar", address, "proxy"
        with pytest.raises(DownloadFailed, match=reason):
            download(url, tmp_path, untold, Route(proxy=proxy, quiet_s=0.05, sleep=waits.append))
    assert waits == []


@pytest.mark.parametrize(("code", "attempts"), [(socket.EAI_AGAIN, 1), (socket.EAI_NONAME, 5)])
def test_name_servers_that_say_nothing_are_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, attempts: int
) -> None:
    """Each of these lookups takes ten seconds or more. An answer, such as an unknown host, comes at once."""
    asked: list[object] = []

    def fail(host: object, *_: object) -> None:
        asked.append(host)
        raise socket.gaierror(code, "as the system says")

    monkeypatch.setattr("socket.getaddrinfo", fail)
    with pytest.raises(DownloadFailed, match=r"models\.example"):
        download("https://models.example/model.tar", tmp_path, untold, Route(sleep=at_once))
    assert asked == ["models.example"] * attempts


@pytest.mark.parametrize("etag", ['"2"', ""])
def test_another_version_is_fetched_from_its_beginning(tmp_path: Path, etag: str) -> None:
    """So it is where the server does not say which version it is, or says so only roughly."""
    file = ServedFile(CONTENT, cuts=[1000, *[0] * 9])
    with serving_file(file) as url:
        route = Route(sleep=at_once)
        with pytest.raises(DownloadFailed):
            download(url, tmp_path, untold, route)
        file.cuts, file.etag, file.content = [2000], etag, CONTENT[::-1]
        assert download(url, tmp_path, untold, route).read_bytes() == CONTENT[::-1]


def test_a_file_that_is_missing_or_too_large_is_said_at_once(tmp_path: Path) -> None:
    """One request each, and nothing is kept."""
    missing = ServedFile(CONTENT, statuses=[404])
    with pytest.raises(DownloadFailed, match="HTTP 404"):
        fetched(missing, tmp_path)
    large = ServedFile(CONTENT)
    with pytest.raises(UsageError, match="too large"):
        fetched(large, tmp_path, limit_bytes=1000)
    assert len(missing.ranges) == len(large.ranges) == 1
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]


@pytest.mark.parametrize("location", ["http://192.0.2.1/x", "ftp://192.0.2.1/x", "file:///etc/passwd"])
def test_a_redirection_leads_nowhere_but_to_https(tmp_path: Path, location: str) -> None:
    """Whatever the server says."""
    with pytest.raises(DownloadFailed, match="leads elsewhere"):
        fetched(ServedFile(CONTENT, location=location), tmp_path)


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://127.0.0.1/x", "https:///x", "http://[::1/x"])
def test_only_https_is_fetched_except_for_this_machine(url: str) -> None:
    """Before anything is opened."""
    with pytest.raises(UsageError):
        check_address(url)
    check_address("https://example.com/x")
    check_address("http://127.0.0.1:1/x")


def test_a_part_that_cannot_be_replaced_is_one_line(tmp_path: Path) -> None:
    """As on a disk that fails."""
    (tmp_path / PART).mkdir()
    with pytest.raises(OutputError, match=rf"{PART}: .*"):
        fetched(ServedFile(CONTENT), tmp_path)
