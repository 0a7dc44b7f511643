"""Which hosts and addresses are on this machine."""

import pytest

from asrcli.core.loopback_hosts import is_loopback_host, is_loopback_url


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("", False),
     ("localhost.example", False), ("192.168.0.1", False)],
)  # fmt: skip
def test_only_loopback_hosts_are_on_this_machine(host: str, loopback: bool) -> None:
    """Only loopback addresses and the one name that always means this machine."""
    assert is_loopback_host(host) is loopback


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("ws://127.0.0.1:8090/x", True), ("http://[::1]:1", True), ("ws://LOCALHOST", True), ("wss://host", False),
     ("localhost", False), ("ws://[::1", False)],
)  # fmt: skip
def test_an_address_on_this_machine(url: str, loopback: bool) -> None:
    """What is not a URL names no host."""
    assert is_loopback_url(url) is loopback
