"""Which proxy leads to an address, and what it is called."""

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import UsageError
from asrcli.transport.proxy import proxy_label, proxy_of

FOUND = "http://a:1"
OTHER = "http://b:2"
ORDER = {
    "its own scheme": ("wss://s.test", {"wss_proxy": FOUND, "https_proxy": OTHER}, FOUND),
    "before those of pages": ("ws://s.test", {"ws_proxy": FOUND, "http_proxy": OTHER}, FOUND),
    "then that of secure pages": ("wss://s.test", {"https_proxy": FOUND, "socks_proxy": OTHER}, FOUND),
    "which goes before that of plain ones": ("ws://s.test", {"https_proxy": FOUND, "http_proxy": OTHER}, FOUND),
    "and for plain ones alone": ("ws://s.test", {"http_proxy": FOUND, "socks_proxy": OTHER}, FOUND),
    "which is none for secure ones": ("wss://s.test", {"http_proxy": OTHER}, None),
    "then that for everything": ("wss://s.test", {"all_proxy": FOUND}, FOUND),
    "in capitals": ("wss://s.test", {"ALL_PROXY": FOUND}, FOUND),
    "without a scheme": ("wss://s.test", {"https_proxy": "a:1"}, FOUND),
    "an empty one": ("wss://s.test", {"https_proxy": "", "all_proxy": FOUND}, FOUND),
    "for requests": ("https://s.test", {"https_proxy": FOUND, "wss_proxy": OTHER}, FOUND),
    "for plain requests": ("http://s.test", {"http_proxy": FOUND, "https_proxy": OTHER}, FOUND),
    "not to this machine": ("ws://localhost:1", {"all_proxy": OTHER}, None),
    "nor to its address": ("wss://[::1]:1", {"all_proxy": OTHER}, None),
    "a host that needs none": ("wss://s.test", {"all_proxy": OTHER, "no_proxy": "x, s.test"}, None),
    "a port that needs none": ("wss://s.test", {"all_proxy": OTHER, "no_proxy": "s.test:443"}, None),
    "another port": ("wss://s.test", {"all_proxy": FOUND, "no_proxy": "s.test:80"}, FOUND),
    "an address of version six": ("wss://[fd00::2]", {"all_proxy": OTHER, "no_proxy": "fd00::2"}, None),
    "the same in brackets": ("wss://[fd00::2]", {"all_proxy": OTHER, "no_proxy": "[fd00::2]"}, None),
    "a domain": ("wss://s.test", {"all_proxy": OTHER, "no_proxy": ".test"}, None),
    "none at all": ("wss://s.test", {"all_proxy": OTHER, "no_proxy": "*"}, None),
    "an address that is none": ("ws://[::1", {"all_proxy": OTHER}, None),
}


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "ws", "wss", "socks", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.mark.parametrize(("url", "environment", "wanted"), ORDER.values(), ids=ORDER)
def test_proxies_are_looked_for_in_the_order_of_rfc_6455(
    url: str, environment: dict[str, str], wanted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As RFC 6455 and the standard library have it, except for SOCKS, which comes after what needs nothing more."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_of(url, None) == wanted
    named = proxy_of(url, "http://named:1")
    assert named == (None if "localhost" in url or "::1]" in url else "http://named:1")


@pytest.mark.parametrize("name", ["socks_proxy", "all_proxy"])
def test_a_proxy_that_speaks_socks_needs_its_library_and_is_called_what_it_is(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is named, the password is not."""
    kinds = {"socks_proxy": ("http://", "socks5h://"), "all_proxy": ("SOCKS5://", "socks5://")}
    written, wanted = kinds[name]
    monkeypatch.setenv(name, f"{written}me:secret@gate.test:1080")
    if find_spec("python_socks") is not None:
        assert proxy_of("wss://s.test", None) == f"{wanted}me:secret@gate.test:1080"
    monkeypatch.setitem(__import__("sys").modules, "python_socks.async_.asyncio", None)
    with pytest.raises(
        UsageError, match=r"the SOCKS proxy gate\.test:1080 needs python-socks; .*'asrcli\[socks\]'"
    ) as caught:
        proxy_of("wss://s.test", None)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://me:secret@a.test:1", "the proxy a.test:1"),
        ("socks4://a", "the SOCKS proxy a"),
        ("http://[", "the proxy"),
    ],
)
def test_what_a_proxy_is_called(proxy: str, words: str) -> None:
    """Its kind and its host."""
    assert proxy_label(proxy) == words


@given(
    st.sampled_from(["http", "https", "socks5", "HTTP"]),
    st.sampled_from(["", "me:hunter2@", "me:hun[ter2@"]),
    st.sampled_from(["[::1", ":1", "a:b", "a:99999", "a:0", "a..b:1", f"{'a' * 64}:1", "", "[x]:1", "[1:2:3]:1"]),
)
def test_a_proxy_whose_address_cannot_be_read_is_what_the_error_speaks_of(kind: str, login: str, place: str) -> None:
    """Not the address of the service; and no password is in the error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("all_proxy", f"{kind}://{login}{place}")
        with pytest.raises(UsageError, match="the proxy has no usable address") as caught:
            proxy_of("wss://s.test", None)
    assert "hun" not in str(caught.value)
