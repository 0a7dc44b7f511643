"""The stores of settings and keys, changed by a program that is killed, interrupted or out of disk at any step."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asrcli.config.files import write_text
from asrcli.config.key_store import KeyStore
from asrcli.config.keyring_access import KeyringAnswer, KeyringUnusable
from asrcli.core.errors import OutputError
from asrcli.core.settings import Secret
from asrcli.dashscope.endpoints import EndpointRequest

KEY, OTHER = Secret("sk-0123456789abcdef0123"), Secret("sk-zyxwvutsrqponmlkjihg")
STEPS = [(tempfile, "mkstemp"), (os, "fsync"), (Path, "chmod"), (Path, "replace"), (Path, "unlink")]


class NoKeyring:
    """A system without a keyring."""

    def read(self, account: str) -> KeyringAnswer:
        """It cannot be asked."""
        raise KeyringUnusable(account)

    def keep(self, account: str, key: Secret) -> KeyringAnswer:
        """It cannot be asked."""
        del key
        raise KeyringUnusable(account)

    def forget(self, account: str) -> None:
        """It cannot be asked."""
        raise KeyringUnusable(account)


def store(folder: Path) -> KeyStore:
    """The keys in a folder."""
    return KeyStore(folder / "keys.json", NoKeyring())


def set_gain(folder: Path) -> None:
    """What `asr config set` does at last."""
    write_text(folder / "config.toml", "gain = 2\n")


def log_in(folder: Path) -> None:
    """Keep a second key."""
    store(folder).keep("ap-southeast-1", OTHER, EndpointRequest(region="ap-southeast-1"))


def log_out(folder: Path) -> None:
    """Forget the only key."""
    store(folder).forget("cn-beijing")


def gain(folder: Path) -> object:
    """What the settings say."""
    return (folder / "config.toml").read_text()


def keys(folder: Path) -> object:
    """Which services have a key."""
    return store(folder).services()


CHANGES = [
    (set_gain, gain, "gain = 1\n", "gain = 2\n"),
    (log_in, keys, ["cn-beijing"], ["cn-beijing", "ap-southeast-1"]),
    (log_out, keys, ["cn-beijing"], []),
]


def counted(patch: pytest.MonkeyPatch, at_step: Callable[[int], object]) -> list[str]:
    """Call `at_step` with its number before each step of a change; return the names of the steps, as they come."""
    names: list[str] = []

    def around(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **named: Any) -> Any:
            names.append(name)
            at_step(len(names))
            return step(*arguments, **named)

        return counting

    for owner, name in STEPS:
        patch.setattr(owner, name, around(name, getattr(owner, name)))
    return names


def begun(folder: Path) -> Path:
    """A folder with settings and one key."""
    folder.mkdir()
    write_text(folder / "config.toml", "gain = 1\n")
    store(folder).keep("cn-beijing", KEY, EndpointRequest(region="cn-beijing"))
    return folder


def names_in(folder: Path) -> set[str]:
    """The files that are there."""
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(("change", "read", "before", "after"), CHANGES)
def test_a_change_is_made_or_not_made_and_made_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, read: Any, before: object, after: object
) -> None:
    """Killed before any step: the store is as before or as after, and the next change leaves nothing beside it."""
    folder = begun(tmp_path / "there")
    states = [tmp_path / f"state{number}" for number in range(9)]
    with monkeypatch.context() as patch:
        steps = counted(patch, lambda number: shutil.copytree(folder, states[number]))
        change(folder)
    assert (steps[-1] in {"replace", "unlink"}, read(folder)) == (True, after)
    for state in states[1 : len(steps) + 1]:
        assert read(state) in (before, after), state
        change(state)
        assert (read(state), names_in(state)) == (after, names_in(folder)), state


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
@pytest.mark.parametrize(("change", "read", "before", "after"), CHANGES)
def test_a_change_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, read: Any, before: object, after: object,
    error: BaseException,
) -> None:  # fmt: skip
    """It says so, and nothing is left beside the store, least of all a key."""
    raised: type[BaseException] = type(error)
    if isinstance(error, OSError):
        raised = OutputError
    number = 0
    failed = True
    while failed:
        folder = begun(tmp_path / str(number))
        number += 1

        def at_step(step: int, number: int = number) -> None:
            if step == number:
                raise error

        with monkeypatch.context() as patch:
            steps = counted(patch, at_step)
            try:
                change(folder)
            except raised:
                assert (read(folder), names_in(folder)) == (before, {"config.toml", "keys.json"}), steps
            else:
                failed = False
    assert (number > 1, read(folder)) == (True, after)
