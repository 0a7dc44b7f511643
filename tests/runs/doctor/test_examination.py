"""An examination ends in time, whatever hangs or fails, and can be shown to anybody."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from asrcli.cli.builders.doctor_checks import described_in_parts
from asrcli.core.errors import EngineUnavailable, SourceError
from asrcli.core.settings import Secret
from asrcli.runs.doctor.examination import Check, examine
from asrcli.runs.doctor.finding import Finding, Health, harmless_text, note, ok, wrong


def test_findings_come_in_order_and_what_hangs_is_named() -> None:
    """A check that hangs shows what it has found so far, and keeps nobody; one that fails hides no other."""
    forever = Event()

    def hangs() -> Iterator[Finding]:
        yield ok("first", "is well")
        forever.wait()

    def fails() -> Iterator[Finding]:
        raise ZeroDivisionError("by sk-0123456789abcdef0123")
        yield

    def breaks() -> Iterator[Finding]:
        raise EngineUnavailable("it is gone", "bring it back")
        yield

    checks = [
        Check("hanging", hangs, "shake it"), Check("failing", fails), Check("breaking", breaks),
        Check("fine", lambda: [note("fine", "as it is")]),
    ]  # fmt: skip
    found = examine(checks, described_in_parts, 0.3)
    forever.set()
    assert [(each.subject, each.health) for each in found] == [
        ("first", Health.OK), ("hanging", Health.WRONG), ("failing", Health.WRONG), ("breaking", Health.WRONG),
        ("fine", Health.NOTE),
    ]  # fmt: skip
    assert (found[1].text, found[1].advice) == ("no answer within 0 s", "shake it")
    assert found[2].text == "this check failed: ZeroDivisionError: by sk-…"
    assert found[3].text == "the embedded recognizer cannot run: it is gone; bring it back"
    assert examine(checks[3:], described_in_parts)[0].text == "as it is"


def test_what_is_found_can_be_shown_to_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys, logins and the path of the home, by either of its names."""
    home, link = tmp_path / "anna", tmp_path / "link"
    home.mkdir()
    link.symlink_to(home)
    monkeypatch.setenv("HOME", f"{link}/")
    Secret("Zq9.own~key")
    text = f"Zq9.own~key in {home}/key and {link}/key, at http://anna:secret@proxy:1/x"
    assert harmless_text(text) == "… in ~/key and ~/key, at http://proxy:1/x"
    (found,) = examine([Check("x", lambda: [wrong("x", text, text)])], described_in_parts)
    assert "anna" not in found.text + found.advice
    monkeypatch.setenv("HOME", "/")
    assert harmless_text("/usr/bin") == "/usr/bin"
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError))
    assert harmless_text("/usr/bin") == "/usr/bin"
    assert described_in_parts(SourceError("mic", "is gone")) == ("mic: is gone", "")
