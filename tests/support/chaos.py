"""A run through a server that commits faults, its transcript held against what was sent. In one process, for speed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from asrcli.audio import Chunk, Format, recut
from asrcli.config import Connection, Recognition, Retries
from asrcli.errors import AsrError
from asrcli.events import Ended, Event, Reconnecting
from asrcli.protocol import inference, realtime
from asrcli.run import Plan, Run
from asrcli.seams import ClientCodec, Live, Source
from asrcli.server.app import in_background
from asrcli.server.connection import new_id
from asrcli.server.faults import Faults
from asrcli.server.patience import Limits
from asrcli.server.recognizers.counting import Counting
from asrcli.transport.websocket import dial
from tests.support.counted import counted, covered
from tests.support.listener import Listener

RATE = Format(16000)
WIRES = ("inference", "realtime", "manual")
COMMIT_EVERY = 7  # chunks, in manual mode


class Spoken:
    """A source of counted audio, at a pace of its own; in manual mode it says where utterances end."""

    name, audio_format, speaker, begin_ms, realtime = "counted", "pcm", "", 0, False
    format = RATE
    live: Live | None = None

    def __init__(self, chunks: int, *, manual: bool) -> None:
        self._chunks, self._manual = chunks, manual
        self.duration_ms = chunks * 100

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All of it."""
        for number, chunk in enumerate(recut([counted(self._chunks)], RATE.samples(100), start), 1):
            yield replace(chunk, cut_after=self._manual and number % COMMIT_EVERY == 0)


@dataclass(frozen=True)
class Outcome:
    """What came of a run: what is wrong with its transcript, and what it cost."""

    problems: list[str]
    error: AsrError | None
    ended: Ended | None
    attempts: int
    took_s: float

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice, and the end is a good one."""
        return not self.problems and self.error is None and self.ended is not None and self.ended.lost_ms == 0


def ordeal(wire: str, faults: Faults, chunks: int, *, pace: float | None = None, stall_s: float = 1.0) -> Outcome:
    """One run on a wire through these faults."""
    manual = wire == "manual"
    asked = Recognition("m", heartbeat=True if wire == "inference" else None, vad=not manual)

    def codec(source: Source) -> ClientCodec:
        del source
        return inference.Client(asked, new_id) if wire == "inference" else realtime.Client(asked, new_id)

    listener, began = Listener(), time.monotonic()
    error: AsrError | None = None
    with in_background(Counting(), Limits(), faults) as address:
        connection = Connection(
            address,
            connect_timeout_s=5.0,
            idle_timeout_s=stall_s,
            stall_timeout_s=stall_s,
            keepalive_s=stall_s / 2,
        )
        plan = Plan("m", codec, dial, connection, pace, Retries(limit=20, wait_s=0.01, catch_up=None))
        try:
            Run(plan, [listener]).transcribe([Spoken(chunks, manual=manual)])
        except AsrError as exc:
            error = exc
    ended = next((event for event in listener.events if isinstance(event, Ended)), None)
    attempts = len(listener.of(Reconnecting))
    return Outcome(covered(listener.events, chunks), error, ended, attempts, time.monotonic() - began)
