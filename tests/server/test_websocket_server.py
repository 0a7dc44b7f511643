"""What server/incoming_connection.py and transport/ assume of the websockets library, beyond its documented interface.

When a test here fails after an upgrade of websockets, look at the named part in the new version, adapt
server/incoming_connection.py or transport/proxied.py, and then raise the upper bound in pyproject.toml.
"""

import asyncio.selector_events
import inspect
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.messages import Assembler
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import Protocol
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from asrcli.server.incoming_connection import IncomingConnection
from asrcli.transport.protocol_driver import ProtocolDriver
from asrcli.transport.proxied import Connect
from asrcli.transport.websocket_protocol import WebSocketProtocol

ADVICE = (
    f"websockets {version('websockets')} has changed a private part that this program uses: "
    "adapt server/incoming_connection.py or transport/proxied.py"
)
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_installed_version_is_one_that_was_checked() -> None:
    """The requirement has an upper bound, and the installed version is below it."""
    entries = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["dependencies"]
    (requirement,) = [made for made in map(Requirement, entries) if made.name == "websockets"]
    assert "<" in {specifier.operator for specifier in requirement.specifier}
    assert requirement.specifier.contains(version("websockets")), ADVICE


def own_methods(cls: type) -> set[str]:
    """Return the names of the methods that a class of ours defines."""
    return {name for name, value in vars(cls).items() if inspect.isfunction(value)}


OVERRIDDEN = {
    IncomingConnection: {
        "__init__", "connection_made", "data_received", "eof_received", "connection_lost", "send_data",
        "pause_writing", "resume_writing", "close",
    },
    Connect: {"process_redirect"},
}  # fmt: skip


@pytest.mark.parametrize("cls", OVERRIDDEN, ids=lambda cls: cls.__name__)
def test_each_overridden_method_still_exists(cls: type) -> None:
    """The library calls these methods by their names; a new one would silently never be called."""
    for name in OVERRIDDEN[cls]:
        assert name in own_methods(cls), f"{cls.__name__}.{name} is listed here and no longer overridden"
        assert callable(getattr(cls.__mro__[1], name, None)), f"{ADVICE} ({cls.__mro__[1].__name__}.{name})"


@pytest.mark.parametrize("cls", [IncomingConnection, Connect], ids=lambda cls: cls.__name__)
def test_no_new_method_of_the_library_is_overridden_by_accident(cls: type) -> None:
    """A helper of ours must not have the name of a method of the library."""
    accidental = own_methods(cls) & set(dir(cls.__mro__[1])) - OVERRIDDEN[cls]
    assert accidental == set(), f"{ADVICE} ({accidental})"


# A function of the library, and what its source must name.
INSTANCE_ATTRIBUTES: list[tuple[Any, str]] = [
    (Connection.connection_made, "self.transport"),
    (Connection.__init__, "self.loop"),
    (Connection.__init__, "self.protocol"),
    (ServerConnection.handshake, "self.protocol.handshake_exc"),
    (Protocol.__init__, "self.handshake_exc"),
    (Protocol.__init__, "self.close_rcvd"),
    (Protocol.__init__, "self.parser"),
    (Protocol.__init__, "self.parser_exc"),
    (Protocol.__init__, "self.reader"),
    (StreamReader.__init__, "self.buffer"),
    (Connection.connection_made, "self.recv_messages"),
    (Assembler.__init__, "self.frames"),
    (Assembler.__init__, "self.resume"),
    (Assembler.__init__, "self.paused"),
    (Connection.__init__, "self.paused"),
    (Protocol.__init__, "self.state"),
    (connect.__init__, "self.uri"),
    (connect.__init__, "create_connection"),
    (serve, "create_connection"),
]


@pytest.mark.parametrize(("function", "attribute"), INSTANCE_ATTRIBUTES)
def test_each_private_attribute_is_still_set(function: Any, attribute: str) -> None:
    """The library's own code sets each attribute that is read here."""
    assert attribute in inspect.getsource(function), f"{ADVICE} ({attribute} in {function.__name__})"


def test_the_connector_for_proxies_finds_all_it_uses_of_a_connection() -> None:
    """The library's connector is given a connection of ours, which is none of the library's own."""
    used = set(re.findall(r"\bconnection\.(\w+)", inspect.getsource(connect)))
    ours = {*dir(WebSocketProtocol), *WebSocketProtocol.__annotations__, *ProtocolDriver.__annotations__}
    managed = {"__aenter__", "__aexit__"}  # of a connection that is the context of a block
    assert {"handshake", "start_keepalive", "transport"} <= used, ADVICE
    assert used - ours - managed == set(), ADVICE


def test_other_private_parts_are_still_there() -> None:
    """Methods and fields that are called or read, and not overridden."""
    parts: list[tuple[Any, str]] = [
        (ServerConnection, "respond"),
        (ServerConnection, "drain"),
        (Protocol, "close_exc"),
        (ServerConnection, "request"),
        (ServerConnection, "wait_closed"),
        (ClientProtocol, "close_expected"),
        (ServerProtocol, "reject"),
        (Server, "close_task"),
        (Assembler, "maybe_resume"),
    ]
    for cls, name in parts:
        known = hasattr(cls, name) or f"self.{name}" in inspect.getsource(cls)
        assert known, f"{ADVICE} ({cls.__name__}.{name})"
    assert "opcode" in Frame.__dataclass_fields__, ADVICE
    # Of asyncio: a transport without it reads more at once.
    assert hasattr(asyncio.selector_events._SelectorSocketTransport, "max_size")  # type: ignore[attr-defined]
