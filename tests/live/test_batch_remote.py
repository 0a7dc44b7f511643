"""`asr batch` with inputs on a web server and transcripts in a store, as a user gives them: by address."""

import functools
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from asrcli.cli import app
from tests.live.batch_runs import CHUNKS, report, server
from tests.support.command import asr, state_home
from tests.support.counted import RATE, counted
from tests.support.tone import wav

__all__ = ["server"]  # a fixture
fsspec = pytest.importorskip("fsspec")
WORDS = [str(number) for number in range(CHUNKS)]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder with two recordings and a manifest, and its address."""
    folder = tmp_path / "site"
    (folder / "more").mkdir(parents=True)
    wav(folder / "a.wav", counted(CHUNKS), RATE)
    wav(folder / "more" / "b.wav", counted(CHUNKS), RATE)
    (folder / "list.tsv").write_text("a.wav\tA\nmore/b.wav\nmore/none.wav\n")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield folder, f"127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


def test_recordings_on_a_web_server_are_transcribed_once(server: str, site: tuple[Path, str], tmp_path: Path) -> None:
    """By a manifest that lies there too; one that is not there stops no other; a login is kept nowhere."""
    folder, host = site
    out = tmp_path / "out"
    command = ("--out", out, "--url", server, "--pace", "max", "-f", "jsonl", "-f", "text")
    done = asr("batch", f"http://me:hidden@{host}/list.tsv?sig=secret", *command)
    assert done.returncode == 3, done.stderr
    assert "2 finished, 1 failed" in done.stderr
    assert f"http://{host}/more/none.wav: " in done.stderr
    assert [(out / name).read_text().split() for name in ("A.txt", "b.txt")] == [WORDS, WORDS]
    assert f'"source": "http://{host}/a.wav"' in (out / "A.jsonl").read_text()
    assert {name: row["state"] for name, row in report(out).items()} == {
        "a.wav": "finished", "b.wav": "finished", "none.wav": "failed",
    }  # fmt: skip
    kept = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert [word for word in ("hidden", "secret") if word.encode() in kept or word in done.stderr] == []
    assert list(out.rglob("input*")) == []
    again = asr("batch", f"http://{host}/a.wav", f"http://{host}/more/b.wav", *command)
    assert (again.returncode, "2 finished before" in again.stderr) == (0, True), again.stderr
    os.utime(folder / "a.wav", (0, 0))
    said = asr("batch", f"http://{host}/a.wav", *command, "--dry-run").stdout
    assert "A.txt (the input has changed)" in said


def test_transcripts_are_put_into_a_store_when_they_are_complete(
    server: str, site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are put there when they are whole, the ledger stays here, and what others put there is not replaced."""
    folder, _ = site
    store = fsspec.filesystem("memory")
    store.pipe_file("/kept/out/a.txt", b"of somebody else")
    for name in ("XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, state_home())

    def batch(*arguments: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["asr", "batch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            app.main()
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err

    command = (folder, "--out", "memory://kept/out", "--url", server, "--pace", "max")
    code, said = batch(*command)
    assert (code, "memory://kept/out/a.txt: exists, but this batch has not written it" in said) == (2, True), said
    assert [store.cat_file(f"/kept/out/{name}.txt").split() for name in "ab"] == [
        b"of somebody else".split(), [word.encode() for word in WORDS],
    ]  # fmt: skip
    assert "1 finished, 1 were finished before" in batch(*command, "--overwrite")[1]
    assert store.cat_file("/kept/out/a.txt").split() == [word.encode() for word in WORDS]
    assert "2 finished" in batch(*command, "--dry-run")[1]
    store.rm_file("/kept/out/b.txt")
    assert "b.txt (its transcript is gone)" in batch(*command, "--dry-run")[1]
    assert "finished:   2" in batch("status", "memory://kept/out")[1]
    assert "--ref with transcripts in a store" in batch(*command, "--ref", folder)[1]
    assert "memory://other has no ledger" in batch("status", "memory://other")[1]
