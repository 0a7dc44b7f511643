"""What may be secret in a text: keys, logins, queries. The rest of the text stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core import redaction
from asrcli.core.redaction import MOST_REMEMBERED, bare_url, holds_key, remember_key, without_secrets

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
