"""`asr engines add, pull and remove`: the real command, tiny models, and a web server on this machine."""

import hashlib
import json
import os
import shutil
import signal
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("sherpa_onnx", reason="pip install '.[local]'")

from asrcli.journal.lock import JournalLock
from tests.support import tiny_models
from tests.support.command import asr, lines, started
from tests.support.file_server import ServedFile, serving_file
from tests.support.tiny_models import CHINESE, song
from tests.support.tone import wav


@pytest.fixture
def home(tmp_path: Path) -> str:
    """A folder for the data of programs, in which no model was added."""
    return str(tmp_path / "data")


def kept(home: str) -> list[str]:
    """What lies in the folder of models under a name that is no work in progress."""
    folder = Path(home, "asrcli", "models")
    return sorted(path.name for path in folder.glob("[!.]*"))


def state(home: str, name: str) -> dict[str, object]:
    """What `asr engines --json` says of an engine."""
    (engine,) = [
        each for each in json.loads(asr("engines", "--json", XDG_DATA_HOME=home).stdout) if each["engine"] == name
    ]
    return dict(engine)


def packed(folder: Path) -> bytes:
    """A model as an archive."""
    model = tiny_models.zipformer_ctc(folder / "tiny", CHINESE)
    with tarfile.open(folder / "tiny.tar.bz2", "w:bz2") as tar:
        tar.add(model, "tiny")
    return (folder / "tiny.tar.bz2").read_bytes()


def test_a_folder_becomes_an_engine_and_goes_again(tmp_path: Path, home: str) -> None:
    """Listed, heard by, refused where its languages do not fit; removing it leaves the folder alone."""
    model = tiny_models.transducer(tmp_path / "mine", CHINESE)
    done = asr("engines", "add", model, "--name", "tones", "--languages", "zh,en", XDG_DATA_HOME=home)
    assert (done.returncode, "added tones (transducer, 1 MB): Chinese, English" in done.stderr) == (0, True), (
        done.stderr
    )
    engine = state(home, "tones")
    assert (engine["ready"], engine["languages"], engine["model"]) == (True, ["zh", "en"], "transducer")
    sound = wav(tmp_path / "song.wav", song())
    heard = asr("file", sound, "--local", "--engine", "tones", "-f", "jsonl", XDG_DATA_HOME=home)
    events = lines(heard.stdout)
    finals = [event for event in events if event["type"] == "final"]
    assert [event["text"] for event in finals] == ["你好吗", "吗你"], heard.stderr
    assert [abs(word["begin_ms"] - 1000 - 600 * n) <= 100 for n, word in enumerate(finals[0]["words"])] == [True] * 3
    assert not any("estimated" in word for word in finals[0]["words"])  # a model that streams says when a word came
    assert next(event["model"] for event in events if event["type"] == "begin") == "tones transducer"
    refused = asr("file", sound, "--local", "--engine", "tones", "--language", "fr", XDG_DATA_HOME=home)
    assert (refused.returncode, "knows Chinese (zh), English (en) only" in refused.stderr) == (2, True)
    assert engine["hotwords"]
    refused = asr(
        "file", sound, "--local", "--engine", "tones", "--hotwords", "好:4", "--hotwords", "世界:4", XDG_DATA_HOME=home
    )
    assert (refused.returncode, "the embedded recognizer tones cannot write it" in refused.stderr) == (2, True)
    assert asr("engines", "remove", "tones", XDG_DATA_HOME=home).returncode == 2  # it asks first
    assert asr("engines", "remove", "tones", "--yes", XDG_DATA_HOME=home).returncode == 0
    assert kept(home) == []
    assert (model / "encoder.onnx").is_file()


def test_an_added_model_serves_others(tmp_path: Path, home: str) -> None:
    """`asr serve --engine NAME`: a client hears it and its name. Whole sentences have estimated times, and say so."""
    model = tiny_models.sense_voice(tmp_path / "mine")
    done = asr("engines", "add", model, "--name", "whole", "--languages", "zh", XDG_DATA_HOME=home)
    assert (done.returncode, "added whole (sense-voice, 1 MB): Chinese" in done.stderr) == (0, True), done.stderr
    sound = wav(tmp_path / "song.wav", song())
    refused = asr("file", sound, "--local", "--engine", "whole", "--hotwords", "好:4", XDG_DATA_HOME=home)
    reason = "no effect on the embedded recognizer whole: a model of the kind sense-voice takes none"
    assert (refused.returncode, reason in refused.stderr) == (2, True), refused.stderr
    with started("serve", "--port", 0, "--engine", "whole", XDG_DATA_HOME=home) as server:
        address = server.stderr.readline().split(" at ")[1].split()[0]
        heard = asr("file", sound, "--url", address, "--pace", "max", "-f", "jsonl")
    events = lines(heard.stdout)
    finals = [event for event in events if event["type"] == "final"]
    assert [event["text"] for event in finals] == ["你好吗", "吗你"], heard.stderr
    assert all(word["estimated"] for event in finals for word in event["words"])
    assert next(event["engine"] for event in events if event["type"] == "begin") == "whole sense-voice"


def test_an_address_is_fetched_checked_and_pinned(tmp_path: Path, home: str) -> None:
    """It goes on where it was cut; another archive at the same address is refused until its checksum is given."""
    archive = packed(tmp_path)
    checksum = hashlib.sha256(archive).hexdigest()
    file = ServedFile(archive, cuts=[500])
    with serving_file(file) as url:
        done = asr("engines", "add", url, "--languages", "zh", XDG_DATA_HOME=home)
        assert (done.returncode, checksum in done.stderr, kept(home)) == (0, True, ["tiny"]), done.stderr
        assert file.ranges == [None, "bytes=500-"]
        assert state(home, "tiny")["ready"] is True
        assert asr("engines", "add", url, XDG_DATA_HOME=home).returncode == 2  # the name is taken
        file.content, file.etag = archive + b"\0", '"2"'
        other = hashlib.sha256(file.content).hexdigest()
        done = asr("engines", "add", url, "--name", "again", XDG_DATA_HOME=home)
        assert (done.returncode, f"--sha256 {other}" in done.stderr, kept(home)) == (2, True, ["tiny"]), done.stderr
        done = asr("engines", "add", url, "--name", "again", "--sha256", checksum, XDG_DATA_HOME=home)
        assert (done.returncode, "is not the one that was asked for" in done.stderr) == (2, True), done.stderr


def test_a_pull_that_is_killed_leaves_nothing_under_its_name(tmp_path: Path, home: str) -> None:
    """The next one goes on where it was."""
    archive = packed(tmp_path)
    file = ServedFile(archive, cuts=[700, *[0] * 9])
    with serving_file(file) as url:
        with started("engines", "add", url, XDG_DATA_HOME=home) as process:
            process.stderr.readline()
            assert file.asked.acquire(timeout=60)
            assert file.asked.acquire(timeout=60)  # the first part has come when the second is asked for
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        assert kept(home) == []
        file.cuts.clear()
        done = asr("engines", "add", url, XDG_DATA_HOME=home)
        assert (done.returncode, kept(home), file.ranges[-1]) == (0, ["tiny"], "bytes=700-"), done.stderr


def test_what_came_damaged_is_fetched_again(tmp_path: Path, home: str) -> None:
    """As a power failure leaves it: all bytes are there, and some were never written. Its checksum is not kept."""
    archive = packed(tmp_path)
    file = ServedFile(archive[:300] + bytes(len(archive) - 300))
    with serving_file(file) as url:
        done = asr("engines", "add", url, XDG_DATA_HOME=home)
        assert (done.returncode, "the archive is damaged" in done.stderr, kept(home)) == (2, True, []), done.stderr
        file.content = archive
        done = asr("engines", "add", url, XDG_DATA_HOME=home)
        assert (done.returncode, kept(home), file.ranges) == (0, ["tiny"], [None, None]), done.stderr


def test_a_download_that_was_added_goes_with_the_next_change(tmp_path: Path, home: str) -> None:
    """Its program was killed before it could delete it; one that is on its way stays."""
    downloads = Path(home, "asrcli", "models", ".downloads")
    with serving_file(ServedFile(packed(tmp_path))) as url:
        assert asr("engines", "add", url, XDG_DATA_HOME=home).returncode == 0
        for name, address in (("added", url), ("begun", f"{url}/other")):
            (downloads / name).mkdir(parents=True)
            (downloads / name / "part.json").write_text(json.dumps({"url": address, "validator": "1"}))
        (downloads / "strange").mkdir()
        assert asr("engines", "add", url, XDG_DATA_HOME=home).returncode == 2  # the name is taken
    assert sorted(path.name for path in downloads.iterdir()) == ["begun", "strange"]


def test_what_a_killed_change_has_left_goes_with_the_next_one(tmp_path: Path, home: str) -> None:
    """A model may have gigabytes. What a living program makes stays, and what is too young to have its lock."""
    models = Path(home, "asrcli", "models")
    for name in (".new-killed", ".new-alive", ".new-young"):
        (models / name / "files").mkdir(parents=True)
    for name in (".new-killed", ".new-alive"):
        (models / name / "lock").touch()
    held = JournalLock(models / ".new-alive")
    assert held.take()
    model = tiny_models.transducer(tmp_path / "mine", CHINESE)
    assert asr("engines", "add", model, "--name", "tones", XDG_DATA_HOME=home).returncode == 0
    assert sorted(path.name for path in models.iterdir()) == [".new-alive", ".new-young", "tones"]
    held.release()
    assert asr("engines", "remove", "gone", "--yes", XDG_DATA_HOME=home).returncode == 2  # as after a killed removal
    assert sorted(path.name for path in models.iterdir()) == [".new-young", "tones"]
    assert asr("engines", "remove", "tones", "--yes", XDG_DATA_HOME=home).returncode == 0
    assert sorted(path.name for path in models.iterdir()) == [".new-young"]
    assert (model / "encoder.onnx").is_file()


def test_bad_archives_and_folders_are_one_line(tmp_path: Path, home: str) -> None:
    """Nothing is kept of them; the line says what was looked for."""
    (tmp_path / "evil.tar").write_bytes(b"no archive")
    (tmp_path / "empty").mkdir()
    good = tiny_models.zipformer_ctc(tmp_path / "cut")
    (good / "model.onnx").write_bytes((good / "model.onnx").read_bytes()[:-300])
    tiny_models.zipformer_ctc(tmp_path / "pointer")
    (tmp_path / "pointer" / "model.onnx").write_text("version https://git-lfs.github.com/spec/v1\nsize 3\n")
    cases = {
        "evil.tar": "archive is damaged", "empty": "empty contains no usable model: it has no files; name the",
        "cut": "model.onnx is damaged: cut off", "pointer": "only points to the file of the model; fetch that: git lfs",
    }  # fmt: skip
    for name, said in {**cases, "nowhere": "No such file"}.items():
        done = asr("engines", "add", tmp_path / name, XDG_DATA_HOME=home)
        assert (done.returncode, len(done.stderr.splitlines()), said in done.stderr) == (
            3 if name == "nowhere" else 2,
            1 + (name == "evil.tar"),
            True,
        ), done.stderr
        assert "embedded recognizer cannot run" not in done.stderr
    for arguments, said in {
        ("add", "http://192.0.2.1/x.tar.bz2"): "not https",
        ("add", tmp_path / "empty", "--name", "../x"): "cannot be the name",
        ("add", tmp_path / "empty", "--languages", "Chinese!"): "not a language code",
        ("pull", "nothing"): "no documented model nothing; asr engines pull lists them",
        (
            "pull",
            "zh",
        ): "no documented model zh; did you mean sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20?",
        ("pull", "Japanese"): "did you mean sherpa-onnx-sense-voice-zh-en-ja-ko-yue-int8-2024-07-17?",
        ("pull", "sense-voice"): "did you mean sherpa-onnx-sense-voice-zh-en-ja-ko-yue-int8-2024-07-17?",
        ("remove", "counting", "--yes"): "no model counting was added",
        ("list", "--name", "x"): "--name has no effect on asr engines list",
    }.items():
        done = asr("engines", *arguments, XDG_DATA_HOME=home)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert kept(home) == []


def test_a_file_that_ends_the_library_is_one_line(tmp_path: Path, home: str) -> None:
    """When it is added, and when it goes bad later: in a whole file that sherpa-onnx cannot use, and in one cut off."""
    model = tiny_models.transducer(tmp_path / "mine")
    shutil.copytree(model, tmp_path / "dies")
    tokens = tmp_path / "dies" / "tokens.txt"
    tokens.write_text("these are no tokens\n")
    done = asr("engines", "add", tmp_path / "dies", XDG_DATA_HOME=home)
    assert (done.returncode, "ended its process" in done.stderr, kept(home)) == (2, True, []), done.stderr
    assert asr("engines", "add", model, "--name", "late", XDG_DATA_HOME=home).returncode == 0
    (model / "tokens.txt").write_text("these are no tokens\n")
    sound = wav(tmp_path / "song.wav", song())
    done = asr("file", sound, "--local", "--engine", "late", XDG_DATA_HOME=home)
    assert (done.returncode, "ended while it loaded the model" in done.stderr) == (5, True), done.stderr
    (model / "encoder.onnx").write_bytes((model / "encoder.onnx").read_bytes()[:2000])
    done = asr("file", sound, "--local", "--engine", "late", XDG_DATA_HOME=home)
    assert (done.returncode, "encoder.onnx is damaged" in done.stderr) == (2, True), done.stderr
    engine = state(home, "late")
    assert (engine["ready"], engine["install"]) == (False, "asr engines remove late")
