"""`asr login`, `asr logout` and `asr whoami`: the real commands, against a server that asks for a key."""

import getpass
import json
import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.builders.api_key import FoundKey, find_key
from asrcli.cli.builders.key_login import ask_for_key
from asrcli.config.key_store import KeyStore
from asrcli.core.errors import UsageError
from asrcli.core.settings import Secret
from asrcli.dashscope.endpoints import EndpointRequest
from tests.support.command import asr, serving
from tests.support.microphone import until
from tests.support.terminal import on_terminal
from tests.support.tone import tone, wav

KEY, WRONG, OTHER = "Zq9.own~key-0123", "sk-wrongwrongwrongwrong", "sk-zyxwvutsrqponmlkjihg"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that wants KEY."""
    path = tmp_path_factory.mktemp("server") / "key"
    path.write_text(KEY)
    path.chmod(0o600)
    with serving("--engine", "scripted", "--api-key-file", path) as (address, _):
        yield address


@pytest.fixture
def home(tmp_path: Path) -> dict[str, Any]:
    """The environment of a user with an empty home, whose keyring keeps nothing."""
    settings = tmp_path / "config" / "python_keyring" / "keyringrc.cfg"
    settings.parent.mkdir(parents=True)
    settings.write_text("[backend]\ndefault-keyring=keyring.backends.null.Keyring\n")
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def login(key: str, *arguments: object, **env: str) -> tuple[int, str]:
    """Give a key to asr login; its exit code and what it says. The key is never part of that."""
    done = asr("login", *arguments, stdin=key.encode() + b"\n", **env)
    assert done.stdout == ""
    assert key not in done.stderr
    return done.returncode, done.stderr


def test_a_key_that_is_kept_is_used_and_forgotten(home: dict[str, Any], locked: str, tmp_path: Path) -> None:
    """From the check to the run, without a word of the key; after logout the server gets none."""
    sound = wav(tmp_path / "a.wav", tone(900))
    code, told = login(KEY, "--url", locked, **home)
    assert (code, "…0123 for 127.0.0.1:" in told, "accepted by the service" in told) == (0, True, True)
    assert asr("file", sound, "--url", locked, "--pace", "max", **home).returncode == 0
    who = json.loads(asr("whoami", "--url", locked, "--json", **home).stdout)
    assert who == {
        "key": "…0123", "source": "login", "place": str(tmp_path / "config" / "asrcli" / "keys.json"),
        "region": None, "url": locked, "workspace": None,
    }  # fmt: skip
    assert "forgotten" in asr("logout", "--url", locked, **home).stderr
    done = asr("file", sound, "--url", locked, "--pace", "max", **home)
    assert (done.returncode, "no key was sent; run asr login" in done.stderr) == (5, True)
    assert "no key is kept" in asr("logout", "--all", **home).stderr


def test_a_key_that_is_refused_or_could_not_be_checked_is_not_kept(
    home: dict[str, Any], locked: str, tmp_path: Path
) -> None:
    """One line each, with the exit code of the reason; --no-check keeps it."""
    code, told = login(WRONG, "--url", locked, **home)
    assert (code, "InvalidApiKey" in told, told.count("\n")) == (5, True, 1)
    code, told = login(WRONG, "--url", "ws://127.0.0.1:1", **home)
    assert (code, "--no-check keeps it unchecked" in told, told.count("\n")) == (4, True, 1)
    assert not (tmp_path / "config" / "asrcli").exists()
    code, told = login(WRONG, "--region", "ap-southeast-1", "--no-check", **home)
    assert (code, "not checked" in told) == (0, True)
    done = asr("whoami", **home)  # the region of the login is the one that is asked from now on
    assert [line.split(None, 1)[1] for line in done.stdout.splitlines()[1:]] == [
        "ap-southeast-1",
        "wss://dashscope-intl.aliyuncs.com",
    ]
    assert asr("whoami", "--region", "cn-beijing", **home).returncode == 2
    assert "ap-southeast-1" in asr("logout", "--region", "cn-beijing", **home).stderr
    assert asr("logout", **home).stderr == "asr: the key for ap-southeast-1 is forgotten\n"


def test_a_key_is_not_taken_from_the_command_line(home: dict[str, Any]) -> None:
    """It is not repeated; nor is one in quotes, or none at all, kept."""
    done = asr("login", WRONG, **home)
    assert (done.returncode, WRONG in done.stderr, "command line" in done.stderr) == (2, False, True)
    for text, problem in ((f'"{WRONG}"', "quotes"), ("", "contains no key"), ("k" * 70_000, "on a single line")):
        done = asr("login", "--no-check", stdin=text.encode(), **home)
        assert (done.returncode, problem in done.stderr, text[1:] in done.stderr) == (2, True, text == "")
    done = asr("logout", "--all", "--region", "cn-beijing", **home)
    assert (done.returncode, "--all with" in done.stderr) == (2, True)


def test_a_variable_goes_first_and_that_is_said(home: dict[str, Any]) -> None:
    """A login that would have no effect is not silent about it."""
    code, told = login(WRONG, "--no-check", DASHSCOPE_API_KEY=OTHER, **home)
    assert (code, "DASHSCOPE_API_KEY is set and goes first" in told) == (0, True)
    assert "…jihg from DASHSCOPE_API_KEY" in asr("whoami", DASHSCOPE_API_KEY=OTHER, **home).stdout


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_a_key_that_is_typed_is_not_shown(home: dict[str, Any]) -> None:
    """The terminal shows the question alone, and is left as it was found; Ctrl-D keeps nothing."""
    for typed, code, said in (
        (f"{WRONG}\n", 0, "asr: the key "),
        ("\x04", 2, "asr: what was typed: contains no key; nothing is kept"),
        ("\n", 2, "asr: what was typed: contains no key; nothing is kept"),
    ):
        with on_terminal("login", "--no-check", **home) as terminal:
            terminal.wait_for("is not shown")
            terminal.send(typed)
            assert (terminal.finish(), terminal.left_as_found) == (code, True)
            assert WRONG not in "".join(terminal.rows())
            assert any(said in row for row in terminal.rows())


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_a_key_that_is_typed_after_ctrl_z_and_fg_is_not_shown(home: dict[str, Any]) -> None:
    """A shell sets its own modes while we are stopped, and leaves them so."""
    with on_terminal("login", "--no-check", **home) as terminal:
        terminal.wait_for("is not shown")
        terminal.send("\x1a")
        until("the stop", lambda: os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED | os.WNOHANG) is not None)
        terminal.show_typed()
        terminal.process.send_signal(signal.SIGCONT)
        until("the echo is off again", lambda: not terminal.echoes)
        terminal.send(f"{WRONG}\n")
        assert terminal.finish() == 0
        assert (WRONG in "".join(terminal.rows()), terminal.left_as_found) == (False, True)


def test_a_prompt_that_cannot_hide_the_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a program without a standard input."""

    class Shown:
        @staticmethod
        def isatty() -> bool:
            return True

        @staticmethod
        def fileno() -> int:
            return -1

    def getpass_(_: str) -> str:
        warnings.warn("it would be shown", getpass.GetPassWarning, stacklevel=1)
        return WRONG

    monkeypatch.setattr("sys.stdin", Shown)
    monkeypatch.setattr("getpass.getpass", getpass_)
    with pytest.raises(UsageError, match="this terminal would show the key"):
        ask_for_key()
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="standard input is closed"):
        ask_for_key()


def test_a_workspace_is_shown(home: dict[str, Any]) -> None:
    """It is kept with the login, and has a host of its own."""
    assert login(WRONG, "--region", "eu-central-1", "--workspace", "ws-1", "--no-check", **home)[0] == 0
    shown = asr("whoami", **home).stdout
    assert "wss://ws-1.eu-central-1.maas.aliyuncs.com" in shown
    assert "workspace  ws-1" in shown
    assert "ws-2.eu-central-1" in asr("whoami", "--workspace", "ws-2", **home).stdout


def test_keys_come_from_the_first_place_that_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option, two variables, the login for this service, the file of the official SDK; then there is none."""
    for name in ("option", "named", ".dashscope/api_key"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"key-in-{path.name}")
        path.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "key-in-variable")
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", str(tmp_path / "named"))
    KeyStore().keep("here", Secret("key-of-login"), EndpointRequest())

    def found(key_file: Path | None = None, service: str = "here") -> tuple[str, str]:
        key = find_key(key_file, service=service)
        assert isinstance(key, FoundKey)
        return key.key.reveal(), key.source

    assert found(tmp_path / "option") == ("key-in-option", "option")
    assert found() == ("key-in-variable", "environment")
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    assert found() == ("key-in-named", "environment")
    monkeypatch.delenv("DASHSCOPE_API_KEY_FILE_PATH")
    assert found() == ("key-of-login", "login")
    assert found(service="elsewhere") == ("key-in-api_key", "sdk")
    (tmp_path / ".dashscope" / "api_key").unlink()
    assert find_key(None, service="elsewhere") is None
    assert FoundKey(Secret("short-key"), "", "").shown == "…"
