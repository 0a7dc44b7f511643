"""Temporary keys over HTTP: what one end writes, the other end reads, and no error shows a key."""

import json
from typing import Any

import pytest

from asrcli.core.errors import ProtocolError, UsageError
from asrcli.core.settings import Secret
from asrcli.protocol.addresses import rest_url
from asrcli.protocol.http.temporary_keys import (
    TEMPORARY_KEYS_PATH,
    TemporaryKey,
    read_temporary_key,
    write_temporary_key,
)


def test_a_temporary_key_is_read_as_it_was_written() -> None:
    """The key and its expiry survive the way over the wire."""
    temporary_key = TemporaryKey(Secret("st-secret"), 1795000000)
    assert read_temporary_key(json.loads(json.dumps(write_temporary_key(temporary_key)))) == temporary_key


@pytest.mark.parametrize("body", [{}, {"token": "st-secret"}, {"token": "", "expires_at": 1}, {"output": "st-secret"}])
def test_the_error_about_an_unreadable_answer_shows_no_key(body: dict[str, Any]) -> None:
    """The answer may hold a key in any field."""
    with pytest.raises(ProtocolError) as caught:
        read_temporary_key(body)
    assert "secret" not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("wss://host", "https://host/api/v1/tokens"),
        ("wss://host/", "https://host/api/v1/tokens"),
        ("ws://host:8090", "http://host:8090/api/v1/tokens"),
        ("ws://[::1]:8090", "http://[::1]:8090/api/v1/tokens"),
        ("https://host/api/v1", "https://host/api/v1/tokens"),
        ("https://host/api/v1/services/audio", "https://host/api/v1/tokens"),
        ("wss://host/api-ws/v1/inference/", "https://host/api/v1/tokens"),
        ("wss://host/api-ws/v1/realtime?model=m", "https://host/api/v1/tokens"),
        ("wss://host/gateway/api-ws/v1/inference", "https://host/gateway/api/v1/tokens"),
        ("wss://host/gateway", "https://host/gateway/api/v1/tokens"),
    ],
)
def test_single_requests_go_to_the_host_of_the_wire(base: str, address: str) -> None:
    """One --url serves both the wire and the single requests."""
    assert rest_url(base, TEMPORARY_KEYS_PATH) == address


@pytest.mark.parametrize("base", ["", "host", "ftp://host", "ws://", "ws://host:99999", "ws://host:0", "ws://[::1"])
def test_an_unusable_address_is_a_usage_error(base: str) -> None:
    """The error comes before anything is sent."""
    with pytest.raises(UsageError, match="not an address of a service"):
        rest_url(base, TEMPORARY_KEYS_PATH)
