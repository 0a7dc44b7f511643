"""Which hosts an address may have."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asrcli.core.errors import SettingError
from asrcli.protocol.addresses import endpoint, exact_endpoint

LABELS = st.text("abc-9", max_size=3) | st.sampled_from(["a" * 63, "a" * 64, "b" * 200])


@given(st.lists(LABELS, min_size=1, max_size=4))
@example(["a", ""])
@example(["", "a"])
def test_a_host_is_taken_as_the_resolver_takes_it(labels: list[str]) -> None:
    """An ASCII name is checked without the codec of Python, which loads much, and with the same result."""
    host = ".".join(labels)
    taken = found = False
    with suppress(UnicodeError):
        host.encode("idna")
        taken = bool(host)
    with suppress(SettingError):
        found = endpoint(f"ws://{host}:9", "/p") == f"ws://{host}:9/p"
    assert found == taken


@pytest.mark.parametrize(("host", "taken"), [("例え.jp", True), ("例" * 70 + ".jp", False), ("::1", False)])
def test_other_names_are_checked_by_the_codec(host: str, taken: bool) -> None:
    """A name in another script is taken if it can be written in ASCII."""
    if taken:
        assert endpoint(f"wss://{host}", "/p") == f"wss://{host}/p"
    else:
        with pytest.raises(SettingError, match="not a WebSocket address"):
            endpoint(f"wss://{host}", "/p")


def test_an_exact_address_keeps_its_path() -> None:
    """Only what is no address of a WebSocket is refused."""
    for address in ("ws://h/", "wss://h:9/api-ws/v1/realtime?model=m", "ws://[::1]:9/x/"):
        assert exact_endpoint(address) == address
    assert exact_endpoint("ws://h?a=b") == "ws://h/?a=b"
    with pytest.raises(SettingError, match="not a WebSocket address"):
        exact_endpoint("http://h/")
