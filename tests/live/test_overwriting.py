"""What `-o` and --output-dir do to files that are there: replaced by whole transcripts, and by nothing else."""

import json
import signal
from pathlib import Path

import pytest

from asrcli.cli.builders.open_outputs import is_transcript_complete, open_outputs
from asrcli.cli.builders.transcript_names import stems
from asrcli.core.errors import AudioLost, BudgetReached, ConnectionLost, MultipleErrors, OutputError, SourceError
from asrcli.outputs.line_writer import LineWriter
from tests.support.command import asr, serving, started
from tests.support.tone import tone, wav

OLD = "a whole transcript\n"


@pytest.fixture
def run(scripted: str) -> list[str]:
    """The options of a run against the scripted server."""
    return ["--url", scripted, "--pace", "max"]


@pytest.mark.parametrize(
    ("error", "live", "takes"),
    [
        (None, False, True), (AudioLost(5), False, True), (BudgetReached(1), False, True),
        (MultipleErrors([AudioLost(5), BudgetReached(1)]), False, True), (SourceError("a", "b"), True, False),
        (ConnectionLost("x"), False, False), (ConnectionLost("x"), True, False), (KeyboardInterrupt(), True, False),
        (OutputError("a", "full"), False, True), (OutputError("a", "full"), True, True), (ValueError(), False, False),
        (MultipleErrors([AudioLost(5), SourceError("a", "b")]), False, False),
    ],
)  # fmt: skip
def test_a_name_is_taken_by_a_run_that_ended_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: BaseException | None, live: bool, takes: bool
) -> None:
    """Exit 0, 6 and 7, and a run whose other outputs died; else the part stays, and is named."""
    path, empty = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text(OLD)
    empty.write_text(OLD)
    written = [LineWriter(str(path)), LineWriter(str(empty))]
    assert is_transcript_complete(error, live=live) is (takes and (live or not isinstance(error, OutputError)))
    try:
        with open_outputs(written, written):
            written[0].write("new")
            written[1].begin()
            if error is not None:
                raise error
    except BaseException as exc:
        assert exc is error  # noqa: PT017  it goes through
    assert path.read_text() == ("new\n" if takes else OLD)
    part = tmp_path / "a.txt.part"
    assert (part.exists(), str(part) in capsys.readouterr().err) == (not takes, not takes)
    assert not (tmp_path / "b.txt.part").exists()


def test_an_output_that_failed_stays_quiet_and_closes(tmp_path: Path) -> None:
    """It is reported once; what comes later is dropped, and nothing takes the name."""
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    path = tmp_path / "a.txt"
    path.write_text(OLD)
    lines = LineWriter(str(path))
    lines.write("zero")
    full = open("/dev/full", "w")  # noqa: SIM115, PTH123
    lines._file, before = full, lines._file
    with pytest.raises(OutputError, match="No space left"):
        lines.write("one")
    lines.write("two")
    lines.close()
    assert before is not None
    before.close()
    assert path.read_text() == OLD


def test_an_interrupted_run_replaces_nothing(scripted: str, tmp_path: Path) -> None:
    """Ctrl-C on a file: the transcript that was there stays, what came is in the part."""
    out = tmp_path / "a.txt"
    out.write_text(OLD)
    arguments = ["file", wav(tmp_path / "a.wav", tone(20_000)), "--url", scripted, "-o", out]
    with started(*arguments) as process:
        for _ in range(200):
            if (tmp_path / "a.txt.part").exists() and (tmp_path / "a.txt.part").read_text():
                break
            signal.sigtimedwait([], 0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out.read_text() == OLD
    assert (tmp_path / "a.txt.part").read_text().startswith("sentence 1\n")
    assert f"the transcript so far is in {tmp_path}/a.txt.part" in said


def test_a_lost_connection_and_a_missing_source_replace_nothing(tmp_path: Path) -> None:
    """Exit 4 and 3."""
    out, faults = tmp_path / "a.txt", tmp_path / "faults"
    out.write_text(OLD)
    faults.write_text('{"after_bytes": 64000, "do": "cut"}\n')
    with serving("--engine", "scripted", "--faults", faults) as (address, _):
        done = asr("file", wav(tmp_path / "a.wav", tone(4000)), "--url", address, "--no-reconnect", "-o", out)
    assert (done.returncode, out.read_text()) == (4, OLD)
    assert asr("file", tmp_path / "none.wav", "--local", "-o", out).returncode == 3
    assert out.read_text() == OLD


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("talk.wav", b"RIFF\0\0\0\0", ["-f", "text"]), ("talk", b"fLaC\0\0", []), ("talk.txt", b"\xff\xd8\xff", []),
        ("talk.mp3", b"text", []), ("talk.srt", b"1\n00:00:00,000 --> 00:00:01,000\nx\n", ["-f", "text"]),
        ("main.py", b"import os\n", ["-f", "jsonl"]), ("talk.SRT", b"hello\n", []), ("a.vtt", b"1\n", []),
        ("talk.wav", b"RIFF\0", ["--append"]),
    ],
)  # fmt: skip
def test_what_cannot_be_a_transcript_is_not_written_over(
    run: list[str], tmp_path: Path, name: str, content: bytes, options: list[str]
) -> None:
    """By what it is called and by what is in it; --overwrite replaces it all the same."""
    out, sound = tmp_path / name, wav(tmp_path / "sound.wav", tone(900))
    out.write_bytes(content)
    done = asr("file", sound, *run, *options, "-o", out)
    assert (done.returncode, out.read_bytes(), len(done.stderr.splitlines())) == (2, content, 1)
    assert "--overwrite replaces it" in done.stderr
    if "--append" not in options:
        assert asr("file", sound, *run, *options, "-o", out, "--overwrite").returncode == 0
        assert b"sentence 1" in out.read_bytes()


def test_a_recording_is_no_log_and_takes_no_raw_messages(scripted: str, tmp_path: Path) -> None:
    """--log-file and `asr ws-raw -o` destroy nothing either."""
    sound = wav(tmp_path / "a.wav", tone(300))
    before = sound.read_bytes()
    other = wav(tmp_path / "b.wav", tone(300))
    assert asr("file", other, "--url", scripted, "--log-file", sound).returncode == 2
    assert asr("ws-raw", other, "--url", scripted, "-o", sound).returncode == 2
    assert sound.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "names", "begins"),
    [
        (["-o", "talk.srt"], ["talk.srt"], "1\n00:"), (["-o", "talk.VTT"], ["talk.VTT"], "WEBVTT"),
        (["-o", "talk.jsonl"], ["talk.jsonl"], "{"), (["-o", "talk.md"], ["talk.md"], "<!-- transcript"),
        (["-o", "talk.md", "--timestamps", "relative"], ["talk.md"], "[00:"),
        (["-o", "talk.ndjson"], ["talk.ndjson"], '{"type"'), (["-o", "talk.JSON"], ["talk.JSON"], '{"type"'),
        (["-o", "talk.srt", "-f", "text"], ["talk.srt"], "sentence 1\n"),
        (["-o", "talk", "-f", "srt"], ["talk"], "1\n00:"),
        (["-o", "a.b.srt", "-f", "srt", "-f", "tsv"], ["a.b.srt", "a.b.tsv"], "1\n00:"),
        (["-o", "my.talk", "-f", "lrc", "-f", "tsv"], ["my.talk.lrc", "my.talk.tsv"], "[00:"),
    ],
)  # fmt: skip
def test_the_suffix_is_the_format(
    run: list[str], tmp_path: Path, options: list[str], names: list[str], begins: str
) -> None:
    """Unless -f says otherwise."""
    (tmp_path / "out").mkdir()
    sound = wav(tmp_path / "a.wav", tone(900))
    given = ["-o", tmp_path / "out" / options[1], *options[2:]]
    assert asr("file", sound, *run, *given).returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert (tmp_path / "out" / names[0]).read_text().startswith(begins)


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        (["a.wav", "x/b.mp3", "-"], ["a", "b", "stdin"]), (["a.wav", "a.mp3"], ["a.wav", "a.mp3"]),
        (["a.wav", "A.mp3", "b.x"], ["a.wav", "A.mp3", "b"]),
        (["a.mp3", "a.wav", "a.mp3.ogg"], ["a.mp3", "a.wav", "a.mp3.ogg"]),
        (["talk.srt.wav"], ["talk.srt"]), (["http://u:p@h/x.mp3?token=1"], ["x"]), ([".wav"], [".wav"]),
    ],
)  # fmt: skip
def test_transcripts_are_called_after_their_inputs(inputs: list[str], names: list[str]) -> None:
    """STEM, or the whole name where two would be called alike; no address shows what is secret in it."""
    assert stems(inputs) == names


def test_the_transcript_of_another_input_is_not_replaced(run: list[str], tmp_path: Path) -> None:
    """A later run may replace its own, and no other; without a memory of whose it is, none."""
    for name in "xy":
        (tmp_path / name).mkdir()
        wav(tmp_path / name / "a.wav", tone(900))
    out = tmp_path / "out"
    arguments = [*run, "--output-dir", out, "-f", "text", "-f", "srt"]
    for _ in range(2):
        done = asr("file", tmp_path / "x" / "a.wav", *arguments)
        assert (done.returncode, "1/1" in done.stderr) == (0, False)
    named = asr("file", tmp_path / "x" / "a.wav", tmp_path / "y" / "a.wav", *run, "--output-dir", tmp_path / "both")
    assert named.returncode == 2  # the whole names are alike too
    wav(tmp_path / "y" / "b.wav", tone(900))
    named = asr("file", tmp_path / "x" / "a.wav", tmp_path / "y" / "b.wav", *run, "--output-dir", tmp_path / "both")
    assert f"asr: 1/2 {tmp_path}/x/a.wav\n" in named.stderr
    assert f"asr: 2/2 {tmp_path}/y/b.wav\n" in named.stderr
    before = (out / "a.txt").stat().st_mtime_ns
    done = asr("file", tmp_path / "y" / "a.wav", *arguments)
    assert (done.returncode, f"is the transcript of {tmp_path}/x/a.wav" in done.stderr) == (2, True)
    assert asr("file", tmp_path / "x" / "a.wav", *arguments, XDG_STATE_HOME=str(tmp_path / "s")).returncode == 2
    assert (out / "a.txt").stat().st_mtime_ns == before
    assert asr("file", tmp_path / "y" / "a.wav", *arguments, "--overwrite").returncode == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.srt", "a.txt"]


def test_a_finished_transcript_has_its_name_while_others_are_heard(scripted: str, tmp_path: Path) -> None:
    """And those of later inputs are not opened yet; a failure is that of its input alone."""
    first, second = wav(tmp_path / "a.wav", tone(900)), wav(tmp_path / "b.wav", tone(30_000))
    third = wav(tmp_path / "c.wav", tone(900))
    out = tmp_path / "out"
    with started("file", first, second, third, "--url", scripted, "--output-dir", out, "-f", "jsonl") as process:
        for _ in range(300):
            if (out / "b.jsonl.part").exists():
                break
            signal.sigtimedwait([], 0.1)
        assert sorted(path.name for path in out.iterdir()) == ["a.jsonl", "b.jsonl.part"]
        assert json.loads((out / "a.jsonl").read_text().splitlines()[-1])["type"] == "end"
        process.kill()


def test_appending_ends_a_last_line_that_nobody_ended(run: list[str], tmp_path: Path) -> None:
    """Two sentences never run into each other."""
    out = tmp_path / "notes.txt"
    out.write_text("before")
    assert asr("file", wav(tmp_path / "a.wav", tone(900)), *run, "-o", out, "--append").returncode == 0
    assert out.read_text() == "before\nsentence 1\n"
    assert not list(tmp_path.glob("*.part"))


def test_what_really_heard_is_named(scripted: str, tmp_path: Path) -> None:
    """The model that was asked; with --local the recognizer, in begin, in end and in the account."""
    pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")
    sound = wav(tmp_path / "a.wav", tone(900))
    for options, name in (
        (["--url", scripted], "fun-asr-realtime"),
        (["--local", "--engine", "pocketsphinx"], "pocketsphinx en-us"),
    ):
        done = asr("file", sound, *options, "-f", "jsonl")
        events = {event["type"]: event for event in map(json.loads, done.stdout.splitlines())}
        assert (events["begin"]["model"], events["end"]["model"]) == (name, name)
        assert f"heard by {name}" in done.stderr
