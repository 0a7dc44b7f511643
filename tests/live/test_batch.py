"""`asr batch` against the real server: each transcript once, none missing, whatever ends the run in the middle."""

import json
import signal
import sqlite3
import time
from pathlib import Path

from asrcli.core.install_advice import install_extra
from asrcli.journal.lock import JournalLock
from tests.live.batch_runs import CHUNKS, FILES, LONG, SILENT, recordings, report, server
from tests.sources.media_times import damaged
from tests.support.command import PATIENCE_S, asr, lines, started
from tests.support.counted import RATE, counted, covered
from tests.support.tone import encoded, tone, wav

__all__ = ["recordings", "server"]  # fixtures


def test_a_batch_that_is_killed_loses_nothing_and_does_nothing_twice(server: str, tmp_path: Path) -> None:
    """Sixty files, a kill -9 in the middle, a second run: each transcript once, and no half file at any time."""
    for number in range(FILES):
        wav(tmp_path / "in" / f"{number:02}.wav", counted(CHUNKS), RATE) if number else (tmp_path / "in").mkdir()
    wav(tmp_path / "in" / "00.wav", counted(CHUNKS), RATE)
    out = tmp_path / "out"
    command = ("batch", tmp_path / "in", "--out", out, "--url", server, "--pace", "max", "-f", "jsonl", "-f", "srt")
    with started(*command, "--jobs", 6) as process:
        for line in process.stderr:
            if f" 20/{FILES} " in line:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.*") if not path.name.startswith(".")}
    assert 20 <= len([name for name in before if name.endswith(".jsonl")]) < FILES
    assert all(name.endswith((".jsonl", ".srt")) for name in before)
    assert all(covered(lines((out / name).read_text("utf-8")), CHUNKS) == [] for name in before if "jsonl" in name)

    done = asr(*command, "--jobs", 6)
    assert done.returncode == 0, done.stderr
    for number in range(FILES):
        assert covered(lines((out / f"{number:02}.jsonl").read_text("utf-8")), CHUNKS) == []
        assert (out / f"{number:02}.srt").stat().st_size
    rows = report(out)
    assert len(rows) == FILES
    assert {row["state"] for row in rows.values()} == {"finished"}
    whole = {name for name in before if name.endswith(".jsonl") and f"{name[:2]}.srt" in before}
    finished = {name for name in whole if (out / name).stat().st_mtime_ns == before[name]}
    assert len(finished) >= len(whole) - 1  # the ledger may not have known the last one yet
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == [".asr-batch"]
    assert list((out / ".asr-batch" / "work").iterdir()) == []

    again = asr(*command)
    assert (again.returncode, "60 finished before" in again.stderr) == (0, True)


def test_a_long_recording_goes_on_from_its_last_final(server: str, tmp_path: Path) -> None:
    """Also one that was killed: what has text is neither sent nor written again, in any format."""
    audio = wav(tmp_path / "long.wav", counted(LONG, silent=SILENT), RATE)
    out = tmp_path / "out"
    command = ("batch", audio, "--out", out, "--url", server, "-f", "jsonl", "-f", "text", "-f", "srt")
    with started(*command, "--pace", 10) as process:
        while not any(path.read_bytes().count(b"\n") > 12 for path in out.glob(".asr-batch/*/*/0.jsonl.part")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert [path.name for path in out.iterdir()] == [".asr-batch"]
    assert json.loads(asr("batch", "status", out, "--json").stdout)["begun"] == 1

    done = asr(*command, "--pace", "max")
    assert done.returncode == 0, done.stderr
    events = lines((out / "long.jsonl").read_text("utf-8"))
    assert covered(events, LONG, silent=SILENT) == []
    first, second = [event for event in events if event["type"] == "begin"]
    assert 0 == first["begin_ms"] < second["begin_ms"]
    texts = [event["text"] for event in events if event["type"] == "final"]
    assert (out / "long.txt").read_text("utf-8").splitlines() == texts
    assert [line for line in (out / "long.srt").read_text("utf-8").splitlines() if " -->" in line].__len__() == len(
        texts
    )
    assert (report(out)["long.wav"]["attempts"], report(out)["long.wav"]["audio_ms"]) == (1, LONG * 100)


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(server: str, tmp_path: Path) -> None:
    """The words of what was sent are kept, and the next run needs only the rest."""
    audio = wav(tmp_path / "long.wav", counted(LONG, silent=SILENT), RATE)
    out = tmp_path / "out"
    command = ("batch", audio, "--out", out, "--url", server, "-f", "jsonl")
    with started(*command, "--pace", 10) as process:
        while not any(path.read_bytes().count(b"\n") > 5 for path in out.glob(".asr-batch/*/*/0.jsonl.part")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        said = process.stderr.read()
    assert "to go on, run the same command again" in said
    done = asr(*command, "--pace", "max")
    assert done.returncode == 0, done.stderr
    assert covered(lines((out / "long.jsonl").read_text("utf-8")), LONG, silent=SILENT) == []


def test_failures_are_listed_once_with_their_reasons_and_can_be_tried_again(server: str, recordings: Path) -> None:
    """Bad lines of a manifest, two inputs with one name, a file that is no audio, one that is not there."""
    (recordings / "a.mp3").write_bytes(b"this is no audio" * 100)
    (recordings / "c.wav").write_bytes((recordings / "more" / "c.wav").read_bytes())
    manifest = recordings / "list.tsv"
    manifest.write_text("more/b.wav\tB\nmore/c.wav\nc.wav\na.mp3\ngone.wav\nx\ty\tz\nmore/b.wav\n")
    out = recordings.parent / "out"
    command = ("--out", out, "--url", server, "--pace", "max")
    done = asr("batch", manifest, *command)
    assert done.returncode == 3
    assert (out / "B.txt").exists()
    errors = [line for line in done.stderr.splitlines() if "more/b.wav" not in line]
    for part in ("list.tsv:6: 3 columns", "c.wav would also be that of", "a.mp3: ", "gone.wav: no such file"):
        assert any(part in line for line in errors), (part, errors)
    assert sum("a.mp3" in line and "failed" not in line for line in errors) == 1
    assert "1 finished, 5 failed" in done.stderr
    assert report(out)["a.mp3"]["state"] == "failed"

    wav(recordings / "a.mp3", counted(CHUNKS), RATE)
    (recordings / "gone.wav").write_bytes((recordings / "a.wav").read_bytes())
    again = asr("batch", "retry", out, *command[2:])
    assert again.returncode == 3, again.stderr  # c.wav still has no name of its own
    assert "2 finished" in again.stderr
    named = asr("batch", "retry", out, *command[2:], "--name", "{parent}/{stem}")
    assert named.returncode == 0, named.stderr
    assert (out / "more" / "c.txt").exists()
    assert asr("batch", "retry", out, *command[2:]).returncode == 2
    assert "failed" not in asr("batch", "status", out).stdout


def test_what_has_changed_is_transcribed_again_and_nothing_else(server: str, recordings: Path) -> None:
    """Another input, other settings, --force, a transcript that is gone; --dry-run says so before."""
    out = recordings.parent / "out"
    command = ("batch", recordings, "--out", out, "--url", server, "--pace", "max", "--name", "{folder}/{stem}")
    dry = asr(*command, "--dry-run")
    assert (dry.returncode, out.exists()) == (0, False)
    assert f"{out}/talks/more/b.txt (new)" in dry.stdout
    assert asr(*command).returncode == 0
    wav(recordings / "a.wav", counted(CHUNKS + 5), RATE)
    (out / "talks" / "more" / "b.txt").unlink()
    said = asr(*command, "--dry-run").stdout
    assert [part in said for part in ("the input has changed", "its transcript is gone", "2 to transcribe, 1 fin")] == [
        True, True, True,
    ]  # fmt: skip
    assert asr(*command).returncode == 0
    assert (out / "talks" / "a.txt").read_text().split() == list(map(str, range(CHUNKS + 5)))
    assert {name: row["attempts"] for name, row in report(out).items()} == {"a.wav": 2, "b.wav": 2, "c.wav": 1}
    assert "3 to transcribe" in asr(*command, "--dry-run", "--force").stdout
    assert "settings have changed" in asr(*command, "--dry-run", "--silence-ms", 900).stdout


def test_files_of_others_are_not_replaced(server: str, recordings: Path) -> None:
    """Neither what this batch has not written nor an input; with --overwrite the first."""
    out = recordings.parent / "out"
    out.mkdir()
    (out / "a.txt").write_text("my own words")
    command = ("batch", recordings, "--out", out, "--url", server, "--pace", "max")
    done = asr(*command)
    assert (done.returncode, (out / "a.txt").read_text()) == (2, "my own words")
    assert "this batch has not written it; --overwrite replaces it" in done.stderr
    assert (out / "b.txt").exists()
    assert asr(*command, "--overwrite").returncode == 0
    assert (out / "a.txt").read_text() != "my own words"


def test_a_batch_knows_what_it_has_written_in_other_formats(server: str, recordings: Path) -> None:
    """Each format may be written again later; a file of somebody else among them stays."""
    out = recordings.parent / "out"
    command = ("batch", recordings, "--out", out, "--url", server, "--pace", "max")
    for formats in (["text"], ["srt"], ["text", "vtt"], ["srt"]):
        done = asr(*command, *(option for name in formats for option in ("-f", name)))
        assert done.returncode == 0, done.stderr
    assert {path.suffix for path in out.glob("a.*")} == {".txt", ".srt", ".vtt"}
    (out / "a.lrc").write_text("[00:01.00]mine\n")
    failed = asr(*command, "-f", "lrc")
    assert (failed.returncode, "a.lrc: exists, but this batch has not written it" in failed.stderr) == (2, True)
    assert (out / "a.lrc").read_text() == "[00:01.00]mine\n"
    assert asr(*command, "-f", "text").returncode == 0
    again = asr(*command, "--estimate")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "asr: every input is finished, so that nothing would be charged\n"


def test_what_cannot_work_is_said_at_once(server: str, recordings: Path) -> None:
    """A folder that is a file, a ledger in use or of a newer version, options that contradict each other."""
    out = recordings.parent / "out"
    command = ("batch", recordings, "--out", out, "--url", server, "--pace", "max")

    def refused(*arguments: object) -> str:
        done = asr(*arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        return done.stderr

    assert "no folder for the transcripts; name one: --out DIR" in refused("batch", recordings)
    assert "report stands before the folder; asr batch report 'my texts'" in refused("batch", "my texts", "report")
    assert "{stam}" in refused(*command, "--name", "{stam}")
    assert "--json is for asr batch status" in refused(*command, "--json")
    assert "--model auto" in refused(*command, "--model", "auto")
    assert "--timestamps with --format srt" in refused(*command, "-f", "srt", "--timestamps", "relative")
    assert "--force-settings sends it anyway" in refused(*command, "--model", "fun-asr-realtime", "--keep-dialect")
    assert "asr batch status takes one folder" in refused("batch", "status")
    assert "--jobs has no effect on asr batch status" in refused("batch", "status", out, "--jobs", "3")
    assert "--force has no effect on asr batch report" in refused("batch", "report", out, "--json", "--force")
    assert "has no ledger" in refused("batch", "report", recordings)
    assert f"{recordings / 'a.wav'} is a file" in refused(*command[:2], "--out", recordings / "a.wav", *command[4:])
    assert asr(*command).returncode == 0
    # A setting is for the runs, and no mistake here.
    assert asr("batch", "report", out, "--debug", ASR_OPT_JOBS="3").returncode == 0
    lock = JournalLock(out / ".asr-batch")
    assert lock.take()
    assert "another run of asr batch writes to" in refused(*command)
    assert json.loads(asr("batch", "status", out, "--json").stdout)["running"]
    lock.release()
    with sqlite3.connect(out / ".asr-batch" / "ledger.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert "made by a newer asr" in refused(*command)


def test_a_batch_ends_with_the_error_rates_of_its_transcripts(server: str, recordings: Path) -> None:
    """Those of finished inputs too; a failed one counts as deleted, one without a reference not at all."""
    out, references = recordings.parent / "out", recordings.parent / "said"
    command = ("batch", recordings, "--out", out, "--url", server, "--pace", "max", "-f", "srt", "-f", "html")
    (recordings / "bad.wav").write_bytes(b"no audio")
    assert asr(*command).returncode != 0
    references.mkdir()
    (references / "a.txt").write_text("0 1 2 3 4 5 6 7 8 9", "utf-8")
    (references / "b.txt").write_text("0 1 2 3 4 five 6 7 8 9", "utf-8")
    (references / "bad.txt").write_text("never heard", "utf-8")
    done = asr(*command, "--ref", references, COLUMNS="100")
    assert done.returncode == 3, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["a", "10", "0", "0", "0", "0.0", "%", "0.0", "%"] in rows
    assert ["b", "10", "1", "0", "0", "10.0", "%"] in [row[:7] for row in rows]
    assert ["bad", "(no", "transcript)", "2", "0", "2", "0", "100.0", "%"] in [row[:9] for row in rows]
    assert ["3", "files", "22", "1", "2", "0", "13.6", "%"] in [row[:8] for row in rows]
    assert "1 input without a reference in" in done.stderr


def test_references_are_looked_at_before_anything_is_sent(recordings: Path, tmp_path: Path) -> None:
    """A folder that is none, or is empty, a broken reference, formats without words to compare."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.json").write_text("{", "utf-8")
    (tmp_path / "jiwer.py").write_text("raise ImportError('none')")
    command = ("batch", recordings, "--out", tmp_path / "out", "--url", "ws://127.0.0.1:9")
    for more, code, problem in (
        (("--ref", tmp_path / "gone"), 3, "gone: no such folder"),
        (("--ref", recordings / "a.wav"), 2, "is a file; name the folder of the references"),
        (("--ref", tmp_path / "empty"), 2, "no reference in"),
        (("--ref", tmp_path / "broken"), 3, "a.json: is no JSON"),
        (("--ref", tmp_path / "broken", "-f", "html"), 2, "--ref compares no transcript of these formats"),
    ):
        done = asr(*command, *more)
        assert (done.returncode, problem in done.stderr, done.stderr.count("\n")) == (code, True, 1), done.stderr
    done = asr(*command, "--ref", tmp_path / "broken", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, f"asr: the comparison needs jiwer; {install_extra('eval')}\n")


def test_the_cost_is_known_before_and_bounded(recordings: Path) -> None:
    """The forecast covers what is not finished; a budget without a price is refused."""
    out = recordings.parent / "out"
    done = asr("batch", recordings, "--out", out, "--estimate", "--region", "cn-beijing")
    assert (done.returncode, out.exists()) == (0, False)
    assert done.stdout.splitlines()[-1].startswith("all: 00:03.000, ")
    done = asr("batch", recordings, "--out", out, "--budget", 1, "--local")
    assert (done.returncode, "--budget with --local" in done.stderr) == (2, True)


def test_a_damaged_recording_is_transcribed_and_paid_for_once(server: str, tmp_path: Path) -> None:
    """Its gaps are in the recording, so it is finished, with exit code 6; no other error is hidden by that."""
    recording = tmp_path / "talks" / "damaged.flac"
    recording.parent.mkdir()
    damaged(encoded(recording, "flac", tone(6000, 48000)), 1600, 3400)
    out = tmp_path / "out"
    batch = ["batch", recording.parent, "--out", out, "--url", server, "--pace", "max"]
    first = asr(*batch)
    assert first.returncode == 6, first.stderr
    assert "1 finished (1 with gaps in the recording)" in first.stderr
    assert "asr: 1 transcript with gaps: see above" in first.stderr
    row = report(out)["damaged.flac"]
    assert (row["state"], row["code"]) == ("finished", 6)
    assert "gaps in the transcript" in str(row["reason"])
    again = asr(*batch)
    assert again.returncode == 0, again.stderr
    assert "0 inputs to transcribe, 1 finished before" in again.stderr
    assert asr("batch", "retry", out, "--url", server).returncode == 2
    assert asr(*batch, "--force").returncode == 6
