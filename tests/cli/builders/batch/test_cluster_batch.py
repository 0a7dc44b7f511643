"""A batch on a Dask cluster in this process: what workers get, say and give back, and what is said if they cannot."""

import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asrcli.cli import app
from asrcli.cli.builders.batch import cluster_batch, cluster_worker
from asrcli.cli.builders.batch.cluster_batch import _for_workers
from asrcli.core.errors import AudioLost, BudgetReached, MissingKey, SettingError, SourceError
from asrcli.runs.batch.active_input import BatchTask
from asrcli.runs.batch.decisions import Action, Decision, LedgerRow
from asrcli.runs.batch.manifest import BatchInput
from tests.support.cluster import cluster_here
from tests.support.command import serving, state_home
from tests.support.counted import RATE, counted
from tests.support.tone import wav

pytestmark = pytest.mark.filterwarnings("ignore")
pytest.importorskip("distributed")
CHUNKS = 10
LONG = 100
Batch = Callable[..., tuple[object, str]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a scheduler with one worker."""
    with cluster_here(threads=3) as address:
        yield address


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A counting server."""
    with serving("--engine", "counting") as (url, _):
        yield url


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Batch:
    """Runs `asr batch` in this process; returns its exit code and what it printed."""
    for name in ("XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, state_home())
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)

    def run(*arguments: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["asr", "batch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            app.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out + said.err

    return run


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two short recordings, a longer one with pauses, and a file that is none."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "ab":
        wav(folder / f"{name}.wav", counted(CHUNKS), RATE)
    silent = {number for number in range(LONG) if number % 20 > 13}
    wav(folder / "long.wav", counted(LONG, silent=silent), RATE)
    (folder / "bad.mp3").write_bytes(b"no audio")
    return folder


def test_workers_transcribe_and_the_client_keeps(batch: Batch, cluster: str, server: str, recordings: Path) -> None:
    """Also a long recording in parts; a failed input stops no other one; a second run finds all of it finished."""
    out = recordings.parent / "out"
    command = (recordings, "--out", out, "--url", server, "--pace", "max", "--dask", cluster, "--split", "3s")
    code, said = batch(*command)
    assert (code, "bad.mp3: is text, not a recording" in said, "3 finished, 1 failed" in said) == (3, True, True), said
    assert (out / "a.txt").read_text().split() == list(map(str, range(CHUNKS)))
    assert len((out / "long.txt").read_text().split()) == 70
    (recordings / "bad.mp3").unlink()
    code, said = batch(*command[:-2])
    assert (code, "3 were finished before" in said) == (0, True), said


def test_a_budget_is_leased_to_workers(batch: Batch, cluster: str, server: str, recordings: Path) -> None:
    """It is not passed, and the batch ends in order; with more money the next run goes on."""
    out = recordings.parent / "out"
    (recordings / "bad.mp3").unlink()
    command = (recordings, "--out", out, "--url", server, "--region", "cn-beijing", "--pace", "max", "--dask", cluster)
    code, said = batch(*command, "--budget", 0.0006)
    assert (code, "left" in said, "than the budget of 0.0006 CNY" in said) == (7, True, True), said
    code, said = batch(*command, "--budget", 1)
    assert (code, "3 finished" in said) == (0, True), said
    assert batch(*command, "--force", "--budget", 0.0001)[0] == 7


def test_a_worker_that_cannot_transcribe_is_named_with_its_reason(
    batch: Batch, cluster: str, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no key, or is of another version: the inputs are left for a cluster that can."""
    command = (recordings / "a.wav", "--out", recordings.parent / "out", "--dask", cluster)
    code, said = batch(*command)
    assert (code, "no usable worker is left; worker tcp://127.0.0.1:" in said) == (4, True), said
    assert "no API key; run asr login, set DASHSCOPE_API_KEY" in said
    assert "0 finished, 1 left" in said
    monkeypatch.setattr(cluster_batch, "__version__", "99.0")
    code, said = batch(*command)
    assert (code, "no worker can be used; worker tcp://127.0.0.1:" in said) == (4, True), said
    assert "and this is 99.0" in said


def test_what_is_no_cluster_is_said_at_once(batch: Batch, recordings: Path, server: str) -> None:
    """An address that is none, a port where nobody listens, and options that are secret or of this machine."""
    command = (recordings / "a.wav", "--out", recordings.parent / "out")
    for more, code, problem in (
        (("--dask", "nonsense"), 2, "'nonsense' is not the address of a Dask scheduler; as in tcp://host:8786"),
        (("--dask", "ftp://host:1"), 2, "is not the address of a Dask scheduler"),
        (("--dask", "tcp://host:x"), 2, "is not the address of a Dask scheduler"),
        (("--dask", "tcp://127.0.0.1:9"), 4, "no Dask scheduler answers there: connection refused"),
        (("--dask", "h:1", "--proxy", "h:2"), 2, "--dask with --proxy: workers have their own"),
        (("--dask", "h:1", "--url", "wss://host/?token=1"), 2, "--url that may hold something secret"),
    ):
        address = () if "--url" in more else ("--url", server)
        found, said = batch(*command, *more, *address)
        assert (found, problem in said) == (code, True), said


def test_nothing_secret_is_in_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with a login or a signature is refused; a path counts from no folder; the input begins again."""
    row, go_on = LedgerRow("https://host/a.wav"), Decision(Action.GO_ON, "begun")
    for path in ("https://host/a.wav?sig=1", "https://me:pw@host/a.wav"):
        with pytest.raises(SourceError, match="not sent to workers"):
            _for_workers(BatchTask(BatchInput(path, row.path, "a.wav"), row, go_on))
    here = _for_workers(BatchTask(BatchInput("a.wav", str(Path("a.wav").resolve()), "a.wav"), row, go_on))
    assert (here.given.path, here.decision.action) == (str(Path("a.wav").absolute()), Action.NEW)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-0123456789abcdef0123")
    assert b"0123456789abcdef0123" not in pickle.dumps(here)


def test_each_error_comes_back_as_it_was() -> None:
    """Whatever its arguments are, also those that are given by name only."""
    lost = AudioLost(1500)
    lost.path = "a.wav"
    for error in (
        lost, MissingKey(local=False), BudgetReached(5.0), SourceError("a", "b"), SettingError("x", "y", value="v"),
    ):  # fmt: skip
        parts = pickle.loads(pickle.dumps(cluster_worker.packed_error(error)))  # noqa: S301  ours
        again = cluster_worker.unpacked_error(parts)
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    assert cluster_worker.unpacked_error(cluster_worker.packed_error(None)) is None
