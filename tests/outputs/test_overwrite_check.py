"""Only transcripts are replaced by transcripts, and only logs by logs."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.cli.builders.log_file import LOG_FILES
from asrcli.cli.builders.transcript_names import SUFFIXES
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.overwrite_check import HEAD_BYTES, check_log_overwrite, check_overwrite
from tests.support.command import asr
from tests.support.tone import tone, wav

ENDS = {each.value: suffix for each, suffix in SUFFIXES.items()}
JSONL = b'{"type": "begin", "version": 1}\n'
STRANGE: list[tuple[str, bytes, str]] = [
    ("notes", b"#!/bin/sh\nrm x\n", "text"), ("id_rsa", b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "text"),
    ("main.py", b"import os\n", "text"), ("a.json", b'{"a": 1}', "text"), ("a.YML", b"a: 1\n", "text"),
    (".bashrc", b"alias a=b\n", "text"), (".env", b"KEY=x\n", "text"), ("page", b"<!DOCTYPE html>\n", "text"),
    ("a", b"<?xml version='1.0'?>", "text"), ("doc", b"{\\rtf1 x}", "text"), ("doc", b"%PDF-1.7\n", "text"),
    ("package.json", b'{"name": "x"}\n', "jsonl"), ("a.jsonl", b'{"id": 1}\n{"id": 2}\n', "jsonl"),
    ("events.jsonl", b'{"type": "journal", "version": 1}\n', "jsonl"), ("a.ini", b"[section]\n", "lrc"),
    ("a.lrc", b"[[1, 2], [3]]\n", "lrc"), ("todo", b"[ ] buy milk\n", "lrc"),
    ("archive", b"words\n" * HEAD_BYTES + b"\x1f\x8b\x08\xff\xfe" * 2000, "text"),
    ("installer", b"words\n" * HEAD_BYTES + b"\0" * 99, "text"), ("a.txt", "ü".encode("latin-1"), "text"),
    ("README.md", b"# My project\n\nWords.\n", "text"), ("notes.md", "\n## 今天\n".encode(), "text"),
    ("post.md", b"---\ntitle: x\n---\nwords\n", "text"), ("notes", b"# today\n", "text"),
    ("a.md", b"<!-- transcript -->\n", "text"), ("a.markdown", b"<!-- transcript -->\n", "text"),
    ("a.md", b"words\n", "md"),
    ("a.txt", "words\n".encode("utf-16"), "text"), ("silence.txt", b"\0\0" * 8000, "text"),
]  # fmt: skip
OURS: list[tuple[str, bytes, str]] = [
    ("notes", b"words\n", "text"), ("notes.md", "今天\n".encode(), "text"), ("a.txt", b"", "text"),
    ("a.md", b"#1 is the best of them.\n", "text"), ("b.md", b"-- and then I said\n", "text"),
    ("a.jsonl", JSONL, "jsonl"),
    ("a.json", JSONL, "jsonl"), ("a.jsonl", b'{"type":"final"}\n', "jsonl"), ("a.lrc", b"[00:00.70]x\n", "lrc"),
    ("a.txt", "今".encode() * HEAD_BYTES, "text"), ("b.txt", b"x" + "天".encode() * HEAD_BYTES, "text"),
    ("c.txt", b"xy" + "😀".encode() * HEAD_BYTES, "text"), ("d.txt", b"From here on we talk\n", "text"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "form"), STRANGE)
def test_what_is_no_transcript_is_reported(tmp_path: Path, name: str, content: bytes, form: str) -> None:
    """By its name, by how it begins, and by how it ends."""
    (tmp_path / name).write_bytes(content)
    assert check_overwrite(tmp_path / name, form, ENDS)


@pytest.mark.parametrize(("name", "content", "form"), OURS)
def test_a_transcript_may_be_written_over(tmp_path: Path, name: str, content: bytes, form: str) -> None:
    """Text of any kind, in any script, wherever a block of it ends."""
    (tmp_path / name).write_bytes(content)
    assert check_overwrite(tmp_path / name, form, ENDS) == ""


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.integers(0, 9000))
def test_text_is_text_wherever_it_is_cut(tmp_path_factory: pytest.TempPathFactory, text: str, more: int) -> None:
    """No transcript is taken for a binary because of where its last block begins."""
    path = tmp_path_factory.mktemp("x") / "a.txt"
    path.write_text("x" + text * (1 + more // len(text)), encoding="utf-8")
    assert check_overwrite(path, "text", ENDS, free=True) == ""


def test_a_template_may_make_headings(tmp_path: Path) -> None:
    """What one run has written the next one may replace."""
    path = tmp_path / "notes.md"
    path.write_text("# today\n")
    assert check_overwrite(path, "text", ENDS, free=True) == ""


def test_the_real_command_replaces_nothing_strange(tmp_path: Path, scripted: str) -> None:
    """It says what would; a template may have made a page, so a page may be replaced by one."""
    sound = wav(tmp_path / "a.wav", tone(900))
    run = ["file", sound, "--url", scripted, "--pace", "max"]
    for name, content, options in (
        ("package.json", b'{"name": "x"}\n', ["-f", "jsonl"]), ("main.py", b"import os\n", []),
        ("key", b"-----BEGIN PRIVATE KEY-----\n", ["--append"]),
    ):  # fmt: skip
        out = tmp_path / name
        out.write_bytes(content)
        done = asr(*run, "-o", out, *options)
        assert (done.returncode, out.read_bytes(), "--overwrite" in done.stderr) == (2, content, True)
        done = asr("ws-raw", sound, "--url", scripted, "-o", out)
        assert (done.returncode, out.read_bytes()) == (2, content)
    page = tmp_path / "talk.html"
    for _ in range(2):
        assert asr(*run, "-o", page, "--template", "<p>{text}</p>").returncode == 0


@pytest.mark.parametrize("content", [b"my notes\n", b"RIFF\0", b'{"a": 1}', b"\xff\xfe", b"2026 was good\n"])
def test_a_log_is_appended_to_logs_only(tmp_path: Path, scripted: str, content: bytes) -> None:
    """A log that grows replaces its file and those beside it: neither may be anything else."""
    sound = wav(tmp_path / "a.wav", tone(300))
    for name in ("x", "log.1", f"log.{LOG_FILES}"):
        (tmp_path / name).write_bytes(content)
        log = tmp_path / ("log" if name.startswith("log") else name)
        done = asr("file", sound, "--url", scripted, "--log-file", log)
        assert (done.returncode, (tmp_path / name).read_bytes()) == (2, content)
        assert "is not a log of this tool" in done.stderr
        (tmp_path / name).unlink()


def test_a_log_goes_on_after_its_own_and_into_devices(tmp_path: Path, scripted: str) -> None:
    """Also one that begins in the middle of a traceback, an empty file, and what cannot be replaced."""
    sound, log = wav(tmp_path / "a.wav", tone(300)), tmp_path / "log"
    log.touch()
    for _ in range(2):
        assert asr("file", sound, "--url", scripted, "--log-file", log).returncode == 0
    (tmp_path / "log.1").write_text("    raise X\n")
    assert check_log_overwrite(tmp_path / "log.1") == ""
    assert asr("file", sound, "--url", scripted, "--log-file", log).returncode == 0
    assert log.read_text().count(" INFO asrcli begin ") == 3
    (tmp_path / "log.2").mkdir()
    assert asr("file", sound, "--url", scripted, "--log-file", log).returncode == 2
    if Path("/dev/null").exists():
        assert asr("file", sound, "--url", scripted, "--log-file", "/dev/null").returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
def test_a_private_transcript_is_private_from_its_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What replaces it can be opened by nobody else before it has its rights."""
    path = tmp_path / "a.txt"
    path.write_text("old\n")
    path.chmod(0o600)
    made: list[int] = []
    lines = LineWriter(str(path))
    opened = os.open

    def watched(path: str, flags: int, mode: int = 0o777) -> int:
        fd = opened(path, flags, mode)
        if flags & os.O_EXCL:
            made.append(stat.S_IMODE(os.fstat(fd).st_mode))
        return fd

    monkeypatch.setattr(os, "open", watched)
    lines.write("old")
    lines.rearrange(lambda text: text.replace("old", "new"))
    lines.close()
    assert made == [0o600, 0o600]
    assert (stat.S_IMODE(path.stat().st_mode), path.read_text()) == (0o600, "new\n")


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs /dev/shm")  # noqa: S108
def test_files_in_memory_are_files(tmp_path: Path) -> None:
    """What is in /dev/shm is replaced as a whole, not appended to."""
    path = Path("/dev/shm") / f"asr-{tmp_path.name}.txt"  # noqa: S108
    path.write_text("old\n")
    try:
        lines = LineWriter(str(path))
        lines.write("new")
        assert path.read_text() == "old\n"
        lines.close()
        assert path.read_text() == "new\n"
    finally:
        path.unlink()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs the right to give links away")
def test_a_link_of_somebody_else_s_is_not_followed(tmp_path: Path, scripted: str) -> None:
    """In a directory that is shared it would lead to any file of the user's; one of the user's own is followed."""
    sound, mine = wav(tmp_path / "a.wav", tone(900)), tmp_path / "mine.txt"
    mine.write_text("mine\n")
    link = tmp_path / "talk.txt"
    link.symlink_to(mine)
    os.lchown(link, 12345, 12345)
    run = ["file", sound, "--url", scripted, "--pace", "max"]
    for options in (["-o", link], ["-o", link, "--append"], ["-o", link, "--overwrite"], ["--log-file", link]):
        done = asr(*run, *options)
        assert (done.returncode, mine.read_text(), "somebody else" in done.stderr) == (2, "mine\n", True)
    assert asr("ws-raw", sound, "--url", scripted, "-o", link).returncode == 2
    assert mine.read_text() == "mine\n"
    os.lchown(link, os.geteuid(), os.getegid())
    assert asr(*run, "-o", link).returncode == 0
    assert (mine.read_text(), link.is_symlink()) == ("sentence 1\n", True)
