"""What `asr doctor` says of a service: the same checks as the command's, against real servers and none."""

from pathlib import Path

import pytest

from asrcli.cli.builders.doctor_checks import described_in_parts, service_check
from asrcli.cli.options.connection import EndpointOptions
from asrcli.core.errors import ConnectFailed
from asrcli.core.settings import ConnectionSettings
from asrcli.runs.doctor import engines, service
from asrcli.runs.doctor.examination import examine
from asrcli.runs.doctor.finding import Finding, Health
from tests.runs.doctor.route_server import answering
from tests.support.command import serving

KEY = "Zq9.own~key-0123"


@pytest.fixture(autouse=True)
def _newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a key or a proxy."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY_FILE_PATH", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def looked_at(options: EndpointOptions, *, network: bool = True) -> dict[str, Finding]:
    """The findings by their subjects."""
    findings = examine([service_check(options, network=network)], described_in_parts)
    return {each.subject: each for each in findings}


def wrongs(found: dict[str, Finding]) -> list[str]:
    """The subjects of what is wrong."""
    return [each.subject for each in found.values() if each.health is Health.WRONG]


def test_a_service_that_works_is_well_and_a_wrong_key_is_the_only_thing_wrong(tmp_path: Path) -> None:
    """Both wires with a handshake and a task; the refusal says what to do; a key file for all to read is a note."""
    right, false = tmp_path / "right", tmp_path / "false"
    for path, key, mode in ((right, KEY, 0o644), (false, "sk-wrongwrongwrong", 0o600)):
        path.write_text(key)
        path.chmod(mode)
    with serving("--engine", "scripted", "--api-key-file", right) as (url, _):
        found = looked_at(EndpointOptions(url=url, api_key_file=right))
        assert list(found) == [
            "address", "key", "proxy", "DNS", "TCP", "clock", "inference handshake", "inference task",
            "realtime handshake", "realtime task",
        ]  # fmt: skip
        assert wrongs(found) == []
        assert "sentence 1" in found["inference task"].text
        found = looked_at(EndpointOptions(url=url, api_key_file=false))
        assert wrongs(found) == ["inference handshake", "realtime handshake"]
        assert "check the key" in found["realtime handshake"].advice
        assert found["key"].text == "…rong from --api-key-file ~/false"
        found = looked_at(EndpointOptions(url=url))
        assert (found["key"].health, wrongs(found)) == (Health.OK, ["inference handshake", "realtime handshake"])
        assert "asr login" in found["inference handshake"].advice


def test_the_first_step_that_fails_is_named_and_none_after_it(tmp_path: Path) -> None:
    """A port where nothing listens, a certificate of nobody, a proxy that is gone, an address that is none."""
    found = looked_at(EndpointOptions(url="ws://127.0.0.1:1"))
    assert (list(found)[-1], found["TCP"].text) == ("TCP", "connection refused")
    assert "nothing listens there" in found["TCP"].advice
    with answering("HTTP/1.1 404 No", folder=tmp_path) as (url, _, _):
        found = looked_at(EndpointOptions(url=url))
    assert (list(found)[-1], "self" in found["TLS"].text, "--ca" in found["TLS"].advice) == ("TLS", True, True)
    found = looked_at(EndpointOptions(proxy="http://me:secret@127.0.0.1:1"))
    assert list(found) == ["address", "key", "proxy"]
    assert (found["proxy"].text, wrongs(found)) == ("the proxy 127.0.0.1:1 is not there", ["key", "proxy"])
    found = looked_at(EndpointOptions(url="http//none"))
    assert (list(found), wrongs(found)) == (["address"], ["address"])


def test_without_a_network_the_key_is_still_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is wrong with it, and what to do."""
    found = looked_at(EndpointOptions(), network=False)
    assert (found["key"].text, "asr login" in found["key"].advice) == ("none", True)
    assert found["network"].health is Health.SKIPPED
    monkeypatch.setenv("DASHSCOPE_API_KEY", f"'{KEY}'")
    monkeypatch.setenv("DASHSCOPE_WORKSPACE", "ws-1")
    found = looked_at(EndpointOptions(), network=False)
    assert (found["key"].health, found["key"].advice) == (Health.WRONG, "leave them out")
    assert found["address"].text == "wss://ws-1.cn-beijing.maas.aliyuncs.com (cn-beijing, workspace ws-1)"
    assert KEY not in str(found)


def test_a_wire_that_fails_beside_one_that_works_is_a_note(monkeypatch: pytest.MonkeyPatch, scripted: str) -> None:
    """A server may have one wire only. A fault of ours in one hides nothing of the other."""
    real = engines.transcribed_text
    errors: list[Exception] = [ConnectFailed("ws://x", "no such wire"), ZeroDivisionError()]

    def heard(connection: object, model: str, *rest: object) -> str:
        if "qwen" in model:
            raise errors.pop(0)
        return real(connection, model, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "transcribed_text", heard)
    for subject in ("realtime task", "realtime"):
        found = looked_at(EndpointOptions(url=scripted))
        assert (found[subject].health, wrongs(found)) == (Health.NOTE, [])


def test_a_service_that_wants_a_key_is_not_asked_without_one() -> None:
    """The way to it is looked at all the same; nothing is refused in vain."""
    with answering("HTTP/1.1 401 No") as (url, _, _):
        found = list(service.check_service(ConnectionSettings(url), described_in_parts, keyless=True))
    assert (found[-1].subject, found[-1].health) == ("task", Health.SKIPPED)
