"""Where the service is: by address, region and workspace, from the command line or the environment."""

import pytest

from asrcli.catalogue import BEIJING, SINGAPORE
from asrcli.errors import UsageError
from asrcli.places import REGIONS, Place, Wish, place, region_of, socket_url, wished

NOTHING = Wish()
HEADER = (("X-DashScope-WorkSpace", "ws-1"),)


@pytest.mark.parametrize(
    ("said", "otherwise", "there"),
    [
        (NOTHING, NOTHING, Place("wss://dashscope.aliyuncs.com", BEIJING)),
        (Wish(region=SINGAPORE), NOTHING, Place("wss://dashscope-intl.aliyuncs.com", SINGAPORE)),
        (NOTHING, Wish(region=SINGAPORE), Place("wss://dashscope-intl.aliyuncs.com", SINGAPORE)),
        (Wish(region=BEIJING), Wish(region=SINGAPORE), Place("wss://dashscope.aliyuncs.com", BEIJING)),
        (Wish(workspace="ws-1"), NOTHING, Place(f"wss://ws-1.{BEIJING}.maas.aliyuncs.com", BEIJING)),
        (
            Wish(region="eu-central-1"),
            Wish(workspace="ws-1"),
            Place("wss://ws-1.eu-central-1.maas.aliyuncs.com", "eu-central-1"),
        ),
        (Wish("ws://127.0.0.1:8090"), Wish(region=SINGAPORE), Place("ws://127.0.0.1:8090", "")),
        (Wish("ws://127.0.0.1:8090", SINGAPORE), NOTHING, Place("ws://127.0.0.1:8090", SINGAPORE)),
        (NOTHING, Wish("ws://10.0.0.1", SINGAPORE), Place("ws://10.0.0.1", "")),
        (Wish(region=BEIJING), Wish("ws://10.0.0.1"), Place("wss://dashscope.aliyuncs.com", BEIJING)),
        (Wish("wss://dashscope.aliyuncs.com", workspace="ws-1"), NOTHING,
            Place("wss://dashscope.aliyuncs.com", BEIJING, HEADER)),
        (Wish("wss://ws-1.ap-southeast-1.maas.aliyuncs.com", workspace="ws-1"), NOTHING,
            Place("wss://ws-1.ap-southeast-1.maas.aliyuncs.com", SINGAPORE)),
    ],
)  # fmt: skip
def test_what_is_said_wins_over_the_environment_and_an_address_over_a_region(
    said: Wish, otherwise: Wish, there: Place
) -> None:
    """A workspace has a host of its own in its region, and travels as a header anywhere else."""
    assert place(said, otherwise) == there


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (Wish(region="mars"), "--region mars: no such region; there are cn-beijing, ap-southeast-1, "),
        (Wish(region="us-east-1"), "--region us-east-1 needs --workspace"),
        (Wish(workspace="a.evil.example/"), "not the id of a workspace"),
        (Wish(workspace="x" * 65), "not the id of a workspace"),
    ],
)
def test_what_cannot_be_is_refused(said: Wish, problem: str) -> None:
    """An id never becomes another host."""
    with pytest.raises(UsageError, match=problem):
        place(said, NOTHING)


@pytest.mark.parametrize("region", REGIONS)
def test_each_region_is_known_again_by_its_host(region: str) -> None:
    """So that an error can name it."""
    there = place(Wish(region=region, workspace="ws-1"), NOTHING)
    assert region_of(there.url) == region
    assert region_of("wss://ws-1.cn-beijing.maas.aliyuncs.com.evil.example") == ""


def test_the_variables_of_the_official_sdk_are_honoured() -> None:
    """The old ones and the new ones; empty ones say nothing."""
    assert wished({}) == NOTHING
    old = {"DASHSCOPE_WEBSOCKET_BASE_URL": "wss://a/api-ws/v1/inference", "DASHSCOPE_API_REGION": SINGAPORE}
    assert wished(old | {"DASHSCOPE_WORKSPACE_ID": " ws-1 "}) == Wish("wss://a/api-ws/v1/inference", SINGAPORE, "ws-1")
    new = {"DASHSCOPE_BASE_URL": "https://b", "DASHSCOPE_REGION": BEIJING, "DASHSCOPE_WORKSPACE": "ws-2"}
    assert wished(new | {"DASHSCOPE_API_REGION": SINGAPORE}) == Wish("https://b", BEIJING, "ws-2")
    assert wished({"DASHSCOPE_HTTP_BASE_URL": "https://c/api/v1", "DASHSCOPE_REGION": ""}) == Wish("https://c/api/v1")


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
    ],
)
def test_an_address_of_the_http_interface_will_do(given: str, url: str) -> None:
    """It is the same service."""
    assert socket_url(given) == url
