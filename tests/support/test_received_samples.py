"""The record of what a server received: it must distinguish once from twice."""

import asyncio
from collections.abc import Iterable

from asrcli.core.client_commands import SendAudio
from asrcli.core.settings import RecognitionSettings
from tests.support.counted import counted
from tests.support.received_samples import SampleRecorder, most

WHOLE = 1600


def tallied(*tasks: Iterable[bytes]) -> SampleRecorder:
    """Return a recognizer whose tasks have received these pieces."""
    recognizer = SampleRecorder()

    async def send() -> None:
        for pieces in tasks:
            stream = await recognizer.open(RecognitionSettings("m"))
            for piece in pieces:
                await stream.send(SendAudio(piece))

    asyncio.run(send())
    return recognizer


def test_each_sample_is_counted_as_often_as_it_was_sent() -> None:
    """Also where a task begins or ends in the middle of silence."""
    silent = range(4, 8)
    pcm = counted(12, silent=silent)
    tally = tallied([pcm[: 2 * 6 * WHOLE]], [pcm[2 * 5 * WHOLE :]], [pcm[2 * WHOLE : 2 * 3 * WHOLE]])
    assert tally.heard == (6 + 7 + 2) * WHOLE
    assert tally.spans == [(0, 6 * WHOLE), (5 * WHOLE, 12 * WHOLE), (WHOLE, 3 * WHOLE)]
    assert most(tally.spans) == 2
    assert most([*tally.spans, (2 * WHOLE + 7, 2 * WHOLE + 8)]) == 3
    assert most([(0, 5), (5, 9)]) == 1
    assert most([]) == 0


def test_a_task_of_nothing_but_silence_counts_as_heard() -> None:
    """Where it belongs is not known, and it is in no stretch."""
    tally = tallied([bytes(3200)])
    assert (tally.heard, tally.spans) == (WHOLE, [])
    assert tallied([counted(2) + bytes(3200)], [bytes(3200), counted(2)]).spans == [(0, 3 * WHOLE), (0, 2 * WHOLE)]
