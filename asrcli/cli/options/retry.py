"""The options for lost connections: how often and how long to retry, and the timeouts."""

from dataclasses import replace
from typing import Annotated

import typer

from asrcli.cli.options.panels import CONNECTION, FLAG
from asrcli.cli.options.values import bounded_number
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError
from asrcli.core.settings import ConnectionSettings, RetrySettings

RETRIES = 5
CATCH_UP = 8.0

Reconnect = Annotated[
    bool,
    typer.Option(
        "--reconnect/--no-reconnect",
        help="Restore a lost connection, and send audio that has no text again.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
RetryLimit = Annotated[
    int | None,
    typer.Option(
        "--retries",
        help="How often the same audio is sent again without progress. Default: 5.",
        min=0,
        metavar="N",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
RetryFor = Annotated[
    float | None,
    typer.Option(
        help="Longest outage to wait for. Default: 300; no limit for a microphone, a pipe or a live stream.",
        min=0,
        callback=bounded_number,
        metavar="SECONDS",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
RetryWait = Annotated[
    float,
    typer.Option(
        help="Maximum backoff before the first attempt; it doubles with each attempt.",
        min=0,
        max=60,
        callback=bounded_number,
        metavar="SECONDS",
        rich_help_panel=CONNECTION,
    ),
]
CatchUp = Annotated[
    float,
    typer.Option(
        help="How fast delayed audio is sent, as a multiple of real time.",
        min=1,
        max=1000,
        callback=bounded_number,
        metavar="N",
        rich_help_panel=CONNECTION,
    ),
]
ConnectTimeout = Annotated[
    float | None,
    typer.Option(
        help="Timeout for opening the connection, and then for the first answer. Default: 10; 70 with --local.",
        min=0.1,
        callback=bounded_number,
        metavar="SECONDS",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
StallTimeout = Annotated[
    float,
    typer.Option(
        help="How long the service may neither receive nor send data.",
        min=0.1,
        callback=bounded_number,
        metavar="SECONDS",
        rich_help_panel=CONNECTION,
    ),
]
Keepalive = Annotated[
    float | None,
    typer.Option(
        help="Time between two pings. Default: half of --stall-timeout.",
        min=0.1,
        callback=bounded_number,
        metavar="SECONDS",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]


@dataclass(frozen=True)
class RetryOptions:
    """The values of the options, as the user gave them.

    Raises:
        UsageError: --no-reconnect is given with an option about reconnecting.
    """

    reconnect: Reconnect = True
    retries: RetryLimit = None
    retry_for: RetryFor = None
    retry_wait: RetryWait = 0.5
    catch_up: CatchUp = CATCH_UP
    connect_timeout: ConnectTimeout = None
    stall_timeout: StallTimeout = 30.0
    keepalive: Keepalive = None

    def __post_init__(self) -> None:
        for name, value in (("--retries", self.retries), ("--retry-for", self.retry_for)):
            if not self.reconnect and value:
                raise UsageError(f"--no-reconnect and {name} are both given", "leave one of them out")

    def retry_settings(self) -> RetrySettings:
        """The settings for retries."""
        if not self.reconnect:
            return RetrySettings(limit=0)
        limit = self.retries
        if limit is None:
            limit = RETRIES
        return RetrySettings(limit, self.retry_wait, self.catch_up, self.retry_for)

    def applied_to(self, connection: ConnectionSettings) -> ConnectionSettings:
        """The connection settings with these timeouts."""
        return replace(
            connection,
            connect_timeout_s=self.connect_timeout or connection.connect_timeout_s,
            idle_timeout_s=self.stall_timeout,
            stall_timeout_s=self.stall_timeout,
            keepalive_s=self.keepalive or self.stall_timeout / 2,
        )
