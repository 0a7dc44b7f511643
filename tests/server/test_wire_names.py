"""The log and the figures call a wire by its name in the registry, also where two wires share a path."""

import logging
from collections.abc import Callable

import pytest
from websockets.sync.client import ClientConnection, connect

from asrcli.core.events import Event, Final, Ready
from asrcli.core.interfaces import ClientCodec
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.registry import OMNI, OPENAI, TRANSLATION, WIRES
from asrcli.recognizers.scripted import Scripted
from asrcli.server.local_server import in_background
from tests.support.wire import PATIENCE_S, wait_until

SERVED = [row.name for row in WIRES.values() if row.served]
MODELS = {OMNI: "qwen3-omni-flash-realtime", OPENAI: "gpt-4o-transcribe", TRANSLATION: "gummy-realtime-v1"}


def send(socket: ClientConnection, messages: list[Message]) -> None:
    """Send what a codec has made."""
    for message in messages:
        assert isinstance(message, Text | Binary)
        socket.send(message.data)


def hear(socket: ClientConnection, codec: ClientCodec, kind: type[Event]) -> None:
    """Read up to the first event of this kind."""
    found: list[Event] = codec.started()
    while not any(isinstance(event, kind) for event in found):
        data = socket.recv(PATIENCE_S)
        found = codec.receive(Text(data) if isinstance(data, str) else Binary(data))
        send(socket, codec.pending_messages())


def counting() -> Callable[[], str]:
    """Ids."""
    numbers = iter(range(1000))
    return lambda: f"{next(numbers):032x}"


@pytest.mark.parametrize("name", SERVED)
def test_a_task_is_logged_under_the_name_of_its_wire(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A new row of the registry needs nothing here."""
    caplog.set_level(logging.INFO, "asrcli.server")
    row = WIRES[name]
    rate = (*row.rates, 16000)[0]
    with in_background(Scripted()) as address:
        codec = row.client_codec(RecognitionSettings(MODELS.get(name, row.default_model), rate), counting())
        with connect(codec.url(address), proxy=None, compression=None) as socket:
            send(socket, codec.start())
            hear(socket, codec, Ready)
            send(socket, codec.audio(bytes(2 * rate)))
            hear(socket, codec, Final)
        wait_until(lambda: f" wire={name} model=" in caplog.text)
