"""Finds the address of the service from region, workspace and URL. Pure; the environment is passed in.

Source of the facts: the service's list of regions and endpoints. A key works only in the region that issued it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from asrcli.core.causes import Cause
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SettingError, UsageError
from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.dashscope.catalogue import BEIJING, SINGAPORE

REGIONS: Mapping[str, str] = {
    BEIJING: "Beijing",
    SINGAPORE: "Singapore",
    "ap-northeast-1": "Tokyo",
    "eu-central-1": "Frankfurt",
    "us-east-1": "Virginia",
    "cn-hongkong": "Hong Kong",
}
NAMED_REGIONS = ", ".join(f"{region} ({place})" for region, place in REGIONS.items())
SHARED: Mapping[str, str] = {BEIJING: "dashscope.aliyuncs.com", SINGAPORE: "dashscope-intl.aliyuncs.com"}
WORKSPACE = "X-DashScope-WorkSpace"  # the header that names a workspace where the host does not
VENDOR_DOMAINS = ("aliyuncs.com", "aliyun.com", "alibabacloud.com", "alibabacloudcs.com")
_WORKSPACE = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_OWN = lazy_pattern(r"\.([a-z0-9-]+)\.maas\.aliyuncs\.com\Z")
_SECURE = {"https": "wss", "http": "ws"}


@dataclass(frozen=True)
class Endpoint:
    """Where to connect: an address, its region (empty where not known), and headers that name a workspace."""

    url: str
    region: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class EndpointRequest:
    """What the user asked for; an empty field asks for nothing."""

    url: str = ""
    region: str = ""
    workspace: str = ""


def requested_endpoint(environment: Mapping[str, str]) -> EndpointRequest:
    """The request in the environment variables of the official SDK, old and new names."""
    url = _first(environment, "DASHSCOPE_WEBSOCKET_BASE_URL", "DASHSCOPE_BASE_URL", "DASHSCOPE_HTTP_BASE_URL")
    region = _first(environment, "DASHSCOPE_REGION", "DASHSCOPE_API_REGION")
    return EndpointRequest(url, region, _first(environment, "DASHSCOPE_WORKSPACE", "DASHSCOPE_WORKSPACE_ID"))


def resolve_endpoint(given: EndpointRequest, environment: EndpointRequest) -> Endpoint:
    """The endpoint that the command line asks for; what it leaves open is taken from the environment.

    A URL takes precedence over a region, which then only appears in messages. A workspace has its own host in its
    region; at any other address it is sent as a header.

    Raises:
        UsageError: an unknown region, an invalid workspace, or a region that needs a workspace.
    """
    workspace = given.workspace or environment.workspace
    if workspace and not _WORKSPACE.fullmatch(workspace):
        raise _invalid("workspace", workspace, "not the id of a workspace", given=bool(given.workspace))
    url = given.url
    if not given.region and not given.workspace:
        url = url or environment.url
    if url:
        url = socket_url(url)
        found = Endpoint(url, given.region or region_of(url))
        if workspace and not _OWN.search(_host(url)):
            return replace(found, headers=((WORKSPACE, workspace),))
        return found
    region = given.region or environment.region or BEIJING
    check_region(region, given=bool(given.region))
    if workspace:
        return Endpoint(f"wss://{workspace}.{region}.maas.aliyuncs.com", region)
    if region not in SHARED:
        problem = "only a workspace has a host there"
        raise SettingError("region", problem, value=region, cause=Cause.WORKSPACE_HOST)
    return Endpoint(f"wss://{SHARED[region]}", region)


def check_region(region: str | None, *, given: bool = True) -> None:
    """Raise a UsageError if there is no such region; it was `given`, or else stands in the environment."""
    if region is not None and region not in REGIONS:
        raise _invalid("region", region, f"no such region; there are {NAMED_REGIONS}", given=given)


def socket_url(url: str) -> str:
    """The address as a WebSocket address: https becomes wss, and the path /api/v1 of the HTTP interface is removed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # the code that connects reports the error
    path = parts.path.rstrip("/")
    if parts.scheme in _SECURE:
        path = path.removesuffix("/api/v1")
    return urlunsplit((_SECURE.get(parts.scheme, parts.scheme), parts.netloc, path, parts.query, ""))


def region_of(url: str) -> str:
    """The region of an address, from its host; empty if the host does not say."""
    host = _host(url)
    own = _OWN.search(host)
    if own is not None:
        return own[1]
    return next((region for region, shared in SHARED.items() if shared == host), "")


def is_vendor_host(url: str) -> bool:
    """Whether the host of an address is one of the company that runs the service."""
    host = _host(url).rstrip(".")
    return any(host == domain or host.endswith(f".{domain}") for domain in VENDOR_DOMAINS)


def _invalid(setting: str, value: str, problem: str, *, given: bool) -> UsageError:
    """The error for a value that was `given`, or else stands in the environment."""
    if given:
        return SettingError(setting, problem, value=value)
    return UsageError(f"DASHSCOPE_{setting.upper()} {value}: {problem}")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((value for name in names if (value := environment.get(name, "").strip())), "")


def service_name(url: str) -> str:
    """Return what the key for an address is kept under: its region, or its host and port; empty for no address."""
    with suppress(ValueError):
        return region_of(url) or urlsplit(url).netloc.rpartition("@")[2].lower()
    return ""
