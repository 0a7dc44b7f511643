"""Whom to ask, and with which key: the options of it, once, and the connection they come to."""

import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from asrcli.cli.build.api_key import read_key
from asrcli.cli.build.text_files import data_of
from asrcli.cli.console import print_message
from asrcli.cli.options import shared as o
from asrcli.core.errors import MissingKey, UsageError, bare_url
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model
from asrcli.dashscope.endpoints import (
    REGIONS,
    Endpoint,
    EndpointRequest,
    region_of,
    requested_endpoint,
    resolve_endpoint,
)

INSPECTION = ("X-DashScope-DataInspection", "enable")

Region = Annotated[
    str | None,
    typer.Option(
        help="Where the key was issued: cn-beijing, ap-southeast-1, ... Default: cn-beijing.",
        autocompletion=lambda: list(REGIONS),
        metavar="NAME",
        rich_help_panel=o.CONNECTION,
        show_default=False,
    ),
]
Workspace = Annotated[
    str | None,
    typer.Option(help="Workspace that the key belongs to.", metavar="ID", rich_help_panel=o.CONNECTION),
]
TemporaryKey = Annotated[
    bool,
    typer.Option(
        "--temporary-key",
        help="Have a key of a minute made for each connection, and send that.",
        metavar=o.FLAG,
        rich_help_panel=o.CONNECTION,
    ),
]
Proxy = Annotated[
    str | None,
    typer.Option(
        help="Proxy to go through. Default: as HTTPS_PROXY and its like say.",
        metavar="URL",
        rich_help_panel=o.CONNECTION,
        show_default=False,
    ),
]
CertificateFile = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        help="Trust the certificates in this file too.",
        metavar="PATH",
        rich_help_panel=o.CONNECTION,
    ),
]


@dataclass(frozen=True)
class EndpointOptions:
    """The options for a service with its key, as they were given."""

    url: o.Url = None
    region: Region = None
    workspace: Workspace = None
    api_key_file: o.ApiKeyFile = None
    proxy: Proxy = None
    ca: CertificateFile = None

    def __post_init__(self) -> None:
        if self.url is not None and not self.url.strip():
            raise UsageError("--url is empty: not a WebSocket address")
        if self.region is not None and self.region not in REGIONS:
            raise UsageError(f"--region {self.region}: no such region", f"there are {', '.join(REGIONS)}")

    @property
    def place(self) -> Endpoint:
        """Where that is."""
        return resolve_endpoint(
            EndpointRequest((self.url or "").strip(), self.region or "", self.workspace or ""),
            requested_endpoint(os.environ),
        )

    def connection(self) -> ConnectionSettings:
        """Whom to ask, by the options and otherwise by the variables of the official SDK.

        Raises:
            UsageError: what cannot be; MissingKey when the service would refuse anyway.
        """
        from asrcli.protocol.json_messages import endpoint

        there, key = self.place, read_key(self.api_key_file)
        endpoint(there.url, "/")  # an address that is none is told before anything else is
        if key is None and region_of(there.url):
            raise MissingKey(local=isinstance(self, ConnectionOptions))
        from asrcli.core.loopback import is_loopback_url

        if key is not None and there.url.startswith("ws:") and not is_loopback_url(there.url):
            print_message(
                f"asr: the key goes unencrypted to {bare_url(there.url)}: wss:// or https:// would not show it"
            )
        inspected = os.environ.get("DASHSCOPE_DISABLE_DATA_INSPECTION", "true").strip().lower() == "false"
        headers = (*there.headers, *([INSPECTION] if inspected else []))
        return self._by(ConnectionSettings(there.url, key, there.region, headers))

    def is_other_service(self) -> ConnectionSettings:
        """To a server that is none of the service's: it gets no key but one that is named for it.

        Raises:
            UsageError: what only the service has.
        """
        if self.region or self.workspace:
            raise UsageError("--region and --workspace are the service's own", "name the address: --url")
        key = read_key(self.api_key_file) if self.api_key_file is not None else None
        return self._by(ConnectionSettings((self.url or "").strip(), key))

    def _by(self, connection: ConnectionSettings) -> ConnectionSettings:
        if self.ca is not None:
            data_of(self.ca, f"--ca {self.ca}")  # the library that reads it would wait for a pipe, and has no bounds
        return replace(connection, proxy=_proxy(self.proxy), ca=str(self.ca) if self.ca else None)


@dataclass(frozen=True)
class ConnectionOptions(EndpointOptions):
    """Those, and the recognizer on this machine."""

    local: o.Local = False
    temporary_key: TemporaryKey = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.local:
            return
        if self.url is not None:
            raise UsageError("--local with --url: the one is here, the other is elsewhere")
        if self.api_key_file is not None:
            raise UsageError("--local with --api-key-file: the embedded recognizer asks for no key")
        given: dict[str, object] = {"--region": self.region, "--workspace": self.workspace, "--proxy": self.proxy}
        given |= {"--ca": self.ca, "--temporary-key": self.temporary_key}
        if names := [name for name, value in given.items() if value]:
            raise UsageError(f"--local with {' and '.join(names)}: the embedded recognizer is on this machine")

    def at(self, stack: ExitStack, recognition: RecognitionSettings) -> ConnectionSettings:
        """Whom to ask for this: the embedded recognizer behind its own server, or a service.

        Raises:
            UsageError: as `connection`, or a language that the embedded recognizer does not know.
        """
        if not self.local:
            connection = self.connection()
            model = MODELS.get(recognition.model)
            if model is not None and model.workspace_only and connection.region and ".maas." not in connection.url:
                raise UsageError(
                    f"{recognition.model} answers at the host of a workspace alone", "name yours: --workspace"
                )
            return connection
        from asrcli.recognizers import registry
        from asrcli.server.serving import in_background

        known = registry.LOCAL.languages
        if known is not None and (foreign := set(recognition.languages) - set(known)):
            names = ", ".join(f"{name} ({code})" for code, name in known.items())
            raise UsageError(f"--language {min(foreign)} with --local: the embedded recognizer knows {names} only")
        for word, _ in recognition.hotwords:
            if not registry.LOCAL.can_pronounce(word):
                names = ", ".join((known or {}).values())
                raise UsageError(f"--hotwords {word} with --local: the embedded recognizer knows {names} only")
        return ConnectionSettings(stack.enter_context(in_background(registry.make())))

    @property
    def region_asked(self) -> str:
        """The region that will be asked, as far as anybody knows."""
        return "" if self.local else self.place.region

    def heard_by(self, model: Model) -> Model:
        """The model as this service has it: the embedded recognizer leans on hot words under any name."""
        return (
            replace(model, takes=model.takes | {"hotwords"}) if self.local and model.traits.context_messages else model
        )


def _proxy(text: str | None) -> str | None:
    """A proxy as an address; HOST:PORT is one that speaks HTTP."""
    if text is None:
        return None
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("--proxy: not an address", "write it as http://HOST:PORT")  # a password may be in it
    return url
