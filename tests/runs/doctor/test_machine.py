"""What `asr doctor` says of this machine: terminal, codecs, versions and recognizers."""

import os
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from asrcli.core.errors import UsageError
from asrcli.recognizers import factory, registry
from asrcli.runs.doctor import engines, versions
from asrcli.runs.doctor.finding import Health
from asrcli.runs.doctor.screen import check_terminal


class Screen:
    """A standard output that is a terminal, or is not."""

    def __init__(self, encoding: str | None = "utf-8", *, tty: bool = True) -> None:
        self.encoding = encoding
        self._tty = tty

    def isatty(self) -> bool:
        """Whether it is one."""
        return self._tty

    def fileno(self) -> int:
        """Any number."""
        return 99


@pytest.mark.parametrize(
    ("encoding", "size", "term", "health", "text"),
    [
        ("UTF-8", (100, 30), "xterm", Health.OK, "100 x 30, xterm, utf-8"),
        ("UTF-8", (0, 0), "xterm", Health.NOTE, "it reports no size"),
        ("UTF-8", (80, 24), "dumb", Health.NOTE, "cannot redraw"),
        ("ascii", (80, 24), "xterm", Health.NOTE, "not every character"),
        ("UTF-8", (30, 24), "xterm", Health.NOTE, "narrow"),
        ("UTF-8", None, "xterm", Health.SKIPPED, "is one; text is written as utf-8"),
    ],
)
def test_a_terminal_is_described(
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    size: tuple[int, int] | None,
    term: str,
    health: Health,
    text: str,
) -> None:
    """With what to do about what it lacks."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setattr(sys, "stdout", Screen(encoding, tty=size is not None))
    monkeypatch.setattr(sys, "stderr", Screen(None, tty=False))
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size(size or (1, 1)))
    (found,) = check_terminal()
    assert (found.health, text in found.text) == (health, True), found
    assert bool(found.advice) is (health is Health.NOTE)


def test_a_terminal_without_colours_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the user has asked for it."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((80, 24)))
    (found,) = check_terminal()
    assert "no colours (NO_COLOR)" in found.text


def test_codecs_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that does not load is wrong, and breaks nothing else; all codecs are here."""
    assert all(each.health is Health.OK for each in versions.check_versions())
    monkeypatch.setattr(versions, "missing_decoders", lambda: ["AMR"])
    assert (versions.check_versions()[-1].health, "AMR" in versions.check_versions()[-1].text) == (Health.NOTE, True)

    def broken() -> None:
        raise ImportError("libz.so is missing")

    monkeypatch.setattr(versions, "missing_decoders", broken)
    monkeypatch.setattr(versions, "library_versions", broken)
    found = versions.check_versions()[-1]
    assert (found.health, "libz.so" in found.text) == (Health.WRONG, True)
    assert versions.versions()["FFmpeg"] == "does not load: libz.so is missing"
    monkeypatch.setattr(
        "importlib.metadata.requires", lambda _: ["typer>=1", "not-installed-here>=2", "asrcli[x]", "!"]
    )
    assert versions.versions()["libraries"].startswith("typer ")

    def unknown(_: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr("importlib.metadata.requires", unknown)
    assert versions.versions()["libraries"] == ""


def test_a_recognizer_is_judged_by_the_sentence_that_it_hears() -> None:
    """One that hears other words is a note; of one for another language the words say nothing."""
    scripted = factory.find("scripted")
    (found,) = engines.check_engine(scripted)
    assert (found.health, "'sentence 1 sentence 2" in found.text) == (Health.NOTE, True)
    (found,) = engines.check_engine(replace(scripted, languages={"zh": "Chinese"}))
    assert found.health is Health.OK


def test_a_recognizer_that_is_missing_is_wrong_where_it_is_needed() -> None:
    """With the command that brings it; beside another one that is ready it is a note."""
    lacking = replace(registry.LOCAL, lacks="a file is damaged")
    for infos, needed, health in (
        ([lacking], True, Health.WRONG), ([lacking], False, Health.NOTE),
        ([lacking, factory.find("scripted")], True, Health.NOTE),
    ):  # fmt: skip
        (found,) = engines.missing_engines(infos, needed=needed)
        assert (found.health, found.text, found.advice) == (health, "a file is damaged", lacking.install_command)
    with pytest.raises(UsageError):
        factory.find("none")
