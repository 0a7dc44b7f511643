"""Whom to ask: options and the variables of the official SDK, the key, proxies and certificates."""

from pathlib import Path

import pytest

from asrcli.cli.advice import described
from asrcli.cli.options.connection import ConnectionOptions, EndpointOptions
from asrcli.core.errors import MissingKey, UsageError

KEY = "sk-0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEY", "KEY_FILE_PATH", "REGION"):
        monkeypatch.delenv(f"DASHSCOPE_API_{name}", raising=False)
    for name in ("BASE_URL", "WEBSOCKET_BASE_URL", "HTTP_BASE_URL", "REGION", "WORKSPACE", "WORKSPACE_ID"):
        monkeypatch.delenv(f"DASHSCOPE_{name}", raising=False)
    monkeypatch.delenv("DASHSCOPE_DISABLE_DATA_INSPECTION", raising=False)
    monkeypatch.setattr("asrcli.cli.builders.api_key.SDK_KEY_FILE", Path("/nowhere"))


def test_the_service_wants_a_key_and_a_server_of_one_s_own_does_not() -> None:
    """Whether its address comes from the command line or from the environment."""
    with pytest.raises(MissingKey) as caught:
        EndpointOptions().connection()
    assert described(caught.value).endswith("--api-key-file")
    with pytest.raises(MissingKey) as caught:
        ConnectionOptions().connection()
    assert "or try --local" in described(caught.value)
    with pytest.raises(MissingKey):
        EndpointOptions(url="wss://dashscope-intl.aliyuncs.com").connection()
    assert EndpointOptions(url="ws://127.0.0.1:8090").connection().key is None


@pytest.mark.parametrize(("url", "told"), [("ws://192.0.2.1", 1), ("ws://127.0.0.1:9", 0), ("wss://192.0.2.1", 0)])
def test_a_key_that_would_go_unencrypted_to_another_machine_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, told: int
) -> None:
    """Once, with the address and without the key."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    EndpointOptions(url=url).connection()
    said = capsys.readouterr().err
    assert (said.count(f"the key is sent unencrypted to {url}"), KEY in said) == (told, False)


def test_the_environment_of_the_official_sdk_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Key file, region, workspace, address, inspection; the command line wins."""
    key = tmp_path / "key"
    key.write_text(KEY)
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", str(key))
    monkeypatch.setenv("DASHSCOPE_API_REGION", "ap-southeast-1")
    connection = EndpointOptions().connection()
    assert (connection.url, connection.region) == ("wss://dashscope-intl.aliyuncs.com", "ap-southeast-1")
    assert connection.key is not None
    assert (connection.key.reveal(), connection.headers) == (KEY, ())
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", "ws-1")
    monkeypatch.setenv("DASHSCOPE_DISABLE_DATA_INSPECTION", "false")
    inspected = EndpointOptions().connection()
    assert inspected.url == "wss://ws-1.ap-southeast-1.maas.aliyuncs.com"
    assert inspected.headers == (("X-DashScope-DataInspection", "enable"),)
    monkeypatch.setenv("DASHSCOPE_WEBSOCKET_BASE_URL", "wss://proxy.example/api-ws/v1/inference")
    assert EndpointOptions().connection().url == "wss://proxy.example/api-ws/v1/inference"
    assert EndpointOptions(region="cn-beijing").connection().region == "cn-beijing"
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-other")
    other = EndpointOptions().connection().key
    assert other is not None
    assert other.reveal() == "sk-other"


def test_the_place_where_the_official_sdk_keeps_its_key_comes_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever set up the SDK is set up here."""
    usual = tmp_path / "api_key"
    usual.write_text(f"{KEY}\n")
    monkeypatch.setattr("asrcli.cli.builders.api_key.SDK_KEY_FILE", usual)
    found = EndpointOptions().connection().key
    assert found is not None
    assert found.reveal() == KEY


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"url": "ws://h"}, "--local and --url are both given"),
        ({"api_key_file": Path("k")}, "--local with --api-key-file"),
        ({"region": "cn-beijing", "proxy": "http://p"}, "--local with --region and --proxy"),
        ({"temporary_key": True}, "--local with --temporary-key"),
    ],
)
def test_what_belongs_elsewhere_is_refused_with_local(given: dict[str, object], problem: str) -> None:
    """The embedded recognizer is here and asks for nothing."""
    with pytest.raises(UsageError, match=problem):
        ConnectionOptions(local=True, **given)  # type: ignore[arg-type]


def test_a_stranger_s_server_gets_no_key_that_was_not_named_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the environment holds is for the service."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    assert EndpointOptions(url="ws://h").settings_for_other_server().key is None
    path = tmp_path / "key"
    path.write_text("theirs")
    named = EndpointOptions(url="ws://h", api_key_file=path).settings_for_other_server().key
    assert named is not None
    assert named.reveal() == "theirs"
    with pytest.raises(UsageError, match="--region and --workspace are the service's own"):
        EndpointOptions(url="ws://h", region="cn-beijing").settings_for_other_server()


def test_certificates_that_are_not_there_are_named_before_anybody_is_called(tmp_path: Path) -> None:
    """With the option."""
    with pytest.raises(UsageError, match=r"^--ca .*none\.pem: No such file"):
        EndpointOptions(url="ws://h", ca=tmp_path / "none.pem").connection()


@pytest.mark.parametrize(
    ("given", "proxy"), [("http://p:3128", "http://p:3128"), ("p:3128", "http://p:3128"), (None, None)]
)
def test_a_proxy_without_a_scheme_speaks_http(given: str | None, proxy: str | None) -> None:
    """As people write it."""
    assert EndpointOptions(url="ws://h", proxy=given).connection().proxy == proxy


@pytest.mark.parametrize("proxy", ["http://u:secret@[::1", "http://", "http://h:0", ""])
def test_a_proxy_that_is_no_address_is_refused_without_what_is_in_it(proxy: str) -> None:
    """A password may be."""
    with pytest.raises(UsageError, match="--proxy: not an address") as caught:
        EndpointOptions(url="ws://h", proxy=proxy).connection()
    assert "secret" not in str(caught.value)


def test_a_region_is_known_or_refused_with_an_address_too() -> None:
    """It would be a matter of words otherwise, and of prices."""
    with pytest.raises(UsageError, match="region cn-bejing: no such region"):
        EndpointOptions(url="ws://h", region="cn-bejing")


@pytest.mark.parametrize("url", ["ws://", "ws://[::1", "ftp://a", "localhost:1", "ws://a:0", "ws://a:b"])
def test_an_invalid_address_is_reported_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    """No word about the key first."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    with pytest.raises(UsageError, match="not a WebSocket address"):
        EndpointOptions(url=url).connection()
    assert capsys.readouterr().err == ""


def test_blanks_around_an_address_do_not_matter() -> None:
    """They come with pasting."""
    assert EndpointOptions(url="  ws://127.0.0.1:8090\n").connection().url == "ws://127.0.0.1:8090"
    assert EndpointOptions(url=" ws://127.0.0.1:8090 ").settings_for_other_server().url == "ws://127.0.0.1:8090"
