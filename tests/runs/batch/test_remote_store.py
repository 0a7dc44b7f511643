"""Files in stores: what is found, fetched and put, and what is said where that fails. The store is in memory."""

import io
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asrcli.core.errors import OutputError, SourceError
from asrcli.core.install_advice import install_extra
from asrcli.runs.batch import remote_store
from asrcli.runs.batch.decisions import InputStamp, LedgerRow
from asrcli.runs.batch.input_files import find_inputs, input_stamp, input_stamps
from asrcli.runs.batch.remote_store import RemoteFolder, RemoteStore, check_remote_folder, identity_of
from asrcli.runs.batch.staging import Staging

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def store() -> Iterator[Any]:
    """Two recordings, a page and a manifest."""
    files = fsspec.filesystem("memory")
    for name, content in {
        "a.wav": b"12", "sub/b.mp3": b"345", "page.html": b"", "list.tsv": b"a.wav\tA\nsub/b.mp3\nx\ty\tz\n",
    }.items():  # fmt: skip
        files.pipe_file(f"/bucket/{name}", content)
    yield files
    files.rm("/bucket", recursive=True)


def found(word: str) -> tuple[list[str], list[str]]:
    """The addresses and the problems that a word stands for."""
    inputs = find_inputs([word], Path("out"), io.BytesIO())
    return [one.identity for one in inputs.inputs], list(map(str, inputs.problems))


@pytest.mark.usefixtures("store")
def test_files_folders_patterns_and_manifests_in_a_store_are_inputs() -> None:
    """As on a disk: the same recordings, names from a manifest, paths that count from its folder."""
    a, b = "memory://bucket/a.wav", "memory://bucket/sub/b.mp3"
    assert found("memory://bucket/a.wav") == ([a], [])
    assert found("memory://bucket") == ([a, b], [])
    assert found("memory://bucket/**/*.mp3") == ([b], [])
    assert found("memory://bucket/list.tsv") == (
        [a, b], ["memory://bucket/list.tsv:3: 3 columns, where there are 2: path, name"],
    )  # fmt: skip
    assert found("memory://bucket/*.ogg") == ([], ["memory://bucket/*.ogg: no file matches this pattern"])
    assert found("memory://bucket/gone.wav") == ([], ["memory://bucket/gone.wav: no such file or directory"])
    (one,) = find_inputs([b], Path("out")).inputs
    assert (one.file_name, one.parent, one.folder) == ("b.mp3", "sub", "bucket/sub")


def test_a_store_shows_whether_a_file_has_changed(store: Any) -> None:
    """By size and time, or by its tag, which says more than the time; listed and asked for they are the same."""
    (listed,) = find_inputs(["memory://bucket/a.wav"], Path("out")).inputs
    (globbed,) = find_inputs(["memory://bucket/a*"], Path("out")).inputs
    before = input_stamp(listed.path)
    assert (before.size_bytes, globbed.stamp, listed.stamp) == (2, before, before)
    store.pipe_file("/bucket/a.wav", b"123")
    assert input_stamp(listed.path).size_bytes == 3
    stamps = input_stamps(find_inputs(["memory://bucket"], Path("out")).inputs)
    assert stamps["memory://bucket/sub/b.mp3"] == input_stamp("memory://bucket/sub/b.mp3")
    when = datetime(2026, 1, 1, tzinfo=UTC)
    assert remote_store._stamp({"size": 1, "ETag": '"x"', "LastModified": when}) == InputStamp(1, None, "x")
    assert remote_store._stamp({"size": 1, "LastModified": when}) == remote_store._stamp(
        {"size": 1, "mtime": when.timestamp()}
    )
    assert remote_store._stamp({}) == InputStamp()


def test_what_may_be_secret_in_an_address_is_no_part_of_a_name() -> None:
    """Users, passwords and signatures; but what belongs to the name of a file stays, so that no two become one."""
    assert identity_of("https://u:pw@host/a.wav?sig=1#x") == "https://host/a.wav"
    assert identity_of("sftp://u:p@w@host/a?b;c.wav") == "sftp://host/a?b;c.wav"
    assert identity_of("S3://bucket/a#1.wav") == "s3://bucket/a#1.wav"
    inputs = find_inputs(["http://h/get?id=1", "http://h/get?id=1", "http://h/get?id=2"], Path("out"))
    assert [one.path for one in inputs.inputs] == ["http://h/get?id=1"]
    assert "cannot tell inputs apart" in str(inputs.problems[0])


def test_a_fetched_file_is_private_whole_and_has_room(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is longer or shorter than it said is refused, and nothing is fetched where the disk is too small."""
    target = tmp_path / "deep" / "input.wav"
    RemoteStore("memory://bucket/a.wav").fetch(target, 2)
    assert (target.read_bytes(), target.stat().st_mode & 0o777, target.parent.stat().st_mode & 0o777) == (
        b"12", 0o600, 0o700,
    )  # fmt: skip
    for size in (1, 3):
        with pytest.raises(SourceError, match="does not have the size"):
            RemoteStore("memory://bucket/a.wav").fetch(target, size)
    store.rm_file("/bucket/a.wav")
    with pytest.raises(SourceError, match="no such file"):
        RemoteStore("memory://bucket/a.wav").fetch(target, 2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(SourceError, match="do not fit in"):
        RemoteStore("memory://bucket/sub/b.mp3").fetch(target, 3)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        RemoteStore("memory://bucket/sub/b.mp3").fetch(tmp_path / "file" / "x", 3)


def test_transcripts_appear_in_a_store_when_they_are_whole(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a temporary name before, where the store shows a file while it is written; again does no harm."""
    folder = RemoteFolder("memory://user:pw@bucket/out/")
    assert folder.shown == "memory://bucket/out"
    folder = RemoteFolder("memory://bucket/out/")
    staging = Staging(tmp_path, folder)
    row = LedgerRow("memory://bucket/a.wav", "a", files=("sub/a.txt",))
    staging.check(row)
    (staged,) = staging.files(row)
    staged.parent.mkdir(parents=True)
    staged.write_text("words")
    moves: list[tuple[str, str]] = []
    move = type(store).mv

    def noted(files: Any, one: str, other: str) -> None:
        moves.append((one, other))
        move(files, one, other)

    monkeypatch.setattr(type(store), "mv", noted)
    staging.publish(row)
    staging.publish(row)
    assert moves == [("/bucket/out/sub/a.txt.part", "/bucket/out/sub/a.txt")]
    assert (store.cat_file("/bucket/out/sub/a.txt"), folder.names()) == (b"words", {"sub/a.txt"})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_store_that_fails_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install, and names no secret."""
    monkeypatch.setitem(sys.modules, "paramiko", None)
    for module in [name for name in sys.modules if name.startswith("fsspec.implementations.sftp")]:
        monkeypatch.delitem(sys.modules, module)
    line = f"sftp://host/a.wav: sftp:// needs a package: {install_extra('sftp')}"
    assert found("sftp://u:pw@host/a.wav")[1] == [line]
    with pytest.raises(OutputError, match=r"cannot write sftp://host/out: sftp:// needs a package"):
        check_remote_folder("sftp://u:pw@host/out")
    with pytest.raises(OutputError, match=r"sftp://host/out/a.txt: sftp:// needs"):
        RemoteFolder("sftp://u:pw@host/out").put(tmp_path / "a", "a.txt")
    for word in ("ftp://host/out", "https://host/out"):
        with pytest.raises(OutputError, match="transcripts go to a folder, or to"):
            check_remote_folder(word)
    with pytest.raises(OutputError, match="names no bucket"):
        check_remote_folder("s3://")
    with pytest.raises(OutputError, match="no such file"):
        RemoteFolder("memory://bucket/out").put(tmp_path / "gone", "a.txt")
    assert remote_store._reason(RuntimeError("Refused sk-0123456789abcdef0123")) == "refused sk-…"
