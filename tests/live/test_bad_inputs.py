"""Whatever is wrong with one input of several: it is exit code 3 of that one, and the others are heard."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from asrcli.cli.builders.sources import file_sources
from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.file import FileSource
from tests.support.command import ASR, PATIENCE_S, asr, environment, serving, started
from tests.support.tone import mute_video, silence, tone, wav

SOUND = silence(300) + tone(700) + silence(500)
RATE = Format(16000)
COUNT = 2  # sentences that the server says of a good input
PACE = ("--pace", 10)  # nothing here is a matter of real time


@pytest.fixture(scope="module")
def scripted() -> Iterator[str]:
    """A server that answers with a script."""
    with serving("--engine", "scripted") as (address, _):
        yield address


def folder(path: Path) -> Path:
    """A directory with the name of a sound."""
    path.mkdir()
    return path


def bound(path: Path) -> Path:
    """A socket in the file system."""
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(os.path.relpath(path))
    return path


def link(path: Path) -> Path:
    """A link to itself."""
    path.symlink_to(path)
    return path


def empty(path: Path) -> Path:
    """A file with nothing in it."""
    path.touch()
    return path


def picture(path: Path) -> Path:
    """A film without sound."""
    mute_video(path.with_suffix(".mp4"))
    return path.with_suffix(".mp4")


BAD: dict[str, Callable[[Path], object]] = {
    "is a directory": folder,
    "is a socket": bound,
    "too many levels of symbolic links|symlink loop": link,
    "is an empty file": empty,
    "contains no audio track": picture,
    "file name too long": lambda path: path.with_name("x" * 5000),
    "/dev/zero: is a device": lambda _: "/dev/zero",
    "not a directory": lambda path: wav(path, SOUND) / "more.wav",
    "no such file": lambda path: path.with_name("two\nlines.wav"),
    "is empty": lambda _: os.devnull,
}


@pytest.mark.parametrize("told", BAD)
def test_other_inputs_are_transcribed(
    scripted: str, tmp_path: Path, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what is wrong with it."""
    monkeypatch.chdir(tmp_path)
    good = wav(tmp_path / "good.wav", SOUND)
    done = asr("file", good, BAD[told](tmp_path / "bad.wav"), good, "--url", scripted, *PACE)
    assert (done.returncode, len(done.stdout.splitlines())) == (3, 2 * COUNT), done.stderr
    assert any(each in done.stderr.lower() for each in told.split("|")), done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("instead", [None, folder, bound, link], ids=["nothing", "directory", "socket", "loop"])
def test_a_file_that_is_gone_when_its_turn_comes(
    scripted: str, tmp_path: Path, instead: Callable[[Path], object] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there when the run began, and is something else by now: the first one ends only when that is so."""
    monkeypatch.chdir(tmp_path)
    sound, first, good = wav(tmp_path / "sound.wav", SOUND), tmp_path / "first.wav", wav(tmp_path / "good.wav", SOUND)
    bad = wav(tmp_path / "bad.wav", SOUND)
    os.mkfifo(first)
    with started("file", first, bad, good, "--url", scripted, *PACE) as process:
        with first.open("wb") as pipe:
            pipe.write(sound.read_bytes())
            pipe.flush()
            process.read_until("sentence")
            bad.unlink()
            if instead is not None:
                instead(bad)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "internal error" in err) == (3, False), err
    assert f"{bad.name}: " in err
    assert len(out.splitlines()) >= 2 * COUNT - 1


def test_a_named_pipe_that_nobody_writes_to_is_given_up(tmp_path: Path) -> None:
    """After the patience for a network, and one that somebody writes to in time is read."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="no program has written to it for 0 s"):
        list(FileSource(str(tmp_path / "pipe"), RATE, timeout_s=0.3).chunks(0))
    os.mkfifo(tmp_path / "late")
    data = wav(tmp_path / "a.wav", SOUND).read_bytes()
    writer = threading.Timer(0.2, (tmp_path / "late").write_bytes, (data,))
    writer.start()
    assert list(FileSource(str(tmp_path / "late"), RATE).chunks(0))
    writer.join()


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("codec"), KeyError("x"), OSError(5, "Input/output error")]
)
def test_whatever_a_decoder_raises_in_the_middle_is_of_this_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """And what had been read before is heard."""
    source = FileSource(str(wav(tmp_path / "a.wav", SOUND)), RATE)
    whole = source._read

    def read(opened: object) -> Iterator[object]:
        yield next(iter(whole(opened)))  # type: ignore[arg-type]
        raise error

    monkeypatch.setattr(source, "_read", read)
    heard: list[object] = []
    with pytest.raises(SourceError, match=r"a\.wav: cannot be read"):
        heard.extend(source.chunks(0))


def test_whatever_is_raised_when_an_input_is_looked_at_is_of_this_input() -> None:
    """The first of three cannot even be looked at."""

    class Reading:
        def source(self, path: str) -> str:
            if path == "bad":
                raise MemoryError
            return path

    sources, failures = file_sources(["bad", "a", "b"], Reading())  # type: ignore[arg-type]
    assert list(map(str, sources)) == ["a", "b"]
    assert list(map(str, failures)) == ["bad: cannot be read: MemoryError"]


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv of util-linux")
def test_a_file_that_may_not_be_read(scripted: str, tmp_path: Path) -> None:
    """Permission denied is of this input too; root is given no more rights than anybody."""
    good, bad = wav(tmp_path / "good.wav", SOUND), wav(tmp_path / "bad.wav", SOUND)
    bad.chmod(0)
    who = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*who, *ASR, "file", str(good), str(bad), str(good), "--url", scripted, *map(str, PACE)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE_S, check=False)
    assert (done.returncode, len(done.stdout.splitlines())) == (3, 2 * COUNT), done.stderr
    assert f"{bad}: permission denied" in done.stderr


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/404":
            self.send_error(404)
            return
        if self.path == "/500":
            self.send_error(500)
            return
        if self.path == "/nothing":
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html><body>Please log in.</body></html>" * 50)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("path", ["/404", "/500", "/login", "/nothing"])
def test_an_address_that_gives_no_sound(scripted: str, tmp_path: Path, path: str) -> None:
    """A page, an error, or nothing at all."""
    good = wav(tmp_path / "good.wav", SOUND)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = asr("file", good, f"http://127.0.0.1:{server.server_port}{path}", good, "--url", scripted, *PACE)
        server.shutdown()
    assert (done.returncode, len(done.stdout.splitlines())) == (3, 2 * COUNT), done.stderr
    assert "internal error" not in done.stderr


def test_standard_input_without_an_end_that_no_decoder_knows_is_given_up(scripted: str) -> None:
    """It fills no disk: a part of it is copied, in case a decoder wants to seek, and that is enough to know."""
    with Path("/dev/zero").open("rb") as endless:
        done = subprocess.run(
            [*ASR, "file", "-", "--url", scripted], stdin=endless, capture_output=True, text=True,
            env=environment(), timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert "standard input: begins with nothing but zeros" in done.stderr
