"""A client codec and a server codec joined in memory: what one end writes, the other reads."""

from collections.abc import Callable, Sequence
from itertools import count

from asrcli.core.client_commands import Command
from asrcli.core.events import Event
from asrcli.core.interfaces import ClientCodec, ServerCodec
from asrcli.core.message import Message
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.protocol.realtime.server_codec import RealtimeServer

MODELS = {"inference": "fun-asr-realtime", "realtime": "qwen3-asr-flash-realtime"}


def counting(prefix: str = "") -> Callable[[], str]:
    """Return a function whose ids count: the prefix with 1, 2, 3."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers)}"


class Pair:
    """Both ends of one connection."""

    def __init__(self, client: ClientCodec, server: ServerCodec) -> None:
        self.client, self.server = client, server
        self.greeted = self.handle(server.greet())

    def ask(self, messages: Sequence[Message]) -> list[Command]:
        """Return the commands that the server reads from the messages of the client, and acknowledge them."""
        requests = [request for message in messages for request in self.server.receive(message)]
        for request in requests:
            self.handle(self.server.acknowledge(request))
        return requests

    def tell(self, *events: Event) -> list[Event]:
        """Return the events that the client reads from those of the server."""
        return [heard for event in events for heard in self.handle(self.server.encode(event))]

    def handle(self, messages: Sequence[Message]) -> list[Event]:
        """Return the events that the client reads from the server's messages."""
        return [event for message in messages for event in self.client.receive(message)]


def on_inference(recognition: RecognitionSettings | None = None) -> Pair:
    """Return both ends of the inference wire."""
    asked = recognition or RecognitionSettings(MODELS["inference"])
    return Pair(InferenceClient(asked, counting("task-")), InferenceServer(counting()))


def on_realtime(recognition: RecognitionSettings | None = None) -> Pair:
    """Return both ends of the realtime wire, in the mode that the recognition asks for."""
    asked = recognition or RecognitionSettings(MODELS["realtime"])
    return Pair(RealtimeClient(asked, counting("c")), RealtimeServer(counting("s"), asked.model))
