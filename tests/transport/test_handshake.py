"""A handshake as lines: what may be a secret is in none of them, however its header is spelled."""

import string

from hypothesis import given
from hypothesis import strategies as st

from asrcli.transport.handshake import SHOWN, Handshake, answer_lines

SECRET = "hunter2-0123456789"
NAMES = [
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "apikey", "x-auth-token",
    "sec-websocket-protocol", "x-dashscope-apikey", "token", "x-amz-security-token", "www-authenticate", "location",
]  # fmt: skip


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A name of a header in any case, with blanks around it or a few characters more."""
    name = draw(st.sampled_from(NAMES) | st.text(string.ascii_letters + "-", min_size=1, max_size=12))
    upper = draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    cased = "".join(letter.upper() if up else letter for letter, up in zip(name, upper, strict=True))
    return draw(st.sampled_from(["", " ", "\t", "x-"])) + cased + draw(st.sampled_from(["", " ", "2"]))


values = st.sampled_from(["{}", "Bearer {}", "bearer  {}", "Basic {}", "key={}; a=b", "x, openai-insecure-api-key.{}"])


@given(st.lists(st.tuples(spelled(), values), max_size=6), st.booleans())
def test_no_secret_is_in_any_line(headers: list[tuple[str, str]], answered: bool) -> None:
    """Neither of the request nor of its answer; each header is named all the same."""
    filled = [(name, value.format(SECRET)) for name, value in headers if name.strip().lower() not in SHOWN]
    query = f"/v1?model=m&api_key={SECRET}"
    shown = list(Handshake(query, filled, 101, "Switching", filled if answered else []).lines())
    assert SECRET not in "\n".join(shown)
    assert len(shown) == 2 + len(filled) * (1 + answered)


def test_what_cannot_be_secret_is_shown() -> None:
    """A key in a wrong place is hidden there too, and nothing that a terminal obeys comes through."""
    headers = [("Server", "x\x1b[2J1"), ("Date", "now"), ("Via", "sk-0123456789abcdefghij"), ("X-Odd", "1")]
    assert list(answer_lines(401, "No\n", headers)) == [
        "< HTTP 401 No", "< Server: x[2J1", "< Date: now", "< Via: sk-…", "< X-Odd: …",
    ]  # fmt: skip
    assert next(Handshake("/v1/realtime", [], 101, "", []).lines()) == "> GET /v1/realtime"
