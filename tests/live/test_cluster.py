"""`asr batch --dask` with a real scheduler and real workers, one of which is killed in the middle."""

import json
import signal
from pathlib import Path

import pytest

from tests.live.batch_runs import report
from tests.support.cluster import cluster_processes
from tests.support.command import lines, serving, started
from tests.support.counted import RATE, counted, covered
from tests.support.tone import wav

FILES, CHUNKS = 12, 10
KEY = "sk-4f3a9c0d5b7e4a6f8c1d2e3f4a5b6c7d"


@pytest.mark.slow
@pytest.mark.timeout(300)  # five Python programs start
def test_a_worker_that_is_killed_costs_only_what_it_had_in_flight(tmp_path: Path) -> None:
    """Each transcript is there once. Workers have the key, and it is in no task, no result, no log and no ledger."""
    folder, out, key = tmp_path / "in", tmp_path / "out", tmp_path / "key"
    folder.mkdir()
    for number in range(FILES):
        wav(folder / f"{number:02}.wav", counted(CHUNKS), RATE)
    key.write_text(KEY)
    with cluster_processes(tmp_path) as cluster, serving("--engine", "counting", "--api-key-file", key) as (url, _):
        doomed = cluster.worker("worker1", DASHSCOPE_API_KEY=KEY)
        cluster.worker("worker2", DASHSCOPE_API_KEY=KEY)
        command = ("batch", folder, "--out", out, "--url", url, "--pace", 2, "-f", "jsonl", "--jobs", 16)
        with started(*command, "--dask", cluster.wire.address, PYTHONWARNINGS="ignore") as process:
            said = []
            for line in process.stderr:
                said.append(line)
                if f" 4/{FILES} " in line:
                    doomed.send_signal(signal.SIGKILL)
            assert process.wait(60) == 0, said
        wire = b"".join(cluster.wire.said)
    for number in range(FILES):
        assert covered(lines((out / f"{number:02}.jsonl").read_text("utf-8")), CHUNKS) == []
    rows = report(out)
    assert {(row["state"], row["attempts"]) for row in rows.values()} == {("finished", 1)}
    assert len(rows) == len([line for line in said if "of audio in" in line and f"/{FILES} " in line]) == FILES
    assert all(part in wire for part in (b"transcribe_on_worker", b"11.wav", json.dumps(url).strip('"').encode()))
    kept = b"".join(path.read_bytes() for path in (*tmp_path.glob("*.log"), *out.rglob("*")) if path.is_file())
    assert [KEY.encode() in text for text in (wire, kept, "".join(said).encode())] == [False] * 3
