"""An output that keeps its events, and the events of a run for any output."""

from asrcli.core.events import Event
from asrcli.core.interfaces import Output
from asrcli.core.transcript import Transcript, fold


class Listener:
    """An Output that keeps the events that it handles."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.transcript = Transcript()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Record the event."""
        self.events.append(event)
        self.transcript = transcript

    def close(self) -> None:
        """Do nothing."""

    def of(self, kind: type[Event]) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


def send_events(output: Output, events: list[Event]) -> None:
    """Pass these events to an output as a run does, and close it."""
    transcript = Transcript()
    for event in events:
        transcript = fold(transcript, event)
        output.handle(event, transcript)
    output.close()
