"""The ledger on the disk: what it keeps, and what it refuses."""

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from asrcli.core.errors import OutputError, SourceError, UsageError
from asrcli.runs.batch.batch_ledger import FOLDER, LEDGER, BatchLedger, opened_ledger, read_ledger
from asrcli.runs.batch.decisions import BatchState, InputStamp, LedgerRow

ROW = LedgerRow(
    "/a/é 录音.wav", "é", InputStamp(1 << 40, 1_700_000_000_123_456_789, "tag"), "s", "model", "engine",
    BatchState.FAILED, 2, 3600_000, 1.5, 0.25, "a reason", 4, ("é.txt", "é.srt"), "2026-11-28T10:00:00+01:00",
)  # fmt: skip


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Also a name that is no valid text, as disks hold them, and what is not known yet."""
    odd = LedgerRow("/a/" + os.fsdecode(b"\xff.wav"), files=(os.fsdecode(b"\xff.txt"),), reason=os.fsdecode(b"\xfe"))
    with opened_ledger(tmp_path / "new" / "out") as ledger:
        ledger.save([ROW, odd])
        ledger.save([ROW])
        assert ledger.rows() == {ROW.path: ROW, odd.path: odd}
    assert read_ledger(tmp_path / "new" / "out")[ROW.path] == ROW


def test_what_earlier_runs_have_written_is_remembered(tmp_path: Path) -> None:
    """In whatever formats, and after a failure; not what was never complete. Ledgers of earlier versions are read."""
    odd = os.fsdecode(b"\xff.txt")
    finished = replace(ROW, state=BatchState.FINISHED, files=(odd,))
    again = replace(finished.with_files(("é.srt",)), state=BatchState.BEGUN)
    with opened_ledger(tmp_path) as ledger:
        ledger.save([finished])
    with sqlite3.connect(tmp_path / FOLDER / LEDGER) as database:
        database.execute("DROP TABLE earlier")
    database.close()
    assert read_ledger(tmp_path) == {ROW.path: finished}
    with opened_ledger(tmp_path) as ledger:
        ledger.save([again])
        assert ledger.rows() == {ROW.path: again}
        ledger.save([again.with_files(("é.vtt",))])
    assert read_ledger(tmp_path)[ROW.path].written == {odd, "é.vtt"}


def test_one_run_at_a_time_uses_a_ledger_and_others_may_read_it(tmp_path: Path) -> None:
    """Two would transcribe, and pay for, the same inputs."""
    with opened_ledger(tmp_path) as ledger:
        ledger.save([ROW])
        assert list(read_ledger(tmp_path)) == [ROW.path]
        with pytest.raises(UsageError, match="another run of asr batch writes to"), opened_ledger(tmp_path):
            pass
    with opened_ledger(tmp_path) as ledger:
        assert list(ledger.rows()) == [ROW.path]


@pytest.mark.parametrize("earlier", [False, True])
def test_no_file_is_mapped_while_a_ledger_is_written(tmp_path: Path, earlier: bool) -> None:
    """On a full disk a process that touches such a map is killed. Rows of earlier versions, which had one, stay."""
    kept = {}
    with opened_ledger(tmp_path) as ledger:
        if earlier:
            ledger.save([ROW])
            kept = {ROW.path: ROW}
    if earlier:
        database = sqlite3.connect(tmp_path / FOLDER / LEDGER)
        assert database.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        database.close()
    with opened_ledger(tmp_path) as ledger:
        assert ledger.rows() == kept
        ledger.save([ROW])
        assert not list((tmp_path / FOLDER).glob("*-shm"))
        assert read_ledger(tmp_path) == ledger.rows() == {ROW.path: ROW}


def test_what_is_no_ledger_of_this_version_is_left_alone(tmp_path: Path) -> None:
    """A newer one, one that is damaged, a folder without any, and a folder that is a file."""
    with opened_ledger(tmp_path):
        pass
    path = tmp_path / FOLDER / LEDGER
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 7")
    database.close()
    with pytest.raises(UsageError, match="made by a newer asr"), opened_ledger(tmp_path):
        pass
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 1")
        database.execute("INSERT INTO inputs (path, files, state) VALUES ('x', '[]', 'unheard of')")
    database.close()
    with pytest.raises(UsageError, match=r"is damaged: .*; remove the folder .* to transcribe"):
        read_ledger(tmp_path)
    path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    with pytest.raises(UsageError, match="is damaged: file is not a database; remove"), opened_ledger(tmp_path):
        pass
    with pytest.raises(UsageError, match="has no ledger"):
        read_ledger(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is a file"), opened_ledger(path):
        pass
    with pytest.raises(UsageError, match="is a file; name a folder"), opened_ledger(path / "below"):
        pass
    path.unlink()
    (tmp_path / FOLDER / f"{LEDGER}-wal").unlink(missing_ok=True)
    path.touch()
    (tmp_path / FOLDER / f"{LEDGER}-journal").mkdir()
    with pytest.raises(SourceError, match="cannot be read: "):
        read_ledger(tmp_path)


def test_rows_are_written_all_or_none(tmp_path: Path) -> None:
    """After an error the ledger is what it was."""
    with opened_ledger(tmp_path) as ledger:
        ledger.save([ROW])
        unwritable = LedgerRow("/b", audio_ms=1 << 80)
        with pytest.raises((OutputError, OverflowError)):
            ledger.save([LedgerRow("/c"), unwritable])
        assert list(ledger.rows()) == [ROW.path]
    closed = BatchLedger(tmp_path)
    closed.close()
    with pytest.raises(OutputError):
        closed.save([ROW])
