"""How long to wait, and how often to try: the options of it, once, and what they come to."""

from dataclasses import dataclass, replace
from typing import Annotated

import typer

from asrcli.cli.options import CONNECTION, FLAG, finite
from asrcli.config import Connection, Retries
from asrcli.errors import UsageError

FILE_RETRIES = 5
CATCH_UP = 4.0
UNPACED_PING_S, UNPACED_PONG_S = 20.0, 60.0  # a server that is behind with the audio reads our ping only after it

Reconnect = Annotated[
    bool,
    typer.Option(
        "--reconnect/--no-reconnect",
        help="Make a lost connection anew and send again what has no text yet.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
RetryLimit = Annotated[
    int | None,
    typer.Option(
        "--retries",
        help="Attempts in a row without progress. Default: 5; for a microphone no limit.",
        min=0,
        metavar="N",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
RetryWait = Annotated[
    float,
    typer.Option(
        help="At most so long before the first attempt; it doubles with each.",
        min=0,
        max=60,
        callback=finite,
        metavar="S",
        rich_help_panel=CONNECTION,
    ),
]
CatchUp = Annotated[
    float,
    typer.Option(
        help="How many times real time what was missed is sent.",
        min=1,
        max=1000,
        callback=finite,
        metavar="N",
        rich_help_panel=CONNECTION,
    ),
]
ConnectTimeout = Annotated[
    float,
    typer.Option(
        help="How long a connection, and then the service, may take to come up.",
        min=0.1,
        callback=finite,
        metavar="S",
        rich_help_panel=CONNECTION,
    ),
]
StallTimeout = Annotated[
    float,
    typer.Option(
        help="How long the service may give no sign of life while it is spoken to.",
        min=0.1,
        callback=finite,
        metavar="S",
        rich_help_panel=CONNECTION,
    ),
]
Keepalive = Annotated[
    float | None,
    typer.Option(
        help="Ping so often. Default: half of --stall-timeout.",
        min=0.1,
        callback=finite,
        metavar="S",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Patience:
    """The options as they were given.

    Raises:
        UsageError: attempts, and none at all.
    """

    reconnect: Reconnect = True
    retries: RetryLimit = None
    retry_wait: RetryWait = 0.5
    catch_up: CatchUp = CATCH_UP
    connect_timeout: ConnectTimeout = 10.0
    stall_timeout: StallTimeout = 30.0
    keepalive: Keepalive = None

    def __post_init__(self) -> None:
        if not self.reconnect and self.retries:
            raise UsageError("--no-reconnect with --retries: no attempt, or so many")

    def tries(self, *, live: bool, pace: float | None) -> Retries:
        """How a lost connection is made anew; a file that is sent as fast as it is taken catches up so too."""
        if not self.reconnect:
            return Retries(limit=0)
        limit = FILE_RETRIES if self.retries is None and not live else self.retries
        catch_up = max(self.catch_up, pace) if pace is not None else self.catch_up if live else None
        return Retries(limit, self.retry_wait, catch_up)

    def of(self, connection: Connection, *, paced: bool) -> Connection:
        """The connection with these bounds."""
        ping_s, pong_s = self.stall_timeout / 2, self.stall_timeout / 2
        if not paced:
            ping_s, pong_s = max(ping_s, UNPACED_PING_S), max(pong_s, UNPACED_PONG_S)
        return replace(
            connection,
            connect_timeout_s=self.connect_timeout,
            idle_timeout_s=max(connection.idle_timeout_s, self.stall_timeout),
            stall_timeout_s=self.stall_timeout,
            keepalive_s=self.keepalive or ping_s,
            pong_timeout_s=pong_s,
        )
