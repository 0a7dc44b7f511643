"""Answers to single HTTP requests, without a socket: whatever is asked and whoever asks, one comes."""

import json
from datetime import UTC, datetime

import pytest

from asrcli.dashscope.hotwords import HotWord
from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH, CreateList, write_request
from asrcli.server.auth import AccessControl
from asrcli.server.hotword_store import HotWordStore
from asrcli.server.http_api import HttpApi, HttpRequest
from asrcli.server.page_origins import PageOrigins
from asrcli.server.phrase_store import PhraseStore

PAGE = "https://page.example"
BODY = json.dumps(write_request(CreateList("fun-asr-realtime", "a", (HotWord("a"),)))).encode()


def api(*, draining: bool = False, broken: bool = False) -> HttpApi:
    """A server that one page may ask."""

    def now() -> datetime:
        if broken:
            raise ZeroDivisionError
        return datetime(2026, 11, 25, tzinfo=UTC)

    origins = PageOrigins("127.0.0.1", [PAGE])
    access_control = AccessControl(frozenset(), None, 1, draining=draining, origins=origins)
    phrase_store = PhraseStore(now, lambda: "0" * 32)
    return HttpApi(access_control, HotWordStore(now, lambda: "0" * 32), phrase_store, lambda: "r1")


def request(method: str = "POST", **headers: str) -> HttpRequest:
    """A request that makes a list."""
    return HttpRequest(method, HOTWORD_LISTS_PATH, tuple(headers.items()), BODY)


def test_a_bug_is_an_answer_too(caplog: pytest.LogCaptureFixture) -> None:
    """The client is told that it is not its fault; what it was is in the log."""
    status, body = api(broken=True).answer(request())
    assert (status, body["code"], body["request_id"]) == (500, "InternalError", "r1")
    assert "ZeroDivisionError" in caplog.text


def test_a_page_that_is_allowed_may_ask_first_and_read_the_answer() -> None:
    """A browser asks with OPTIONS whether it may; nothing is made by that."""
    server, asked = api(), request("OPTIONS", origin=PAGE)
    assert server.answer(asked) == (200, {})
    assert ("Access-Control-Allow-Origin", PAGE) in server.cors_headers(asked)
    assert server.answer(request(origin=PAGE))[0] == 200


def test_any_other_page_gets_neither() -> None:
    """It could be one that somebody visits while the server runs."""
    server, foreign = api(), {"origin": "https://evil.example"}
    assert server.cors_headers(request(**foreign)) == []
    assert server.answer(request("OPTIONS", **foreign))[1]["code"] == "MethodNotAllowed"
    assert server.answer(request(**foreign))[1]["code"] == "AccessDenied"


def test_a_server_that_stops_begins_nothing_more() -> None:
    """The client may try again elsewhere."""
    assert api(draining=True).answer(request())[1]["code"] == "ServiceUnavailable"
