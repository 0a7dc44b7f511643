"""A key is never shown: not one given by mistake, not one that another end says back, and not in half an address."""

import os
from pathlib import Path

import pytest

from asrcli.cli.builders.api_key import MOST_BYTES, read_key
from asrcli.core.errors import ServiceRefused, UsageError
from asrcli.core.events import Gap, Notice, Reconnecting
from asrcli.core.redaction import MOST_REMEMBERED, bare_url, remember_key, without_secrets
from asrcli.core.settings import Secret
from asrcli.core.transcript import Transcript
from asrcli.journal.records import described
from asrcli.outputs.formatting import line, reconnecting
from tests.support.command import asr, serving
from tests.support.tone import tone, wav

MISTAKEN = [
    "sk-abc",
    "sk-0123456789abcdef0123",
    "0123456789abcdef" * 2,
    "k" * 300,
    "key\nwith\nlines",
    "Bearer abcdef",
    "a=b",
]
LOOKS_LIKE_NONE = "Zq9.own~key"


@pytest.mark.parametrize("key", MISTAKEN)
def test_a_key_in_the_place_of_its_file_is_not_shown(tmp_path: Path, key: str) -> None:
    """Neither by clients nor by the server, nor in a traceback or the log; what to do instead is said."""
    log, sound = tmp_path / "log", wav(tmp_path / "a.wav", tone(100))
    by_option: list[list[object]] = [
        ["file", sound, "--url", "ws://127.0.0.1:1", "--api-key-file", key],
        ["serve", "--port", 0, "--api-key-file", key],
        ["vocab", "--url", "ws://127.0.0.1:1", "--api-key-file", key],
    ]  # fmt: skip
    for command in by_option[: 3 if key == MISTAKEN[0] else 1]:
        done = asr(*command, "--debug", "--log-file", log)
        assert done.returncode == 2
        assert "asr: --api-key-file: " in done.stderr
        assert "the key itself does not belong on a command line" in done.stderr
        assert key not in done.stderr + done.stdout + log.read_text()
    done = asr("file", sound, "--url", "ws://127.0.0.1:1", "--debug", DASHSCOPE_API_KEY_FILE_PATH=key)
    assert (done.returncode, key in done.stderr) == (2, False)


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
@pytest.mark.parametrize(("mode", "told"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o666, 1), (0o620, 1)])
def test_a_key_file_that_others_can_read_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, mode: int, told: int
) -> None:
    """In one line, with what would end it, however the file is named; and the key is used."""
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    path = tmp_path / "key"
    path.write_text(LOOKS_LIKE_NONE)
    path.chmod(mode)
    link = tmp_path / "link"
    link.symlink_to(path)
    for given in (path, link, None):
        monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", str(path))
        key = read_key(given)
        said = capsys.readouterr().err
        assert (key and key.reveal(), said.count("\n"), said.count("chmod 600")) == (LOOKS_LIKE_NONE, told, told)
        assert LOOKS_LIKE_NONE not in said


def test_a_server_and_a_client_tell_it_and_go_on(tmp_path: Path, scripted: str) -> None:
    """A warning is never the end of a run."""
    path = tmp_path / "key"
    path.write_text(LOOKS_LIKE_NONE)
    path.chmod(0o644)
    done = asr("file", wav(tmp_path / "a.wav", tone(900)), "--url", scripted, "--pace", "max", "--api-key-file", path)
    assert (done.returncode, done.stderr.count("chmod 600")) == (0, 1)
    with serving("--engine", "scripted", "--api-key-file", path) as (address, server):
        assert "chmod 600" in server.stderr.readline()  # after the address and the engine
        done = asr("file", tmp_path / "a.wav", "--url", address, "--pace", "max", "--api-key-file", path)
        assert done.returncode == 0


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_an_endless_file_is_no_key_file(tmp_path: Path) -> None:
    """No more of it is read than a key can have."""
    path = tmp_path / "key"
    path.write_text("k" * (MOST_BYTES + 1))
    for given in (path, Path("/dev/zero")):
        with pytest.raises(UsageError, match="does not contain a key on a single line"):
            read_key(given)


def test_a_key_that_another_end_says_back_is_masked() -> None:
    """In errors, notices, gaps, the journal and lines about the connection; cut short or not."""
    Secret(LOOKS_LIKE_NONE)
    said = f"no such key: {LOOKS_LIKE_NONE}!"
    for shown in (
        str(ServiceRefused("X", said)), str(ServiceRefused("X", f"{'x' * 100} {said}")), line(Gap(0, 1, said), None),
        reconnecting(Reconnecting(1, 1, said)), str(described(Gap(0, 1, said), Transcript())), without_secrets(said),
    ):  # fmt: skip
        assert LOOKS_LIKE_NONE[:6] not in shown
    assert Notice("warning", "short").text == without_secrets("short")
    Secret("a")
    assert without_secrets("a word") == "a word"
    for number in range(2 * MOST_REMEMBERED):
        remember_key(f"other-{number:04}")
    assert without_secrets("other-0127 other-0000") == "… other-0000"
    assert without_secrets("st-0123456789abcdef01") == "st-…"


@pytest.mark.parametrize(
    "address",
    ["//u:{}@h:1/x", "u:{}@h/x.mp3", "http:u:{}@h/x", "http:/u:{}@h/x", "ws:///u:{}@h", "concat:http://u:{}@h/x?t={}",
     "crypto+http://u:{}@h/x?key={}", "cache:crypto:https://u:{}@[::1]/x", "FTP://u:{}@h:99999/;{}"],
)  # fmt: skip
def test_half_an_address_shows_no_secret(address: str) -> None:
    """What is no address to a parser can still hold a password."""
    secret = "Pass/word1"
    given = (
        address.replace("{}", secret) if "?" not in address and ";" not in address else address.replace("{}", "Word1")
    )
    for text in (given, f"cannot read '{given}': no", f"--url {given}: not an address"):
        assert "ord1" not in without_secrets(bare_url(text)).partition("@")[0]
        assert "t=Word1" not in without_secrets(bare_url(text))
    assert without_secrets("at 12:30 or 1:30, talk@home") == "at 12:30 or 1:30, talk@home"
