"""The server side of the inference wire on a real socket; the test decides what it sends."""

from typing import Any

from websockets.sync.server import ServerConnection

from asrcli.core.client_commands import StartTask
from asrcli.core.events import Final, Partial, Ready
from asrcli.core.message import Binary, Text
from asrcli.protocol.inference.server_codec import InferenceServer

PATIENCE_S = 60  # a hung test fails; a passing one never waits for it


class InferenceSocket:
    """The server end of the inference wire on a real socket."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection, self._codec = connection, InferenceServer(lambda: "id")

    def handle(self, kind: type[Any]) -> None:
        """Wait for a command of this kind."""
        heard: list[Any] = []
        while not any(isinstance(request, kind) for request in heard):
            data = self._connection.recv(PATIENCE_S)
            heard = self._codec.receive(Text(data) if isinstance(data, str) else Binary(data))

    def hear_audio(self, samples: int) -> None:
        """Wait until this many samples have come."""
        while samples > 0:
            data = self._connection.recv(PATIENCE_S)
            samples -= len(data) // 2 if isinstance(data, bytes) else 0

    def say(self, *events: Any) -> None:
        """Send these events."""
        for event in events:
            for message in self._codec.encode(event):
                assert isinstance(message, Text)
                self._connection.send(message.data)

    def fail(self, code: str, words: str) -> None:
        """Send task-failed."""
        (failed,) = self._codec.fail(code, words)
        assert isinstance(failed, Text)
        self._connection.send(failed.data)


def begun(connection: ServerConnection) -> InferenceSocket:
    """Start a task and send one final."""
    speaking = InferenceSocket(connection)
    speaking.handle(StartTask)
    speaking.say(Ready(""))
    speaking.hear_audio(8000)
    speaking.say(Final("1", 0, 500, "one"), Partial("2", 500, "", "tw"))
    return speaking
