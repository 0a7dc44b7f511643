"""What may be secret in a text: keys, logins, queries. The rest of the text stays as it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core import redaction
from asrcli.core.redaction import (
    MOST_IN_PARTS,
    MOST_PARTS,
    MOST_REMEMBERED,
    SHORTEST_PART,
    bare_url,
    holds_key,
    remember_key,
    without_secrets,
)

KEY = "sk-0123456789abcdef0123"
WITHOUT = {
    "see https://me:secret@h/p?key=1, then go on": "see https://h/p, then go on",
    "(wss://h:8090/p;token=1).": "(wss://h:8090/p).",
    "login me:secret@h failed": "login …@h failed",
    "proxy=me:secret@h": "…@h",
    "x@proxy=me:secret@h": "x@proxy=…@h",
    "x@f(me:secret@h)": "x@f(…@h)",
    "/home/me:secret@h": "/home/…@h",
    "x@me:secret@h": "x@me:secret@h",  # the colon is not that of a login: something stands before it
    "a:b=c:secret@h": "…@h",
    "a://b:c@h": "a://h",
    "1://me:secret@h": "1://…@h",  # no scheme begins with a digit
    "me@h": "me@h",
    ":@h": ":@h",
    "::@h": "::@h",
    "a:@h": "a:@h",
    "wss://h:pass/word@x/p": "wss://x/p",
    "wss://h:secret": "wss://h",
    "wss://[::1]:80/p?x": "wss://[::1]:80/p",
    f"it says {KEY}": "it says sk-…",
    "Authorization: bearer abc.def": "Authorization: Bearer …",
    "nothing of the kind": "nothing of the kind",
}


@pytest.mark.parametrize(("text", "shown"), WITHOUT.items())
def test_what_may_be_secret_is_taken_out_and_nothing_else(text: str, shown: str) -> None:
    """Addresses with and without a scheme, and keys, wherever they stand in a sentence."""
    assert without_secrets(text) == shown
    assert holds_key(text) == (KEY in text or "bearer" in text)


@given(st.text('ab:/@=(?#;[]. "', max_size=30), st.from_regex("[a-z][a-z:@=(]{0,7}", fullmatch=True))
def test_no_address_shows_its_password(before: str, user: str) -> None:
    """Whatever stands before it; an address that was made bare is bare."""
    shown = without_secrets(f"{before} wss://{user}:hunter2@h/p?q=hunter2")
    assert "hunter2" not in shown
    assert bare_url(bare_url(f"wss://{user}:hunter2@h/p")) == bare_url(f"wss://{user}:hunter2@h/p")


def test_a_key_is_hidden_whatever_it_looks_like_unless_it_is_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that the service made; the newest are remembered, and each once."""
    monkeypatch.setattr(redaction, "_known", {})
    for key in ("my key is 7", "short", "st-temp"):
        remember_key(key)
    assert without_secrets("my key is 7, short, st-temp") == "…, short, st-…"
    for number in range(MOST_REMEMBERED):
        remember_key(f"made-{number:03}")
        remember_key("my key is 7")
    assert len(redaction._known) == MOST_REMEMBERED
    assert without_secrets(f"my key is 7 st-temp made-{MOST_REMEMBERED - 1:03}") == "… st-temp …"


HEX = "0123456789abcdef"


@given(st.data())
def test_no_part_of_a_key_is_shown_that_helps_to_guess_it(data: st.DataObject) -> None:
    """From eight characters on, wherever it begins and stands; a text without one stays as it is."""
    body = data.draw(st.text(HEX, min_size=12, max_size=40))
    before, after = (data.draw(st.text(HEX + " .'=", max_size=12)) for _ in range(2))
    begin = data.draw(st.integers(0, len(body) - SHORTEST_PART))
    part = body[begin : data.draw(st.integers(begin + SHORTEST_PART, len(body)))]
    with remembered(f"sk-{body}"):
        shown = without_secrets(f"{before}{part}{after}")
        windows = [body[at : at + SHORTEST_PART] for at in range(len(body) - SHORTEST_PART + 1)]
        left = [
            window
            for window in windows
            if window in shown and re.search("[a-f]", window) and re.search("[0-9]", window)
        ]
        assert left == []
        given_text = f"{before}{after}"
        if not any(window in given_text for window in windows):
            assert without_secrets(given_text) == given_text


@contextmanager
def remembered(*keys: str) -> Iterator[None]:
    """The program knows these keys, and no others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "_known", {})
        patch.setattr(redaction, "_blocks", {})
        for key in keys:
            remember_key(key)
        yield


PARTS = {
    "no such key: sk-4f9c2": "no such key: sk-4f9c2",  # five characters
    "no such key: sk-4f9c2d7b": "no such key: sk-…",
    "no such key: sk-4f9c2d7b1a6e": "no such key: sk-…",
    "begins with 4f9c2d7b, ends with 19b0a3d6": "begins with …, ends with …",
    "sk-4f9***3d6": "sk-…",
    "sk-4f9c…a3d6": "sk-…",
    "sk-4f9c2d7b...a3d6": "sk-…",
    "(4f9c2••••0a3d6)": "(…)",
    "sk-…a3d6": "sk-…a3d6",  # as `asr whoami` shows it
    "sk-******************************a3d6": "sk-******************************a3d6",
    "ask-4f9***3d6": "ask-4f9***3d6",  # another word
    "4f9 ... 3d6": "4f9 ... 3d6",
    "task 4f9c-2d7b": "task 4f9c-2d7b",
}


@pytest.mark.parametrize(("text", "shown"), PARTS.items())
def test_a_key_that_is_cut_off_or_masked(text: str, shown: str) -> None:
    """As servers quote it in their errors."""
    with remembered("sk-4f9c2d7b1a6e8035c7f4e2d819b0a3d6"):
        assert without_secrets(text) == shown


@pytest.mark.parametrize(
    "key", ["sk-password-of-the-server", "acme-20261129-1", "DashScope-key", "localhost", "st-4f9c2d7b1a6e80"]
)
def test_words_numbers_and_dates_of_a_key_stay(key: str) -> None:
    """A key that somebody made up must not spoil every line; a temporary one expires soon."""
    text = "password of the server, since 20261129-2305, DashScope, localhos, 4f9c2d7b1a"
    with remembered(key):
        assert without_secrets(text) == text
        assert key not in without_secrets(f"{text}, {key}")


def test_a_flood_of_parts_is_hidden_too() -> None:
    """Each of thousands of parts, which a loop would find one after the other; the newest keys count."""
    body = "4f9c2d7b1a6e8035"
    with remembered("first-4f9c2d7b-key", *(f"key-{number}-{body}" for number in range(MOST_IN_PARTS - 1)), body):
        assert body[:8] not in without_secrets(f"{body[:8]} " * MOST_PARTS + body[:8])
        remember_key("x9y8z7w6v5u4")
        remember_key("a9b8c7d6e5f4")
        assert without_secrets("first-4f9c") == "first-4f9c"
        assert without_secrets("a9b8c7d6, x9y8z7w6") == "…, …"
