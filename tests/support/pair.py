"""A client codec and a server codec joined in memory: what one end writes, the other reads."""

from collections.abc import Callable, Sequence
from itertools import count

from asrcli.config import Recognition
from asrcli.events import Event
from asrcli.message import Message
from asrcli.protocol import inference, realtime
from asrcli.request import Request
from asrcli.seams import ClientCodec, ServerCodec

MODELS = {"inference": "fun-asr-realtime", "realtime": "qwen3-asr-flash-realtime"}


def counting(prefix: str = "") -> Callable[[], str]:
    """Ids that can be foretold: 1, 2, 3 behind the prefix."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers)}"


class Pair:
    """Both ends of one connection."""

    def __init__(self, client: ClientCodec, server: ServerCodec) -> None:
        self.client, self.server = client, server
        self.greeted = self.hear(server.greet())

    def ask(self, messages: Sequence[Message]) -> list[Request]:
        """What the server understands of the client's messages; its acknowledgements go back at once."""
        requests = [request for message in messages for request in self.server.receive(message)]
        for request in requests:
            self.hear(self.server.acknowledge(request))
        return requests

    def tell(self, *events: Event) -> list[Event]:
        """What the client understands of the server's events."""
        return [heard for event in events for heard in self.hear(self.server.encode(event))]

    def hear(self, messages: Sequence[Message]) -> list[Event]:
        """What the client understands of the server's messages."""
        return [event for message in messages for event in self.client.receive(message)]


def on_inference(recognition: Recognition | None = None) -> Pair:
    """The inference wire."""
    asked = recognition or Recognition(MODELS["inference"])
    return Pair(inference.Client(asked, counting("task-")), inference.Server(counting()))


def on_realtime(recognition: Recognition | None = None) -> Pair:
    """The realtime wire, in the mode the recognition asks for."""
    asked = recognition or Recognition(MODELS["realtime"])
    return Pair(realtime.Client(asked, counting("c")), realtime.Server(counting("s"), asked.model))
