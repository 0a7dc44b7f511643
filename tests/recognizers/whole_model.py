"""The clip of this project as audio, and the events of a session over it."""

from collections.abc import Sequence

from asrcli.core.client_commands import Command, FinishTask
from asrcli.core.events import Event
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.whole_sentences import WholeSentenceSession

SECOND = 32_000  # bytes


def events_of(
    session: WholeSentenceSession, pcm: bytes, commands: Sequence[Command] = (), piece: int = 3200
) -> list[Event]:
    """What a session says to audio in pieces and then to commands."""
    events = [event for at in range(0, len(pcm), piece) for event in session.feed(pcm[at : at + piece])]
    return events + [event for each in (*commands, FinishTask()) for event in run_command(session, each)][:-1]
