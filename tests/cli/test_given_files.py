"""Files that people hand to the tool: bounded in size and time; a fault in one is reported in one line."""

import json
import os
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.cli.builders import text_files as files
from asrcli.cli.builders.api_key import read_key
from asrcli.cli.builders.serving.server_parts import answers, chosen_recognizer, faults
from asrcli.cli.builders.text_files import MOST_BYTES, bytes_of, read_text_file
from asrcli.cli.options.connection import EndpointOptions
from asrcli.cli.options.serving import SecondPass
from asrcli.cli.options.values import given_text
from asrcli.core.errors import AsrError, UsageError
from asrcli.dashscope.hotwords import check_hotwords, limits_of, parse_hotwords
from asrcli.protocol.raw_exchange import parsed
from asrcli.transport.tls import tls_context
from tests.support.command import ASR, asr, environment
from tests.support.tone import tone, wav

# Every option and argument that names a file which is read whole.
READERS: dict[str, Callable[[Path], object]] = {
    "--script": lambda path: chosen_recognizer("scripted", path, SecondPass.AUTO),
    "--faults": lambda path: faults(path, None, waiting=False),
    "--answers": answers,
    "--api-key-file": lambda path: read_key(path, lambda _: None),
    "--context @": lambda path: given_text("--context", f"@{path}"),
    "--first @": lambda path: parsed("--first", given_text("--first", f"@{path}")),
    "hot words": lambda path: check_hotwords(
        parse_hotwords(read_text_file(path, str(path))), limits_of("fun-asr-realtime")
    ),
    "--ca": lambda path: tls_context(EndpointOptions("ws://127.0.0.1:1", ca=path).settings_for_other_server().ca),
}
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["begin_ms", "end_ms", "text", "translation", "do", "weight", "words"]), inner
        )
    ),
    max_leaves=9,
)
LINE = VALUE.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30)
CONTENT = st.lists(
    LINE | st.sampled_from([b"[" * 9000, b'{"text":' * 900, b"9" * 5000, b'"' + b"a:" * 9000, b"-----BEGIN X-----"]),
    max_size=4,
).map(b"\n".join)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        ("会议".encode("gbk"), "save the file as UTF-8"),
        ("会议".encode("utf-16"), "save the file as UTF-8"),
        (bytes(99) + b"\xff", ""),
    ],
    ids=["GBK", "UTF-16", "no text"],
)
def test_the_advice_for_text_in_another_encoding_is_to_save_it_as_utf_8(
    tmp_path: Path, data: bytes, advice: str
) -> None:
    """As the editors and shells of Windows write it; a file that is no text gets no such advice."""
    path = tmp_path / "words.txt"
    path.write_bytes(data)
    path.chmod(0o600)
    for read in (lambda: read_text_file(path, "--hotwords @words.txt"), lambda: read_key(path, lambda _: None)):
        with pytest.raises(UsageError) as raised:
            read()
        assert raised.value.advice == advice


@pytest.mark.parametrize("name", READERS)
def test_any_content_is_read_or_told(name: str) -> None:
    """Nothing but the errors of this tool, each one line of a length that can be read."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "file")

        @settings(max_examples=60, deadline=None)
        @given(CONTENT)
        def read(content: bytes) -> None:
            path.write_bytes(content)
            said = ""
            try:
                READERS[name](path)
            except AsrError as exc:
                said = str(exc)
            assert len(said) < 400 + len(str(path))
            assert "\n" not in said

        read()


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


STRANGE: dict[str, Callable[[Path], Path]] = {
    "a directory": lambda folder: folder,
    "a pipe that nobody writes to": lambda folder: _fifo(folder / "fifo"),
    "a device without an end": lambda _: Path("/dev/zero"),
    "a name that none has": lambda folder: folder / ("x" * 300),
    "nothing": lambda folder: folder / "none",
    "a link to itself": lambda folder: _link(folder / "loop"),
    "a file that is too long": lambda folder: _long(folder / "long"),
    "no text": lambda folder: _written(folder / "binary", b"\xff\xfe\0"),
}


def _link(path: Path) -> Path:
    path.symlink_to(path)
    return path


def _long(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(1 << 34)  # a hole, which takes no room
    return path


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_forgotten_at_is_not_taken_for_the_text(tmp_path: Path) -> None:
    """The name of the file would be the only hot word. A name without a suffix may be a word; so may one in a text."""
    file = tmp_path / "words.txt"
    file.write_text("Kubernetes")
    (tmp_path / "words").write_text("Kubernetes")
    with pytest.raises(UsageError, match=f"--hotwords {file}: is the name of a file; @{file} reads it"):
        given_text("--hotwords", str(file))
    assert given_text("--hotwords", f"@{file}") == "Kubernetes"
    for text in (str(tmp_path / "words"), f"see {file}", f"{file},Helm", "Node.js", "a" * 5000 + ".txt", "\0.txt"):
        assert given_text("--hotwords", text) == text.strip()


@pytest.mark.skipif(os.name != "posix", reason="such files are not everywhere")
@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_such_file_is_reported_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    """Of each option and each kind: an error of usage, and no waiting for what never comes."""
    monkeypatch.setattr(files, "WAIT_FOR_WRITER_S", 0.05)
    with pytest.raises(UsageError) as told:
        READERS[name](STRANGE[kind](tmp_path))
    assert "\n" not in str(told.value)
    assert "internal" not in str(told.value)


@pytest.mark.skipif(os.name != "posix", reason="pipes have no names elsewhere")
@pytest.mark.parametrize("size", [1, 200_000])
def test_a_pipe_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    """As from <(command): a writer that comes later, and thinks between pieces, is waited for."""
    fifo, asked = _fifo(tmp_path / "fifo"), threading.Event()

    def write() -> None:
        with fifo.open("wb", buffering=0) as file:
            for at in range(0, size, 50_000):
                file.write(b"a" * min(50_000, size - at))
                asked.wait(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert bytes_of(fifo, MOST_BYTES)[0] == b"a" * size
    finally:
        writer.join()


def test_no_more_is_read_than_is_bounded(tmp_path: Path) -> None:
    """One byte more says that there is more."""
    assert len(bytes_of(_long(tmp_path / "long"), 1000)[0]) == 1001
    assert bytes_of(Path(os.devnull), 1000)[0] == b""


@pytest.mark.skipif(os.name != "posix", reason="such files are not everywhere")
def test_commands_tell_it_in_one_line(tmp_path: Path) -> None:
    """The real commands, each with a pipe, a directory and a closed standard input: exit 2, one line.

    At once, because each waits for a while for somebody who writes into its pipe.
    """
    sound = wav(tmp_path / "a.wav", tone(100))
    fifos = [_fifo(tmp_path / f"fifo{number}") for number in range(6)]
    there = ["--url", "ws://127.0.0.1:1"]
    commands: list[list[object]] = [
        ["serve", "--port", 0, "--engine", "scripted", "--script", fifos[0]], ["serve", "--answers", tmp_path],
        ["serve", "--faults", tmp_path], ["serve", "--api-key-file", fifos[1]],
        ["file", sound, *there, "--ca", fifos[2]], ["file", sound, *there, "--hotwords", f"@{tmp_path}"],
        ["vocab", "create", fifos[3], *there],
        ["ws-raw", *there, "--first", f"@{fifos[4]}"], ["file", sound, *there, "--log-file", fifos[5]],
    ]  # fmt: skip
    with ThreadPoolExecutor(len(commands)) as pool:
        ends = list(pool.map(lambda command: asr(*command), commands))
    for command, done in zip(commands, ends, strict=True):
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), (command, done.stderr)
        assert str(tmp_path) in done.stderr
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *ASR, "vocab", "create", "-", *there],
        env=environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (closed.returncode, closed.stderr) == (2, "asr: -: standard input is closed\n")
