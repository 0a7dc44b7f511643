"""The options for the connection: which service, with which key, through which proxy."""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from asrcli.cli.builders.api_key import read_key
from asrcli.cli.builders.text_files import data_of
from asrcli.cli.options.engine import EngineName, find_engine
from asrcli.cli.options.panels import CONNECTION, FLAG
from asrcli.cli.options.unsafe_connection import InsecureTls, check_insecure, proxy_to, unchecked, warn_unencrypted
from asrcli.cli.options.values import parse_pace
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import MissingKey, UsageError
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.endpoints import (
    REGIONS,
    Endpoint,
    EndpointRequest,
    check_region,
    region_of,
    requested_endpoint,
    resolve_endpoint,
    service_name,
    socket_url,
)
from asrcli.protocol.addresses import endpoint as check_address
from asrcli.recognizers.registry import RecognizerInfo

INSPECTION = ("X-DashScope-DataInspection", "enable")


def url_option(default: str) -> Any:
    """The option --url; `default` is the end of its help."""
    return typer.Option(
        "--url",
        "--base-url",
        help=f"Address of the service. Default: {default}",
        metavar="URL",
        rich_help_panel=CONNECTION,
        show_default=False,
    )


Url = Annotated[str | None, url_option("that of the --region.")]
Local = Annotated[
    bool,
    typer.Option(
        "--local",
        help="Recognize English offline, with less accuracy.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
ApiKeyFile = Annotated[
    Path | None,
    typer.Option(help="File with the API key. Default: DASHSCOPE_API_KEY.", metavar="PATH", rich_help_panel=CONNECTION),
]
Heartbeat = Annotated[
    bool | None,
    typer.Option(
        "--heartbeat/--no-heartbeat",
        help="Keep the connection open during long silence. Default: on, if the model supports it.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        help="Region that issued the key. Default: cn-beijing.",
        autocompletion=lambda: list(REGIONS),
        metavar="NAME",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
Workspace = Annotated[
    str | None,
    typer.Option(help="Workspace that the key belongs to.", metavar="ID", rich_help_panel=CONNECTION),
]
TemporaryKey = Annotated[
    bool,
    typer.Option(
        "--temporary-key",
        help="For each connection, get a temporary key that is valid for one minute, and send that key.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
Proxy = Annotated[
    str | None,
    typer.Option(
        help="Proxy to use. Default: from HTTPS_PROXY and similar variables.",
        metavar="URL",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
CertificateFile = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        help="File with additional certificates to trust.",
        metavar="PATH",
        rich_help_panel=CONNECTION,
    ),
]


@dataclass(frozen=True)
class EndpointOptions:
    """The options for a service and its key, with the values that the user gave."""

    url: Url = None
    region: Region = None
    workspace: Workspace = None
    api_key_file: ApiKeyFile = None
    proxy: Proxy = None
    ca: CertificateFile = None

    def __post_init__(self) -> None:
        if self.url is not None and not self.url.strip():
            raise UsageError("--url is empty: not a WebSocket address")
        check_region(self.region)

    @property
    def endpoint(self) -> Endpoint:
        """The address and the region of the service."""
        asked = EndpointRequest((self.url or "").strip(), self.region or "", self.workspace or "")
        return resolve_endpoint(asked, self._usual_endpoint())

    @property
    def workspace_asked(self) -> str:
        """The workspace that is named by the options, the environment or the last login; empty if none is."""
        return self.workspace or self._usual_endpoint().workspace

    def _usual_endpoint(self) -> EndpointRequest:
        """The service that the environment names; that of the last login if neither it nor an option names one."""
        environment = requested_endpoint(os.environ)
        if self.url or self.region or environment.url or environment.region:
            return environment
        from asrcli.config.key_store import KeyStore

        usual = KeyStore().usual_endpoint()
        if self.workspace or environment.workspace:
            return replace(environment, region=usual.region)
        return usual

    def connection(self) -> ConnectionSettings:
        """The connection settings, from the options or else from the environment variables of the official SDK.

        Raises:
            UsageError: an option is not valid.
            MissingKey: the service needs a key and there is none.
        """
        service = self.endpoint
        key = read_key(self.api_key_file, service=service_name(service.url))
        check_address(service.url, "/")  # an invalid address is reported before a missing key
        if key is None and region_of(service.url):
            raise MissingKey(local=isinstance(self, ConnectionOptions))

        warn_unencrypted(key, service.url)
        headers = service.headers
        if os.environ.get("DASHSCOPE_DISABLE_DATA_INSPECTION", "true").strip().lower() == "false":
            headers = (*headers, INSPECTION)
        return self.with_proxy(ConnectionSettings(service.url, key, service.region, headers))

    def settings_for_other_server(self) -> ConnectionSettings:
        """The settings for a server that is not the service's. It gets a key only if --api-key-file names one.

        Raises:
            UsageError: an option is given that only the service has.
        """
        if self.region or self.workspace:
            raise UsageError("--region and --workspace are the service's own", "name the address: --url")
        key = None
        if self.api_key_file is not None:
            key = read_key(self.api_key_file)
        url = socket_url((self.url or self.endpoint.url).strip())
        warn_unencrypted(key, url)
        return self.with_proxy(ConnectionSettings(url, key, other_service=True))

    def with_proxy(self, connection: ConnectionSettings) -> ConnectionSettings:
        """The connection settings with the proxy and the certificates that the options name.

        Raises:
            UsageError: one of them cannot be used.
        """
        connection = replace(connection, proxy=proxy_to(connection.url, self.proxy))
        if self.ca is None:
            return connection
        data_of(self.ca, f"--ca {self.ca}")  # checked here: the TLS library would wait for a pipe, and has no limit
        return replace(connection, ca=str(self.ca))


@dataclass(frozen=True)
class ConnectionOptions(EndpointOptions):
    """The options for a service, and for the embedded recognizer instead of it."""

    local: Local = False
    engine: EngineName = None
    temporary_key: TemporaryKey = False
    insecure_tls: InsecureTls = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.insecure_tls:
            others = {"--local": self.local, "--ca": self.ca, "--temporary-key": self.temporary_key}
            check_insecure((self.url or "").strip(), [name for name, value in others.items() if value])
        if not self.local:
            return
        if self.url is not None:
            raise UsageError("--local and --url are both given: they name different services")
        if self.api_key_file is not None:
            raise UsageError("--local with --api-key-file: the embedded recognizer asks for no key")
        given: dict[str, object] = {"--region": self.region, "--workspace": self.workspace, "--proxy": self.proxy}
        given |= {"--ca": self.ca, "--temporary-key": self.temporary_key}
        if names := [name for name, value in given.items() if value]:
            raise UsageError(f"--local with {' and '.join(names)}: the embedded recognizer is on this machine")

    def check_engine(self) -> None:
        """Check that the recognizer of --engine hears, where nothing but --local can let it hear.

        Raises:
            UsageError: a service hears.
        """
        if self.engine is not None and not self.local:
            raise UsageError(
                f"--engine {self.engine} without --local or --fallback local: a service has its own recognizers"
            )

    def service_connection(self, stack: ExitStack, recognition: RecognitionSettings) -> ConnectionSettings:
        """The connection settings for a service, or for a local server with the embedded recognizer, started here.

        Raises:
            UsageError: as `connection`, or the embedded recognizer does not know a language or a hot word.
        """
        recognizer = self.recognizer
        if recognizer is None:
            connection = self._connection_for(recognition)
            from asrcli.dashscope.preparation import check_host

            check_host(recognition.model, connection)
            return connection
        from asrcli.runs.local_service import local_service

        return stack.enter_context(local_service(recognition, recognizer))

    def settings_for_other_server(self) -> ConnectionSettings:
        """The settings for a server that is not the service's, as in EndpointOptions; warns if it is not checked."""
        settings = super().settings_for_other_server()
        if self.insecure_tls:
            return unchecked(settings)
        return settings

    def _connection_for(self, recognition: RecognitionSettings) -> ConnectionSettings:
        """The settings for a server of the wire of this model; those of the service get its key."""
        from asrcli.dashscope.model_selection import find_model

        if self.insecure_tls or find_model(recognition.model, recognition.wire).traits.elsewhere:
            return self.settings_for_other_server()
        return self.connection()

    @property
    def names_server(self) -> bool:
        """Whether the user has named a server, in the command line or in the environment."""
        return self.local or bool(self.url) or bool(requested_endpoint(os.environ).url)

    @property
    def recognizer(self) -> RecognizerInfo | None:
        """The embedded recognizer that is asked; None for a service."""
        return find_engine(self.engine) if self.local else None

    def pace_of(self, pace: str | None) -> float | None:
        """How fast files are sent, as times real time, by the value of --pace; None is as fast as they are taken.

        Raises:
            UsageError: it is no pace.
        """
        if pace is not None:
            return parse_pace(pace)
        return None if self.local else 1.0

    @property
    def region_asked(self) -> str:
        """The region of the service; empty for the embedded recognizer and for unknown addresses."""
        return "" if self.local else self.endpoint.region

    def adapt(self, model: Model) -> Model:
        """The model with what this service adds: the embedded recognizer takes hot words, whatever the model is."""
        from asrcli.dashscope.preparation import as_local_model

        return as_local_model(model) if self.local else model
