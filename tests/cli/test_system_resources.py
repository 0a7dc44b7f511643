"""A system that gives too little: one line, the documented exit code, and no file in place of a closed stream."""

import errno
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from asrcli.cli import system_resources
from asrcli.core.errors import OutputError, UsageError
from tests.support.command import ASR, PATIENCE_S, environment
from tests.support.tone import tone, wav

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs limits of processes")
LIMITED = """import os, resource, sys
resource.setrlimit(getattr(resource, sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3])))
os.execv(sys.argv[4], sys.argv[4:])
"""
STREAMS = """import os, sys
from asrcli.cli import system_resources
system_resources.hold_standard_streams()
held = [os.fstat(number).st_rdev == os.stat(os.devnull).st_rdev for number in range(3)]
open(sys.argv[1], "w").write(str(held))
"""


def limited(limit: str, soft: int, hard: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `asr` with a limit of the system."""
    command = [sys.executable, "-c", LIMITED, limit, str(soft), str(hard), *ASR, *arguments]
    return subprocess.run(command, capture_output=True, env=environment(), timeout=PATIENCE_S, check=False, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["file", "serve"])
def test_very_few_open_files_are_one_line(tmp_path: Path, command: str) -> None:
    """Before anything begins: which limit it is, and what is needed. Files, sockets and modules count together."""
    arguments = {"file": [str(wav(tmp_path / "a.wav", tone(100))), "--local"], "serve": ["--port", "0"]}[command]
    done = limited("RLIMIT_NOFILE", 8, 8, command, *arguments)
    said = "asr: this program may have only 8 files and connections open, and needs 32; raise the limit (ulimit -n)\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.slow
def test_a_limit_that_may_be_raised_is_raised() -> None:
    """What the system allows is taken."""
    done = limited("RLIMIT_NOFILE", 8, 64, "config", "path")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("limits", "raised_to"),
    [((8, 64), [(32, 64)]), ((8, 8), None), ((64, 64), []), ((8, resource.RLIM_INFINITY), [(32, -1)])],
)
def test_only_a_limit_that_is_too_low_is_touched(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised_to: list[tuple[int, int]] | None
) -> None:
    """To what a run needs, and no further."""
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: made.append(limit))
    if raised_to is None:
        with pytest.raises(UsageError, match="needs 32; raise the limit"):
            system_resources.check_open_files()
    else:
        system_resources.check_open_files()
        assert made == raised_to


def test_a_closed_number_is_held_and_an_open_one_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The null device takes the number, and programs that are started get it too."""
    with (tmp_path / "open").open("w") as file:
        monkeypatch.setattr(system_resources, "STANDARD_STREAMS", (file.fileno(), 1 << 20))
        held: list[int] = []
        monkeypatch.setattr(os, "set_inheritable", lambda number, _: held.append(number))
        system_resources.hold_standard_streams()
        (number,) = held
        assert os.fstat(number).st_rdev == Path(os.devnull).stat().st_rdev
        os.close(number)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path, closed: str) -> None:
    """A C library that prints would write into it."""
    ways = {"<": 0, ">": 1, "2": 2}
    command = f'exec "$@" {closed}'
    subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-c", STREAMS, tmp_path / "held"],
        input=b"", capture_output=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    assert (tmp_path / "held").read_text() == str([number in {ways[each[0]] for each in closed.split()}
                                                   for number in range(3)])  # fmt: skip


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """An error that was raised, with its cause."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (raised(ValueError("x"), OSError(errno.ENFILE, "Too many open files in system")), "ulimit -n"),
        (ImportError("libx.so: cannot open shared object file: Too many open files"), "ulimit -n"),
        (MemoryError(), "ulimit -v"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "ulimit -v"),
        (ImportError("libx.so: failed to map segment from shared object"), "ulimit -v"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/']"), "TMPDIR"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), ""),
        (ValueError("x"), ""),
    ],
)
def test_what_is_too_little_is_named(error: Exception, limit: str) -> None:
    """With the limit to raise, also where the error has led to another one; any other error is none of these."""
    problem = system_resources.shortage(error)
    assert (problem is not None) == bool(limit)
    assert limit in str(problem)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ESTALE, "Stale file handle", "/n/a.wav"), "/n/a.wav: stale file handle; check the disk"),
        (OSError(errno.EIO, "Input/output error"), "a file cannot be read or written: input/output error; check the"),
        (OSError(errno.EBUSY, "Device or resource busy", "/n/a"), "/n/a: device or resource busy; look what keeps"),
        (MemoryError(), "the system gives this program no more memory"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/n/a"), ""),
        (OSError(errno.EBADF, "Bad file descriptor"), ""),
        (ValueError("x"), ""),
    ],
)
def test_a_disk_that_fails_is_no_fault_of_ours(error: Exception, said: str) -> None:
    """Any call can fail on a disk in the network. A file that is missing may be a mistake of ours, and is reported."""
    problem = system_resources.trouble(error)
    assert (problem is not None) == bool(said)
    assert str(problem or "").startswith(said)


def test_what_was_made_in_part_does_not_complain_once_something_is_too_little(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The destructor of an event loop without sockets fails. Before, and for other reasons, it is our mistake."""
    told: list[object] = []
    monkeypatch.setattr(system_resources, "_shortages", [])
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    system_resources.report_threads()
    sys.unraisablehook("first")  # type: ignore[arg-type]
    assert system_resources.shortage(OSError(errno.EMFILE, "Too many open files"))
    sys.unraisablehook("second")  # type: ignore[arg-type]
    assert told == ["first"]
    assert capsys.readouterr().err == ""


def test_a_process_that_cannot_be_started_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same error as of a pipe that is full: the place says which it is."""

    def refused(*_: object) -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess._fork_exec", refused)
    with pytest.raises(BlockingIOError) as caught:
        subprocess.Popen(["true"], preexec_fn=lambda: None)  # noqa: PLW1509  so that no other way is taken
    assert "no more threads or processes" in str(system_resources.shortage(caught.value))


def test_other_errors_stay_what_they_are() -> None:
    """Of output that cannot be written, and of ours."""
    assert isinstance(system_resources.problem_of(OSError(errno.ENOSPC, "No space left on device")), OutputError)
    assert "ulimit -v" in str(system_resources.problem_of(MemoryError()))
    with pytest.raises(RuntimeError, match="ours"):
        system_resources.problem_of(RuntimeError("ours"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["config", "set", "template", "a\udcffb"],
        ["config", "set", "--profile", "a\udcffb", "gain", "1"],
        ["vocab", "show", "a\udcffb", "--url", "http://127.0.0.1:9"],
    ],
)
def test_bytes_that_are_no_text_are_a_mistake_of_the_command_line(arguments: list[str]) -> None:
    """As where the terminal writes UTF-8 and LANG names another encoding: this is no fault of the program."""
    command = [*map(os.fsencode, (*ASR, *arguments))]
    done = subprocess.run(command, capture_output=True, env=environment(), timeout=PATIENCE_S, check=False, text=True)
    said = "asr: the command line holds bytes that are no text here; check the encoding of the terminal, and LANG\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_text_of_ours_that_cannot_be_written_stays_our_fault() -> None:
    """It is in no argument and no variable."""
    with pytest.raises(UnicodeEncodeError) as caught:
        "\udcfe".encode()
    assert system_resources.shortage(caught.value) is None


def test_an_error_that_names_a_file_is_not_blamed_on_standard_output() -> None:
    """As where --install-completion may not write: the file that is at fault is named."""
    problem = system_resources.problem_of(OSError(errno.EROFS, "Read-only file system", "/home/ann/.bashrc"))
    assert str(problem) == "/home/ann/.bashrc: Read-only file system"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], ""),
        (["-o", "talk.srt"], "cannot write talk.srt: no such file or directory"),
        (["--output-dir", "texts"], "the current folder is not there any more; change to one that is there (cd)"),
    ],
)
def test_a_current_folder_that_is_gone_is_no_fault_of_standard_output(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    """It is a file here, which is compared with other files. A run that needs no current folder does its work."""
    talk = wav(tmp_path / "a.wav", tone(100))
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
    with (tmp_path / "out").open("w") as out:
        done = subprocess.run(
            ["sh", "-c", script, "sh", gone, *ASR, "file", talk, "--local", "--engine", "scripted", *arguments],
            stdout=out, stderr=subprocess.PIPE, env=environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path))),
            timeout=PATIENCE_S, check=False, text=True,
        )  # fmt: skip
    if said:
        assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"asr: {said}")
    else:
        assert (done.returncode, (tmp_path / "out").read_text()) == (0, "sentence 1\n")


def test_what_ends_a_thread_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Not the calls that led to it; that is what --debug is for."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(system_resources, "reported", set())
    system_resources.report_threads()

    def fail(error: BaseException) -> None:
        raise error

    for error in (MemoryError(), KeyError("x")):
        thread = threading.Thread(target=fail, args=(error,), name="t")
        thread.start()
        thread.join()
    first, second = capsys.readouterr().err.splitlines()
    assert (first.startswith("asr: the system gives"), len(system_resources.reported)) == (True, 2)
    assert second == "asr: internal error in thread t: KeyError: 'x'; run again with --debug and report it"


@pytest.mark.parametrize("zone", ["UTC+24", "UTC-24", "UTC+25", "UTC-167", "XYZ+23:59:59", "no/where"])
def test_a_time_zone_that_cannot_be_stops_no_command(zone: str) -> None:
    """The system takes offsets of days, and the times of Python none of a day or more: those become UTC."""
    write = "from asrcli.cli.app import main; import sys; sys.argv[1:] = ['--version']; main()"
    then = "from datetime import datetime; print(datetime.now().astimezone().utcoffset())"
    program = f"try:\n    {write}\nfinally:\n    {then}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(TZ=zone), check=True
    )
    version, offset = done.stdout.splitlines()
    assert version.startswith("asr ")
    assert offset == {"XYZ+23:59:59": "-1 day, 0:00:01"}.get(zone, "0:00:00")
