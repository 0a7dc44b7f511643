"""The user ends a file: it ends in the next pause, so that no word is cut in two where the run is resumed."""

import time
from collections.abc import Iterator
from threading import Thread

from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.core.client_commands import SendAudio
from asrcli.core.events import Event, Final, Finished
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.engine.session import TranscriptionSession
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.recovery.resume_point import PAUSE_MS, STEP_MS, until_pause
from asrcli.transport.io_thread import io_thread
from tests.support.handshake import RATE, Service, Tone, Wire
from tests.support.live_session import READY

LOUD, QUIET = bytes([0, 40]), bytes([50, 0])
MS = RATE.rate // 1000  # samples


class Words(Tone):
    """A file of words, each with a pause after it; lengths in ms."""

    def __init__(self, words: list[tuple[int, int]]) -> None:
        self._pcm = b"".join(LOUD * (MS * loud) + QUIET * (MS * quiet) for loud, quiet in words)
        super().__init__(len(self._pcm) // 3200)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks of 100 ms."""
        for at in range(0, len(self._pcm) - 3199, 3200):
            yield Chunk(start + at // 2, self._pcm[at : at + 3200])


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(5, 60).map(lambda n: n * 10), st.integers(25, 60).map(lambda n: n * 10)),
        min_size=8,
        max_size=12,
    ),
    st.integers(1, 8),
)
def test_a_file_that_is_ended_ends_in_a_pause(words: list[tuple[int, int]], after: int) -> None:
    """What is sent up to there has its text, and the next run begins after it."""
    sent: list[int] = []
    wire = Wire()

    def serve() -> None:
        service = Service(wire)
        service.asked()
        service.tell(READY)
        for number in range(after):
            request = service.asked()
            assert isinstance(request, SendAudio), number
            sent.append(len(request.data) // 2)
        asked.end_input()
        for request in service.until_finish():
            if isinstance(request, SendAudio):
                sent.append(len(request.data) // 2)
        service.tell(Final("1", 0, sum(sent) // MS, "words"), Finished())

    def dial(url: str, connection: ConnectionSettings) -> Wire:
        del url, connection
        Thread(target=serve, daemon=True).start()
        return wire

    asked = TranscriptionSession(
        Words(words),
        0,
        make_codec=lambda: InferenceClient(RecognitionSettings("m"), lambda: "task"),
        dial=dial,
        connection=ConnectionSettings("ws://test"),
        pace=4.0,
        clock=time.monotonic,
        shared=io_thread,
    )
    list(asked.events())
    end_ms, at_ms = sum(sent) // MS, 0
    for loud, quiet in words:
        if end_ms <= at_ms + loud + quiet:
            assert at_ms + loud < end_ms, "in the middle of a word"
            break
        at_ms += loud + quiet
    assert asked.result.error is None
    assert asked.result.totals.lost_ms == 0


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 70))
def test_the_audio_up_to_a_pause_is_a_beginning_that_ends_in_it(steps: list[int], size: int) -> None:
    """Loud and quiet in turns, in chunks of any size; without a pause in reach nothing is kept."""
    pcm = b"".join((LOUD, QUIET)[number % 2] * (MS * STEP_MS * step) for number, step in enumerate(steps))
    chunk_bytes = 2 * size * STEP_MS * MS
    chunks = [Chunk(at // 2, pcm[at : at + chunk_bytes]) for at in range(0, len(pcm), chunk_bytes)]
    kept = until_pause(chunks, RATE)
    whole = b"".join(chunk.pcm for chunk in kept)
    assert pcm.startswith(whole)
    pause = QUIET * (MS * PAUSE_MS)
    if kept:
        assert whole.endswith(pause)
        assert pause not in whole[: -2 * MS * STEP_MS]
    reach = b"".join(chunk.pcm for chunk in chunks if chunk.end <= 2000 * MS)
    assert bool(kept) == (pause in reach)


def test_bytes_that_are_no_pcm_have_no_pause() -> None:
    """They cannot be cut."""
    assert until_pause([Chunk(0, b"OggS", length=1600)], Format(16000)) == []
    assert until_pause([], Format(16000)) == []
