"""What `asr ws-raw` says of a handshake that a server refuses."""

from http import HTTPStatus

from websockets.sync.server import ServerConnection

from tests.support.command import asr
from tests.support.misbehaving_service import answering, service

KEY = "sk-0123456789abcdef"


def echo(connection: ServerConnection) -> None:
    """Send back what comes."""
    for message in connection:
        connection.send(message)


def test_a_refused_handshake_shows_status_and_body() -> None:
    """All of it, once, and the exit code of its kind: the number at its end is what the support asks for."""
    for status, code, times in ((HTTPStatus.UNAUTHORIZED, 5, 1), (HTTPStatus.BAD_GATEWAY, 4, 20)):
        body = f'{{"code":"X","message":"{"no such luck " * times}","request_id":"4711"}}'
        with service(echo, answering(status, body)) as address:
            done = asr("ws-raw", "--url", address, DASHSCOPE_API_KEY=KEY)
        assert (done.returncode, done.stdout) == (code, "")
        assert f"HTTP {status.value} {status.phrase}" in done.stderr
        assert done.stderr.count("4711") == 1
        assert ("< " + body in done.stderr) is (code == 5 or times > 1)
        assert KEY not in done.stderr


def test_a_refused_key_says_what_to_do_with_it() -> None:
    """As in other commands, below the answer as it came; what a server without a wire means is not known."""
    body = '{"code":"InvalidApiKey","message":"No.","request_id":"4711"}'
    with service(echo, answering(HTTPStatus.UNAUTHORIZED, body)) as address:
        wrong = asr("ws-raw", "--url", address, DASHSCOPE_API_KEY=KEY)
        missing = asr("ws-raw", "--url", address)
        unknown = asr("ws-raw", "--url", address, "--wire", "none", DASHSCOPE_API_KEY=KEY)
    assert {done.returncode for done in (wrong, missing, unknown)} == {5}
    for done, said in (
        (wrong, "InvalidApiKey: HTTP 401 Unauthorized; check the key: the server at this address does not accept it"),
        (missing, "InvalidApiKey: HTTP 401 Unauthorized; no key was sent; run asr login, set DASHSCOPE_API_KEY"),
        (unknown, "HTTP 401 Unauthorized\n"),
    ):
        assert f"asr: refused by the service: {said}" in done.stderr
        assert f"< {body}\n" in done.stderr
