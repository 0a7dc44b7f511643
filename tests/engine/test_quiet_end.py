"""A service whose wire has no message for the end of a task: a pause is its end, unless the service may be dead."""

import json
import time
from threading import Event as Signal

from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.events import Final, Gap
from asrcli.core.message import Binary, Text
from asrcli.core.settings import RecognitionSettings, RetrySettings
from asrcli.engine.session import TranscriptionSession
from asrcli.protocol.funasr.codec import FunAsrClient
from tests.support.fast_thread import fast_thread
from tests.support.handshake import PATIENCE_S, Service, Tone, Wire
from tests.support.live_session import listening

CHUNKS = 40
SENTENCE = 10  # chunks: a second
SENTENCES = CHUNKS // SENTENCE


class Impatient(FunAsrClient):
    """The client of a wire without an end, which waits for a short pause."""

    quiet_end_s = 0.1


class Server:
    """A server that ends this many sentences of a second each, perhaps opens one more, and then says nothing.

    It `answers` the request for the rest of the text: with an empty text.
    """

    def __init__(self, sentences: int, *, opened: bool = False, answers: bool = False) -> None:
        self._sentences, self._opened, self._answers = sentences, opened, answers
        self.told_all = Signal()
        self.served = 0  # connections whose audio it has heard to the end

    def __call__(self, service: Service, wire: Wire) -> None:
        """Serve one connection."""
        del service
        heard, told = 0, 0
        while True:
            message = wire.read()
            if isinstance(message, Text) and not json.loads(message.data)["is_speaking"]:
                break
            if isinstance(message, Binary):
                heard += len(message.data)
            while told < self._sentences and heard >= (told + 1) * SENTENCE * 3200:
                told += 1
                self._say(wire, "2pass-offline", f"sentence {told} of this")
            if told == self._sentences and heard and not self.told_all.is_set():
                if self._opened:
                    self._say(wire, "2pass-online", "and then")
                self.told_all.set()
        if self._answers:
            self._say(wire, "2pass-offline", "")
        self.served += 1

    def _say(self, wire: Wire, mode: str, said: str) -> None:
        wire.say(Text(json.dumps({"mode": mode, "text": said, "timestamp": [[0, SENTENCE * 100]]})))


def transcribed(first: Server, *others: Server, limit: int = 3) -> tuple[TranscriptionSession, list[Final], list[Gap]]:
    """A session over these servers, its finals and its gaps; its audio ends when the first one has told all."""

    def gate(number: int) -> None:
        if number == CHUNKS - 1:
            assert first.told_all.wait(PATIENCE_S)

    codecs: list[Impatient] = []

    def make_codec() -> Impatient:
        codecs.append(Impatient(RecognitionSettings("m"), lambda: "id"))
        return codecs[-1]

    def busy() -> bool:
        return len(codecs) > sum(server.served for server in {first, *others})

    asked = listening(
        Tone(CHUNKS, gate=gate),
        first,
        *others,
        make_codec=make_codec,
        clock=time.monotonic,
        shared=fast_thread(1, busy),
        retries=RetrySettings(limit=limit, wait_s=0.0, catch_up=None),
    )
    events = list(asked.events())
    finals = [event for event in events if isinstance(event, Final)]
    return asked, finals, [event for event in events if isinstance(event, Gap)]


def texts(sentences: int) -> list[str]:
    """What a server says of this many sentences."""
    return [f"sentence {number + 1} of this" for number in range(sentences)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, SENTENCES - 1), st.booleans())
def test_sound_that_a_dead_service_has_not_heard_gets_its_text_from_the_next(told: int, opened: bool) -> None:
    """It dies after some sentences, or within one: the connection is made again, and nothing is lost."""
    rest = SENTENCES - told
    asked, finals, gaps = transcribed(Server(told, opened=opened and told > 0), Server(rest, answers=True))
    assert [final.text for final in finals] == [*texts(told), *texts(rest)]
    assert (asked.result.error, gaps, asked.result.totals.lost_ms) == (None, [], 0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, SENTENCES - 1), st.booleans(), st.sampled_from([0, 3]))
def test_sound_that_is_never_answered_is_a_gap(told: int, opened: bool, limit: int) -> None:
    """The run ends in order, and says what has no text; the last text of a sentence that was left open is kept."""
    opened = opened and told > 0
    asked, finals, gaps = transcribed(Server(told, opened=opened), *[Server(0)] * limit, limit=limit)
    assert [final.text for final in finals if final.text != "and then"] == texts(told)
    assert asked.result.error is None
    spans = [*((each.begin_ms, each.end_ms) for each in finals), *((each.begin_ms, each.end_ms) for each in gaps)]
    covered_ms = sum(end_ms - begin_ms for begin_ms, end_ms in spans)
    assert (covered_ms, asked.result.totals.silence_ms) == (CHUNKS * 100, 0)
    assert asked.result.figures.reconnects == min(1, limit)


def test_sound_after_the_text_of_a_service_that_answers_is_not_sent_again() -> None:
    """An answer to the request for the rest says that all was heard: nothing is sent again."""
    asked, finals, gaps = transcribed(Server(2, answers=True))
    assert (len(finals), gaps, asked.result.figures.reconnects) == (2, [], 0)
    assert asked.result.totals.silence_ms == (CHUNKS - 2 * SENTENCE) * 100


def test_a_service_that_makes_no_finals_at_all_is_not_dead() -> None:
    """The open sentence is all that it ever says, and its last text is the final."""

    class Online(Server):
        """It has no second pass."""

        def _say(self, wire: Wire, mode: str, said: str) -> None:
            del mode
            super()._say(wire, "2pass-online", said or "what")

    asked, finals, gaps = transcribed(Online(0, opened=True, answers=True))
    assert ([final.text for final in finals], gaps) == (["and thenwhat"], [])
    assert (asked.result.error, asked.result.figures.reconnects) == (None, 0)
