"""Each program in examples/ does what its first lines say, against a server on this machine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import asr, environment, serving
from tests.support.requirements import skip_or_fail
from tests.support.tone import tone, wav

EXAMPLES = Path(__file__).parent.parent / "examples"
SENTENCES = [(0, 900, "good morning", "bonjour"), (1000, 1400, "good night", "bonne nuit")]


def run(name: str, *arguments: object, url: str = "", stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run an example; the environment says where its service is."""
    program = [sys.executable] if name.endswith(".py") else ["sh"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = environment(PATH=path, PYTHONPATH=str(EXAMPLES.parent))
    return subprocess.run(
        [*program, str(EXAMPLES / name), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=60,
        env=settings | ({"DASHSCOPE_WEBSOCKET_BASE_URL": url} if url else {}),
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that says two sentences, whatever it hears."""
    script = tmp_path_factory.mktemp("script") / "script.jsonl"
    lines = [
        {"begin_ms": begin, "end_ms": end, "text": text, "translation": {"en": other}}
        for begin, end, text, other in SENTENCES
    ]
    script.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with serving("--engine", "scripted", "--script", script) as (address, _):
        yield address


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A recording of a second and a half."""
    return wav(tmp_path / "clip.wav", tone(1500))


def test_captions_are_written_beside_the_recording(clip: Path, server: str) -> None:
    """As SubRip."""
    done = run("captions.py", clip, url=server)
    assert done.returncode == 0, done.stderr
    assert clip.with_suffix(".srt").read_text() == (
        "1\n00:00:00,000 --> 00:00:00,900\ngood morning\n\n2\n00:00:01,000 --> 00:00:01,400\ngood night\n\n"
    )
    failed = run("captions.py", clip.with_name("none.wav"), url=server)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert not clip.with_name("none.srt").exists()
    assert run("captions.py").stderr.startswith("usage: ")


def test_dictation_prints_one_text(clip: Path, server: str) -> None:
    """On standard output, and nothing else there."""
    done = run("dictate.py", clip, url=server)
    assert (done.returncode, done.stdout) == (0, "good morning good night\n"), done.stderr


def test_several_are_heard_side_by_side_in_asyncio(clip: Path, server: str) -> None:
    """In the order in which they were named."""
    other = shutil.copy(clip, clip.with_name("other.wav"))
    done = run("in_asyncio.py", clip, other, url=server)
    text = "good morning\ngood night\n"
    assert (done.returncode, done.stdout) == (0, f"== {clip}\n{text}== {other}\n{text}"), done.stderr


def test_a_folder_is_translated(clip: Path, server: str, tmp_path: Path) -> None:
    """A text and a table of each recording."""
    talks, translated = tmp_path / "talks", tmp_path / "translated"
    talks.mkdir()
    clip.rename(talks / clip.name)
    done = run("translate_folder.sh", talks, translated, "en", url=server)
    assert done.returncode == 0, done.stderr
    assert "bonne nuit" in (translated / "clip.txt").read_text()
    assert "bonne nuit" in (translated / "clip.tsv").read_text()


def test_json_lines_are_followed(clip: Path, server: str) -> None:
    """Sentences with their times, and the account."""
    if shutil.which("jq") is None:
        skip_or_fail("jq is not installed")
    told = asr("file", clip, "--url", server, "--pace", "max", "--format", "jsonl")
    done = run("follow_jsonl.sh", stdin=told.stdout)
    assert done.stdout == "0s  good morning\n1s  good night\n== 1.5 s heard, 0 s lost\n", done.stderr


def test_each_message_of_a_wire_is_shown(clip: Path, server: str) -> None:
    """With its direction."""
    done = run("debug_wire.sh", clip, server)
    assert done.returncode == 0, done.stderr
    for name in ("run-task", "task-started", "finish-task", "task-finished"):
        assert name in done.stdout


def test_every_example_is_run_here() -> None:
    """A new one needs a test."""
    text = Path(__file__).read_text("utf-8")
    assert [path.name for path in EXAMPLES.iterdir() if f'run("{path.name}"' not in text and path.is_file()] == []
