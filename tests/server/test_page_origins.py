"""Requests from pages of this machine, from allowed pages and from foreign pages."""

import pytest

from asrcli.core.errors import UsageError
from asrcli.server.page_origins import PageOrigins, origin

OWN_HOSTS = ["127.0.0.1:8090", "127.0.0.1", "localhost:8090", "LOCALHOST", "localhost.", "[::1]:8090", "127.9.9.9:1"]
FOREIGN_HOSTS = ["evil.example:8090", "evil.example", "192.168.0.7:8090", "127.0.0.1.evil.example", "", "[::1", "[",
    "localhost.evil.example", "0.0.0.0:8090", "127.0.0.1@evil.example"]  # fmt: skip
FOREIGN_ORIGINS = ["https://evil.example", "http://localhost:3000", "null", "", "http://127.0.0.1:8091",
    "https://127.0.0.1:8090", "file://"]  # fmt: skip


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_a_program_on_this_machine_is_accepted(host: str) -> None:
    """It names no origin, or the server's own."""
    assert PageOrigins("127.0.0.1").problem(None, host) == ""
    assert PageOrigins("127.0.0.1").problem(f"http://{host}", host) == ""
    assert PageOrigins("127.0.0.1").problem(None, None) == ""


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_name_that_was_made_to_point_here_is_foreign(host: str) -> None:
    """The page of a rebound name calls itself by that name in both headers."""
    assert "Host" in PageOrigins("127.0.0.1").problem(f"http://{host}", host)
    assert "Host" in PageOrigins("127.0.0.1").problem(None, host)


@pytest.mark.parametrize("page", FOREIGN_ORIGINS)
def test_the_page_of_a_stranger_is_foreign(page: str) -> None:
    """However it reaches the server, unless it was allowed."""
    assert "origin" in PageOrigins("127.0.0.1").problem(page, "127.0.0.1:8090")
    assert PageOrigins("127.0.0.1", ["*"]).problem(page, "evil.example") == ""


def test_an_origin_that_is_allowed_opens_itself_and_its_host_and_no_other() -> None:
    """After a proxy of that name, too."""
    origins = PageOrigins("127.0.0.1", [origin("HTTPS://App.Example:8443/")])
    assert origins.problem("https://app.example:8443", "127.0.0.1:8090") == ""
    assert origins.problem("https://app.example:8443", "app.example") == ""
    assert origins.problem("https://app.example", "127.0.0.1:8090")
    assert origins.problem("https://app.example:8443", "evil.example")


@pytest.mark.parametrize(
    "text", ["", "app.example", "https://", "https://a/b", "https://u@a", "http://a:0", "http://[", "ht tp"]
)
def test_what_is_no_origin_is_a_usage_error(text: str) -> None:
    """It would never be sent, and open nothing."""
    with pytest.raises(UsageError, match=r"^allow_origin.*: not an origin"):
        origin(text)
    assert origin("*") == "*"
