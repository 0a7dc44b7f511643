"""--insecure-tls: for a server of one's own alone, with a warning, and without a key that nobody named for it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.cli.options import unsafe_connection
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.endpoints import REGIONS, is_vendor_host

OWN = "wss://funasr.example:10095"
KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "without --url"),
        ({"url": "ws://h:1"}, "does not use TLS"),
        ({"url": OWN, "ca": Path("a.pem")}, "with --ca"),
        ({"url": OWN, "temporary_key": True}, "with --temporary-key"),
        ({"local": True}, "with --local"),
    ],
)
def test_what_it_does_not_go_with_is_refused(options: dict[str, object], problem: str) -> None:
    """Before anything is connected to."""
    with pytest.raises(UsageError, match=problem):
        ConnectionOptions(insecure_tls=True, **options)  # type: ignore[arg-type]


vendor_hosts = st.builds(
    lambda prefix, domain, dot: f"{prefix}{domain}{dot}",
    st.sampled_from(["", "dashscope.", "DashScope-INTL.", "ws-1.cn-beijing.maas.", "a.b."]),
    st.sampled_from(["aliyuncs.com", "ALIYUNCS.com", "alibabacloud.com", "aliyun.com"]),
    st.sampled_from(["", "."]),
)


@given(vendor_hosts, st.sampled_from(["wss", "https", "WSS"]), st.sampled_from(["", ":443", ":8443/api/v1", "/x?y=z"]))
def test_the_service_is_always_checked(host: str, scheme: str, rest: str) -> None:
    """However its address is written, with a user name in it or not."""
    for user in ("", "me:secret@"):
        with pytest.raises(UsageError, match="always checked") as caught:
            ConnectionOptions(url=f"{scheme}://{user}{host}{rest}", insecure_tls=True)
        assert "secret" not in str(caught.value)


def test_other_hosts_are_not_the_vendor_s() -> None:
    """Names that only look alike, and what is no address."""
    for url in ("wss://aliyuncs.com.example", "wss://myaliyuncs.com", "wss://127.0.0.1", "wss://[", ""):
        assert not is_vendor_host(url)
    assert all(is_vendor_host(f"wss://w.{region}.maas.aliyuncs.com") for region in REGIONS)


@pytest.mark.parametrize("wire", ["", "funasr"])
def test_no_key_goes_there_that_was_not_named_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, wire: str
) -> None:
    """Neither that of the environment nor that of a setting; the warning says who gets what."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    recognition = RecognitionSettings("m", wire=wire)
    connection = ConnectionOptions(url=OWN, insecure_tls=True)._connection_for(recognition)
    assert (connection.key, connection.insecure_tls) == (None, True)
    said = capsys.readouterr().err
    assert all(words in said for words in ("any server may answer as funasr.example", "no key", "--ca FILE"))
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0o600)
    named = ConnectionOptions(url=OWN, insecure_tls=True, api_key_file=file)._connection_for(recognition)
    assert named.key is not None
    said = capsys.readouterr().err
    assert ("and the key of --api-key-file" in said, KEY in said) == (True, False)
    monkeypatch.setattr("asrcli.cli.options.unsafe_connection.is_configured", lambda _: True)
    assert ConnectionOptions(url=OWN, insecure_tls=True, api_key_file=file).settings_for_other_server().key is None


def test_the_key_of_the_environment_is_for_the_service_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A server of another wire gets none, wherever its address is from; a named key that goes unencrypted is told."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    other, own = RecognitionSettings("m", wire="openai"), RecognitionSettings("m")
    assert ConnectionOptions(url="https://h.example/v1")._connection_for(other).key is None
    assert ConnectionOptions(url="https://h.example/v1")._connection_for(own).key is not None
    monkeypatch.setenv("DASHSCOPE_WEBSOCKET_BASE_URL", "wss://h.example")
    connection = ConnectionOptions()._connection_for(other)
    assert (connection.url, connection.key, connection.insecure_tls) == ("wss://h.example", None, False)
    (tmp_path / "key").write_text(KEY)
    ConnectionOptions(url="http://h.example", api_key_file=tmp_path / "key")._connection_for(other)
    assert "unencrypted to ws://h.example" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ws://127.0.0.1:8090", "http://localhost:8090", "ws://[::1]:8090/api-ws/v1/realtime"])
def test_a_proxy_that_would_not_be_used_is_refused(url: str) -> None:
    """No proxy leads to this machine; who typed one learns it before anything is sent."""
    options = ConnectionOptions(url=url, proxy="http://127.0.0.1:8080")
    with pytest.raises(UsageError, match="are reached without a proxy"):
        options.connection()


def test_a_proxy_of_a_setting_gives_way_to_a_server_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is meant for the service, and a server of one's own needs no other settings."""
    monkeypatch.setattr(unsafe_connection, "is_configured", "--proxy".__eq__)
    for url, proxy in (("ws://127.0.0.1:8090", None), (OWN, "http://h:1")):
        assert ConnectionOptions(url=url, proxy="h:1").connection().proxy == proxy
