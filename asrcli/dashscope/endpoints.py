"""Where the service is: regions, workspaces, and the addresses they come to. Pure; reads no environment itself.

Source of the facts: the service's list of regions and endpoints. A key works only in the region that issued it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from asrcli.core.errors import UsageError
from asrcli.dashscope.catalogue import BEIJING, SINGAPORE

REGIONS: Mapping[str, str] = {
    BEIJING: "Beijing",
    SINGAPORE: "Singapore",
    "ap-northeast-1": "Tokyo",
    "eu-central-1": "Frankfurt",
    "us-east-1": "Virginia",
    "cn-hongkong": "Hong Kong",
}
SHARED: Mapping[str, str] = {BEIJING: "dashscope.aliyuncs.com", SINGAPORE: "dashscope-intl.aliyuncs.com"}
WORKSPACE = "X-DashScope-WorkSpace"  # the header that names one where the host does not
_WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_OWN = re.compile(r"\.([a-z0-9-]+)\.maas\.aliyuncs\.com\Z")
_SECURE = {"https": "wss", "http": "ws"}


@dataclass(frozen=True)
class Endpoint:
    """Where to ask: an address, the region it is in (empty: nobody knows), and headers that say for whom."""

    url: str
    region: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class EndpointRequest:
    """What the user says of it; empty says nothing."""

    url: str = ""
    region: str = ""
    workspace: str = ""


def requested_endpoint(environment: Mapping[str, str]) -> EndpointRequest:
    """What the variables of the official SDK say, old and new ones."""
    url = _first(environment, "DASHSCOPE_WEBSOCKET_BASE_URL", "DASHSCOPE_BASE_URL", "DASHSCOPE_HTTP_BASE_URL")
    region = _first(environment, "DASHSCOPE_REGION", "DASHSCOPE_API_REGION")
    return EndpointRequest(url, region, _first(environment, "DASHSCOPE_WORKSPACE", "DASHSCOPE_WORKSPACE_ID"))


def resolve_endpoint(said: EndpointRequest, otherwise: EndpointRequest) -> Endpoint:
    """Where to ask by what is said on the command line, and otherwise by the environment.

    An address wins over a region, which is then only a matter of words; a workspace has a host of its own in its
    region, and at any other address travels as a header.

    Raises:
        UsageError: a region or a workspace that cannot be, or a region that wants a workspace.
    """
    workspace = said.workspace or otherwise.workspace
    if workspace and not _WORKSPACE.fullmatch(workspace):
        name = "--workspace" if said.workspace else "DASHSCOPE_WORKSPACE"
        raise UsageError(f"{name} {workspace}: not the id of a workspace")
    url = said.url or ("" if said.region or said.workspace else otherwise.url)
    if url:
        url = socket_url(url)
        headers = ((WORKSPACE, workspace),) if workspace and not _OWN.search(_host(url)) else ()
        return Endpoint(url, said.region or region_of(url), headers)
    region = said.region or otherwise.region or BEIJING
    if region not in REGIONS:
        name = "--region" if said.region else "DASHSCOPE_REGION"
        raise UsageError(f"{name} {region}: no such region", f"there are {', '.join(REGIONS)}")
    if workspace:
        return Endpoint(f"wss://{workspace}.{region}.maas.aliyuncs.com", region)
    if region not in SHARED:
        raise UsageError(f"--region {region} needs --workspace", "only a workspace has a host there")
    return Endpoint(f"wss://{SHARED[region]}", region)


def socket_url(url: str) -> str:
    """The address as one of a WebSocket: https as wss, and /api/v1 of the HTTP interface left out."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # whoever opens it will say so
    path = parts.path.rstrip("/")
    path = path.removesuffix("/api/v1") if parts.scheme in _SECURE else path
    return urlunsplit((_SECURE.get(parts.scheme, parts.scheme), parts.netloc, path, parts.query, ""))


def region_of(url: str) -> str:
    """The region an address is in, where its host says so."""
    host = _host(url)
    own = _OWN.search(host)
    if own is not None:
        return own[1]
    return next((region for region, shared in SHARED.items() if shared == host), "")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((value for name in names if (value := environment.get(name, "").strip())), "")
