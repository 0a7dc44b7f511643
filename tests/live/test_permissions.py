"""Somebody without rights: directories that may not be written or entered, files that may not be read, homes, names.

The superuser may do all of that, so where the tests run as one, the command runs without what makes the difference.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import ASR, PATIENCE_S, environment
from tests.support.journals import began, final, session, spoken
from tests.support.tone import tone, wav
from tests.support.unprivileged import bound

pytestmark = pytest.mark.skipif(bound() is None, reason="nothing here takes the superuser's powers away")


def asr(*arguments: object, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `asr` as somebody for whom rights count."""
    command = [*(bound() or ()), *ASR, *map(str, arguments)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        env=environment(**env),
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A directory with what may not be used in it: `fixed`, `closed`, `secret`, `old.txt`; `loop` leads to itself."""
    for name in ("fixed", "closed"):
        (tmp_path / name).mkdir()
    wav(tmp_path / "a.wav", tone(1000))
    wav(tmp_path / "closed" / "b.wav", tone(100))
    for name in ("secret", "old.txt"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "loop").symlink_to("loop")
    modes = {"fixed": 0o555, "closed": 0o000, "secret": 0o000, "old.txt": 0o444}
    for name, mode in modes.items():
        (tmp_path / name).chmod(mode)
    yield tmp_path
    for name in modes:
        (tmp_path / name).chmod(0o700)


LONG = "x" * 300
CASES: dict[str, tuple[int, str]] = {
    "file a.wav -o fixed/x.srt": (2, "fixed/x.srt: permission denied"),
    "file a.wav -o closed/x.srt": (2, "closed/x.srt: permission denied"),
    "file a.wav -o old.txt": (2, "old.txt: permission denied"),
    "file a.wav -o old.txt --append": (2, "old.txt: permission denied"),
    f"file a.wav -o {LONG}": (2, "x: file name too long"),
    "file a.wav -o loop": (2, "loop: is a link that leads to itself"),
    "file a.wav --output-dir fixed": (2, "permission denied"),
    "file a.wav --output-dir fixed/new": (2, "ermission denied"),
    "file a.wav --output-dir closed": (2, "not readable"),
    "file a.wav --output-dir loop": (2, "loop"),
    "file a.wav --log-file fixed/log": (2, "ermission denied"),
    "file a.wav --log-file closed/log": (2, "ermission denied"),
    f"file a.wav --log-file {LONG}": (2, "ame too long"),
    "file a.wav --api-key-file closed/key": (2, "ermission denied"),
    "file a.wav --ca closed/key": (2, "ermission denied"),
    "file a.wav --context @closed/x": (2, "ermission denied"),
    "file a.wav --hotwords @secret": (2, "ermission denied"),
    "file closed/b.wav": (3, "closed/b.wav: permission denied"),
    "file closed/b.wav --passthrough": (3, "closed/b.wav: permission denied"),
    "file secret": (3, "secret: permission denied"),
    "file loop": (3, "loop: too many levels"),
    f"file {LONG}": (3, "file name too long"),
    "ws-raw a.wav -o closed/x": (2, "permission denied"),
    "ws-raw closed/b.wav": (3, "permission denied"),
    "serve --engine scripted --script closed/x": (2, "ermission denied"),
    "serve --engine scripted --script secret": (2, "not readable"),
    "sessions --journal closed": (2, "not readable"),
    "resume --journal closed": (2, "not readable"),
    "sessions delete x --journal fixed": (2, "no session x"),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(LONG, "LONG"))
def test_what_may_not_be_done_is_reported_in_one_line(place: Path, case: str) -> None:
    """With the exit code of its kind, and before anybody is asked."""
    code, said = CASES[case]
    words = case.split()
    named = [f"{'@' * word.startswith('@')}{place}/{word.removeprefix('@')}"
             if word.removeprefix("@").split("/")[0] in {"fixed", "closed", "secret", "old.txt", "loop", "a.wav", LONG}
             else word for word in words]  # fmt: skip
    service = ["--url", "ws://127.0.0.1:1"] if words[0] in {"file", "ws-raw"} else []
    done = asr(*named, *service)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert said in done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["a.wav", "closed", "fixed", "loop", "old.txt", "secret"]


@pytest.mark.parametrize("home", ["fixed", "closed"])
def test_a_home_that_cannot_be_used_costs_the_journal_alone(place: Path, scripted: str, home: str) -> None:
    """The file is transcribed, and the sessions are none."""
    env = {"HOME": str(place / home), "XDG_STATE_HOME": ""}
    done = asr("file", place / "a.wav", "--url", scripted, "--pace", "max", **env)
    assert (done.returncode, "sentence 1" in done.stdout) == (0, True), done.stderr
    for command, code in ((["sessions"], 0), (["resume"], 0), (["sessions", "show", "x"], 2), (["verify", "x"], 2)):
        done = asr(*command, **env)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
        assert "no session" in done.stderr


def test_a_journal_that_was_asked_for_and_cannot_be_kept_is_reported(place: Path, scripted: str) -> None:
    """In one line; the run goes on without it."""
    for folder in ("fixed/new", "closed/new"):
        done = asr("file", place / "a.wav", "--url", scripted, "--pace", "max", "--journal", place / folder)
        assert (done.returncode, "sentence 1" in done.stdout) == (0, True), done.stderr
        assert f"asr: no journal is kept: {place / folder}: permission denied\n" in done.stderr


def test_sessions_that_cannot_be_read_or_removed(place: Path) -> None:
    """Each is reported: a read-only one stays, one that may not be entered is damaged, the others are still listed."""
    folder = place / "sessions"
    folder.mkdir()
    fixed = session(folder, spoken(0, 1000), [began(), final(0, 900)])
    closed = session(folder, spoken(0, 1000), [began(), final(0, 900)], name="20261124-230501-ffff")
    fixed.chmod(0o500)
    closed.chmod(0o000)
    try:
        listed = asr("sessions", "--journal", folder)
        assert (listed.returncode, listed.stderr) == (0, "")
        assert all(path.name in listed.stdout for path in (fixed, closed))
        for path in (fixed, closed):
            gone = asr("sessions", "delete", path.name, "--yes", "--journal", folder)
            assert (gone.returncode, gone.stderr.count("\n")) == (2, 1), gone.stderr
            assert path.is_dir()
        for command in ("resume", "verify"):
            done = asr(command, closed.name, "--journal", folder)
            assert (done.returncode, done.stderr.count("\n")) == (3, 1), done.stderr
    finally:
        for path in (fixed, closed):
            path.chmod(0o700)


def test_a_home_that_may_not_be_entered_holds_no_keys(place: Path) -> None:
    """As in a container whose HOME is that of another user: a server of one's own needs no key, and gets its answer."""
    home = place / "closed"
    done = asr("file", place / "a.wav", "--url", "ws://127.0.0.1:9", "--no-journal", XDG_CONFIG_HOME=str(home))
    assert (done.returncode, "connection refused" in done.stderr) == (4, True), done.stderr
