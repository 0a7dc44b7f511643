"""One line of an examination: what was looked at, how it is, and what to do."""

import os
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import without_secrets


class Health(StrEnum):
    """How something is. `NOTE` is worth knowing and keeps nothing from working; `SKIPPED` was not looked at."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What one check has found.

    Attributes:
        subject: What was looked at: "microphone", "TLS".
        text: What is there, or what is wrong.
        advice: What to do; empty if nothing has to be done.
    """

    subject: str
    health: Health
    text: str
    advice: str = ""


def ok(subject: str, text: str) -> Finding:
    """Return the finding that something works."""
    return Finding(subject, Health.OK, text)


def wrong(subject: str, text: str, advice: str = "") -> Finding:
    """Return the finding that something does not work."""
    return Finding(subject, Health.WRONG, text, advice)


def note(subject: str, text: str, advice: str = "") -> Finding:
    """Return a finding that is worth knowing and no problem."""
    return Finding(subject, Health.NOTE, text, advice)


def skipped(subject: str, text: str) -> Finding:
    """Return the finding that something was not checked, and why."""
    return Finding(subject, Health.SKIPPED, text)


def safe_to_paste(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without keys, logins in addresses, and the name of the user in the path of their home."""
    return [replace(each, text=harmless_text(each.text), advice=harmless_text(each.advice)) for each in findings]


def harmless_text(text: str) -> str:
    """The text without secrets; the home of the user is ~."""
    text = without_secrets(text)
    for home in _homes():
        text = text.replace(home, "~")
    return text


def _homes() -> list[str]:
    """The paths of the home, longest first; none for a home that is the root, which begins every path."""
    found = {os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")}
    try:
        home = Path.home()
        found |= {str(home), str(home.resolve())}
    except (RuntimeError, OSError):
        pass
    return sorted((home.rstrip("/\\") for home in found if len(home.rstrip("/\\")) > 1), key=len, reverse=True)
