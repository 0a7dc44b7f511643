"""`asr vocab` and `asr token` against the real server: what a person and a script get of hot-word lists and keys."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asrcli.recognizers.scripted import Scripted
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.local_server import in_background
from asrcli.transport.identifiers import new_id
from tests.support.command import ASR, PATIENCE_S, asr, environment, serving
from tests.support.hotword_recorder import HotWordRecorder
from tests.support.terminal import on_terminal
from tests.support.tone import tone, wav
from tests.support.wire import wait_until

KEY = "sk-0123456789abcdef"
OLD_S = 2  # a new list on the old service may be updated after this long


@pytest.fixture
def url() -> Iterator[str]:
    """A service without any list, whose clock is right."""
    with in_background(Scripted()) as address:
        yield address


@pytest.fixture
def old() -> Iterator[str]:
    """A service on which every list is older than five minutes by two seconds less."""
    there = HotWordStore(lambda: datetime.now(UTC) - timedelta(seconds=300 - OLD_S), new_id)
    with in_background(Scripted(), hotword_store=there) as address:
        yield address


def vocab(*arguments: object, stdin: bytes | None = None) -> str:
    """What the command puts out; that it succeeds."""
    done = asr("vocab", *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def created(url: str, words: str = "Kubernetes:5", prefix: str = "ml") -> str:
    """The id of a new list."""
    return vocab("create", "--words", words, "--prefix", prefix, "--url", url).strip()


def shown(url: str, name: str) -> dict[str, Any]:
    """A list, as programs read it."""
    value: dict[str, Any] = json.loads(vocab("show", name, "--json", "--url", url))
    return value


def test_a_list_is_made_of_a_file_and_of_standard_input(url: str, tmp_path: Path) -> None:
    """The id alone is on standard output, and says where it came from."""
    file = tmp_path / "My-Words.txt"
    file.write_text("# for the talk\n梯度下降：3\nKubernetes\t5\ten\n", encoding="utf-8")
    name = vocab("create", file, "--url", url).strip()
    assert name.startswith("vocab-mywords-")
    described = shown(url, name)
    assert described["words"] == [
        {"text": "梯度下降", "weight": 3},
        {"text": "Kubernetes", "weight": 5, "lang": "en"},
    ]
    assert (described["model"], described["status"]) == ("fun-asr-realtime", "OK")
    piped = vocab("create", "-", "--model", "qwen-audio-3.1-asr-flash-streaming", "--url", url, stdin=b'{"a": 50}')
    assert piped.startswith("vocab-asr-")
    assert shown(url, piped.strip())["words"] == [{"text": "a", "weight": 50}]


def test_what_show_prints_update_reads(old: str) -> None:
    """A list can be mended with an editor."""
    began_s = time.monotonic()
    name = created(old, "Wien:3,梯度:5")
    text = vocab("show", name, "--url", old)
    assert "# for fun-asr-realtime only" in text.splitlines()
    again = asr("vocab", "update", name, "-", "--url", old, "--wait", stdin=text.replace("3", "2").encode())
    assert again.returncode == 0, again.stderr
    assert "waiting until" in again.stderr or time.monotonic() - began_s > OLD_S
    assert shown(old, name)["words"] == [{"text": "Wien", "weight": 2}, {"text": "梯度", "weight": 5}]


def test_an_update_too_soon_says_when(url: str) -> None:
    """One line, and nothing has changed."""
    name = created(url)
    done = asr("vocab", "update", name, "--words", "a", "--url", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it may be updated at" in done.stderr
    assert done.stderr.count("\n") == 1
    assert shown(url, name)["words"] == [{"text": "Kubernetes", "weight": 5}]


def test_lists_are_fields_in_a_pipe_and_a_table_on_a_terminal(url: str) -> None:
    """All pages, and by prefix."""
    names = [created(url, prefix="ab"[number % 2]) for number in range(3)]
    rows = [line.split("\t") for line in vocab("list", "--url", url).splitlines()]
    assert [(row[0], row[1], len(row)) for row in rows] == [(name, "OK", 4) for name in names]
    assert [each["id"] for each in json.loads(vocab("list", "--json", "--prefix", "b", "--url", url))] == names[1:2]
    if os.name != "nt":
        with on_terminal("vocab", "list", "--url", url, columns=120) as terminal:
            assert terminal.finish() == 0
            assert any(row.split()[:2] == ["id", "status"] for row in terminal.rows())
            assert sum(row.startswith(tuple(names)) for row in terminal.rows()) == 3


def test_delete_asks_a_person_and_refuses_a_pipe(url: str) -> None:
    """Unless it is told to be sure; one that is not there does not keep the others."""
    name, other = created(url), created(url)
    piped = asr("vocab", "delete", name, "--url", url)
    assert (piped.returncode, piped.stdout) == (2, "")
    assert "add --yes" in piped.stderr
    done = asr("vocab", "delete", "vocab-no", name, "--yes", "--url", url)
    assert (done.returncode, done.stdout) == (5, f"{name}\n")
    assert "The Required resource not exist" in done.stderr
    if os.name != "nt":
        for answer, code, left in (("n\r", 2, [other]), ("y\r", 0, [])):
            with on_terminal("vocab", "delete", other, "--url", url, columns=120) as terminal:
                terminal.wait_for("[y/N]")
                terminal.send(answer)
                assert terminal.finish() == code
            assert [each["id"] for each in json.loads(vocab("list", "--json", "--url", url))] == left


def test_sync_gives_the_same_id_until_the_file_changes_and_after_it(old: str, tmp_path: Path) -> None:
    """For --vocabulary-id "$(asr vocab sync words.txt)"."""
    file = tmp_path / "words.txt"
    file.write_text("a:3\nb\n")
    first = vocab("sync", file, "--url", old)
    file.write_text("b:4, a:3")
    assert vocab("sync", file, "--url", old) == first
    file.write_text("a:3")
    assert vocab("sync", file, "--url", old, "--wait") == first
    assert shown(old, first.strip())["words"] == [{"text": "a", "weight": 3}]
    assert json.loads(vocab("sync", file, "--url", old, "--json")) == {"id": first.strip(), "done": "unchanged"}
    other = vocab("sync", file, "--model", "paraformer-realtime-v2", "--url", old)
    assert other != first


def test_a_list_of_quite_other_words_is_not_replaced_unasked(old: str, tmp_path: Path) -> None:
    """Two projects may have a file of that name each."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, words in ((one, "Ada, Grace"), (other, "Kubernetes")):
        folder.mkdir()
        (folder / "names.txt").write_text(words)
    first = vocab("sync", one / "names.txt", "--url", old)
    refused = asr("vocab", "sync", other / "names.txt", "--url", old, "--wait")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "holds other words: Ada, Grace; name another --prefix, or add --yes" in refused.stderr
    assert vocab("sync", other / "names.txt", "--url", old, "--wait", "--yes") == first


def test_the_id_that_sync_prints_serves_a_transcription(tmp_path: Path) -> None:
    """Its words reach the recognizer beside those of the command line; for another model they do not."""
    recognizer, file = HotWordRecorder(), tmp_path / "words.txt"
    file.write_text("梯度:5")
    with in_background(recognizer) as url:
        name = vocab("sync", file, "--url", url).strip()
        audio = wav(tmp_path / "a.wav", tone(1000))
        for model in ("fun-asr-realtime", "paraformer-realtime-v2"):
            done = asr("file", audio, "--vocabulary-id", name, "--model", model, "--pace", "max", "--url", url)
            assert (done.returncode, done.stdout) == (0, "sentence 1\n"), done.stderr
    assert recognizer.hotwords == [(("梯度", 5),), ()]


def test_words_are_read_from_a_file_as_in_a_run(tmp_path: Path) -> None:
    """With @FILE, as --hotwords has it: a list of the account whose only word is @words.txt helps nobody."""
    file = tmp_path / "words.txt"
    file.write_text("\ufeff梯度下降:5\r\nKubernetes:4\r\n", "utf-8")
    with serving("--engine", "scripted") as (url, _):
        name = created(url, f"@{file}")
        assert shown(url, name)["words"] == [{"text": "梯度下降", "weight": 5}, {"text": "Kubernetes", "weight": 4}]


def test_the_eleventh_list_is_refused_with_what_to_delete(tmp_path: Path) -> None:
    """Before the service is asked for it."""
    with serving("--engine", "scripted") as (url, _):
        names = [created(url) for _ in range(10)]
        file = tmp_path / "words.txt"
        file.write_text("a")
        done = asr("vocab", "sync", file, "--url", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"delete one: asr vocab delete {names[0]}" in done.stderr


MISTAKES: dict[str, tuple[list[object], str]] = {
    "weight": (["create", "--words", "a:6"], "hot word a: weight 6; a weight is from 1 to 5"),
    "super": (["create", "--words", "a:50"], "only qwen-audio-3.x models take weight 50"),
    "prefix": (["create", "--words", "a", "--prefix", "A_"], "1 to 9 digits and lower-case letters"),
    "nothing": (["create"], "create takes one FILE, or --words"),
    "both": (["create", "words.txt", "--words", "a"], "words come from one of them"),
    "no file": (["create", "no-such-file"], "no-such-file: No such file"),
    "no id": (["update"], "update needs an ID"),
    "two ids": (["show", "a", "b"], "show takes one ID"),
    "an id": (["list", "a"], "list takes no ID"),
    "no effect": (["list", "--model", "m"], "--model has no effect on asr vocab list"),
    "no waiting": (["create", "--words", "a", "--wait"], "--wait has no effect on asr vocab create"),
    "no name": (["sync", "-"], "give it one with --prefix"),
    "no words file": (["create", "--words", "@no-such-file"], "--words @no-such-file: No such file"),
    "no at": (["create", "--words", __file__], f"{__file__}: is the name of a file; @{__file__} reads it"),
}


@pytest.mark.parametrize(("arguments", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_reported_before_anything_is_sent(arguments: list[object], problem: str) -> None:
    """One line, exit code 2; nobody listens at this address."""
    done = asr("vocab", *arguments, "--url", "ws://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_key_the_usual_service_is_not_even_asked() -> None:
    """As elsewhere."""
    for arguments in (["vocab"], ["token"]):
        done = asr(*arguments, HOME="/nonexistent")
        assert done.returncode == 2
        assert "no API key" in done.stderr


def test_a_temporary_key_stands_in_for_the_real_one_until_it_expires(tmp_path: Path) -> None:
    """For transcribing and for lists; the real one is seen nowhere."""
    key, temporary = tmp_path / "key", tmp_path / "temporary"
    key.write_text(KEY)
    audio = wav(tmp_path / "a.wav", tone(1000))
    with serving("--engine", "scripted", "--api-key-file", key) as (url, _):
        there = ("--url", url, "--api-key-file")
        began_at = time.time()
        minted = asr("token", "--expires", 1, "--json", *there, key)
        value = json.loads(minted.stdout)
        assert began_at < value["expires_at"] <= time.time() + 2
        temporary.write_text(value["token"])
        wait_until(lambda: time.time() >= value["expires_at"])
        late = asr("file", audio, "--pace", "max", *there, temporary)
        assert (late.returncode, "InvalidApiKey" in late.stderr) == (5, True)
        temporary.write_text(asr("token", *there, key).stdout)
        done = asr("file", audio, "--pace", "max", *there, temporary)
        assert (done.returncode, done.stdout) == (0, "sentence 1\n")
        assert asr("vocab", *there, temporary).returncode == 0
        refused = asr("token", *there, temporary)
        assert (refused.returncode, refused.stdout) == (5, "")
        assert KEY not in "".join((minted.stderr, late.stderr, done.stderr, refused.stderr))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to be a full disk")
def test_the_id_of_a_list_is_not_lost_with_standard_output(url: str) -> None:
    """The service has it, and counts it."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*ASR, "vocab", "create", "--words", "Kubernetes:5", "--url", url], stdout=full, stderr=subprocess.PIPE,
            text=True, env=environment(), timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    (listed,) = json.loads(vocab("list", "--json", "--url", url))
    assert (done.returncode, f"asr: created: {listed['id']}\n" in done.stderr) == (2, True), done.stderr
