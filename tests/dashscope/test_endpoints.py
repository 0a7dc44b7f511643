"""Where the service is: by address, region and workspace, from the command line or the environment."""

import pytest

from asrcli.core.errors import UsageError
from asrcli.dashscope.catalogue import BEIJING, SINGAPORE
from asrcli.dashscope.endpoints import (
    REGIONS,
    Endpoint,
    EndpointRequest,
    region_of,
    requested_endpoint,
    resolve_endpoint,
    socket_url,
)

NOTHING = EndpointRequest()
HEADER = (("X-DashScope-WorkSpace", "ws-1"),)


@pytest.mark.parametrize(
    ("said", "otherwise", "there"),
    [
        (NOTHING, NOTHING, Endpoint("wss://dashscope.aliyuncs.com", BEIJING)),
        (EndpointRequest(region=SINGAPORE), NOTHING, Endpoint("wss://dashscope-intl.aliyuncs.com", SINGAPORE)),
        (NOTHING, EndpointRequest(region=SINGAPORE), Endpoint("wss://dashscope-intl.aliyuncs.com", SINGAPORE)),
        (
            EndpointRequest(region=BEIJING),
            EndpointRequest(region=SINGAPORE),
            Endpoint("wss://dashscope.aliyuncs.com", BEIJING),
        ),
        (EndpointRequest(workspace="ws-1"), NOTHING, Endpoint(f"wss://ws-1.{BEIJING}.maas.aliyuncs.com", BEIJING)),
        (
            EndpointRequest(region="eu-central-1"),
            EndpointRequest(workspace="ws-1"),
            Endpoint("wss://ws-1.eu-central-1.maas.aliyuncs.com", "eu-central-1"),
        ),
        (
            EndpointRequest("ws://127.0.0.1:8090"),
            EndpointRequest(region=SINGAPORE),
            Endpoint("ws://127.0.0.1:8090", ""),
        ),
        (EndpointRequest("ws://127.0.0.1:8090", SINGAPORE), NOTHING, Endpoint("ws://127.0.0.1:8090", SINGAPORE)),
        (NOTHING, EndpointRequest("ws://10.0.0.1", SINGAPORE), Endpoint("ws://10.0.0.1", "")),
        (
            EndpointRequest(region=BEIJING),
            EndpointRequest("ws://10.0.0.1"),
            Endpoint("wss://dashscope.aliyuncs.com", BEIJING),
        ),
        (
            EndpointRequest("wss://dashscope.aliyuncs.com", workspace="ws-1"),
            NOTHING,
            Endpoint("wss://dashscope.aliyuncs.com", BEIJING, HEADER),
        ),
        (
            EndpointRequest("wss://ws-1.ap-southeast-1.maas.aliyuncs.com", workspace="ws-1"),
            NOTHING,
            Endpoint("wss://ws-1.ap-southeast-1.maas.aliyuncs.com", SINGAPORE),
        ),
    ],
)
def test_what_is_said_wins_over_the_environment_and_an_address_over_a_region(
    said: EndpointRequest, otherwise: EndpointRequest, there: Endpoint
) -> None:
    """A workspace has a host of its own in its region, and travels as a header anywhere else."""
    assert resolve_endpoint(said, otherwise) == there


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (EndpointRequest(region="mars"), r"region mars: no such region; .* ap-southeast-1 \(Singapore\), "),
        (EndpointRequest(region="us-east-1"), "region us-east-1: only a workspace has a host there"),
        (EndpointRequest(workspace="a.evil.example/"), "not the id of a workspace"),
        (EndpointRequest(workspace="x" * 65), "not the id of a workspace"),
    ],
)
def test_what_cannot_be_is_refused(said: EndpointRequest, problem: str) -> None:
    """An id never becomes another host."""
    with pytest.raises(UsageError, match=problem):
        resolve_endpoint(said, NOTHING)


@pytest.mark.parametrize("region", REGIONS)
def test_each_region_is_known_again_by_its_host(region: str) -> None:
    """So that an error can name it."""
    there = resolve_endpoint(EndpointRequest(region=region, workspace="ws-1"), NOTHING)
    assert region_of(there.url) == region
    assert region_of("wss://ws-1.cn-beijing.maas.aliyuncs.com.evil.example") == ""
    assert region_of("wss://[::1") == ""


def test_the_variables_of_the_official_sdk_are_honoured() -> None:
    """The old ones and the new ones; empty ones say nothing."""
    assert requested_endpoint({}) == NOTHING
    old = {"DASHSCOPE_WEBSOCKET_BASE_URL": "wss://a/api-ws/v1/inference", "DASHSCOPE_API_REGION": SINGAPORE}
    assert requested_endpoint(old | {"DASHSCOPE_WORKSPACE_ID": " ws-1 "}) == EndpointRequest(
        "wss://a/api-ws/v1/inference", SINGAPORE, "ws-1"
    )
    new = {"DASHSCOPE_BASE_URL": "https://b", "DASHSCOPE_REGION": BEIJING, "DASHSCOPE_WORKSPACE": "ws-2"}
    assert requested_endpoint(new | {"DASHSCOPE_API_REGION": SINGAPORE}) == EndpointRequest(
        "https://b", BEIJING, "ws-2"
    )
    assert requested_endpoint(
        {"DASHSCOPE_HTTP_BASE_URL": "https://c/api/v1", "DASHSCOPE_REGION": ""}
    ) == EndpointRequest("https://c/api/v1")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://h", "wss://h"),
        ("http://127.0.0.1:8090/", "ws://127.0.0.1:8090"),
        ("https://h/api/v1", "wss://h"),
        ("https://h/proxy/api/v1/", "wss://h/proxy"),
        ("wss://h/api-ws/v1/inference", "wss://h/api-ws/v1/inference"),
        ("ftp://h", "ftp://h"),
        ("no address [", "no address ["),
        ("https://[::1", "https://[::1"),
    ],
)
def test_an_address_of_the_http_interface_will_do(given: str, url: str) -> None:
    """It is the same service."""
    assert socket_url(given) == url


def test_a_mistake_in_the_environment_is_named_by_its_variable() -> None:
    """Nobody has given an option that could be corrected."""
    with pytest.raises(UsageError, match="DASHSCOPE_REGION mars: no such region"):
        resolve_endpoint(NOTHING, EndpointRequest(region="mars"))
    with pytest.raises(UsageError, match="DASHSCOPE_WORKSPACE a b: not the id"):
        resolve_endpoint(NOTHING, EndpointRequest(workspace="a b"))
