"""A service that ends a task before it has heard or said everything: what it left out is sent again, or comes late."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.events import Event, Final, Finished, Gap, Partial, Ready
from asrcli.core.message import Closed
from asrcli.core.settings import RecognitionSettings, RetrySettings
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.handshake import Service, Tone, Wire
from tests.support.live_session import Play, listening
from tests.support.pair import counting

CHUNKS = 40
ids = counting("task-")
AGAIN = RetrySettings(limit=5, wait_s=0)


def one_sentence() -> InferenceClient:
    """A task of a model whose tasks end after one sentence; the service that the test plays ends them itself."""
    client = InferenceClient(RecognitionSettings("fun-asr-realtime"), ids)
    client.one_sentence = True
    return client


def said(events: list[Event], kind: type[Final] | type[Gap]) -> list[tuple[int, int]]:
    """The spans of finals or gaps."""
    return [(event.begin_ms, event.end_ms) for event in events if isinstance(event, kind)]


def sentence(number: int, begin: int, end: int) -> tuple[Partial, Final]:
    """Chunks that are one sentence, open and then final."""
    key, text = str(number), " ".join(map(str, range(begin, end)))
    return Partial(key, begin * 100, "", text[:1]), Final(key, begin * 100, end * 100, text)


def ending_early(lengths: list[int]) -> Play:
    """A service that ends each task after this many chunks of its audio, whatever it was sent; then hears all."""

    def serve(service: Service, wire: Wire) -> None:
        del wire
        for length in [*lengths, CHUNKS]:
            service.asked()
            service.tell(Ready(""))
            chunks = sum(isinstance(request, SendAudio) for request in service.until_finish())
            service.tell(*sentence(1, 0, min(length, chunks)), Finished())

    return serve


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(3, 12), max_size=4))
def test_what_an_early_end_leaves_out_is_sent_again(lengths: list[int]) -> None:
    """At full pace, where all audio is sent before the service ends its task: each sample is in one final."""
    asked = listening(Tone(CHUNKS), ending_early(lengths), make_codec=one_sentence, retries=AGAIN)
    finals, at_ms = said(list(asked.events()), Final), 0
    for begin_ms, end_ms in finals:
        assert begin_ms == at_ms
        at_ms = end_ms
    assert at_ms == CHUNKS * 100
    assert (asked.result.error, asked.result.totals.final_ms) == (None, CHUNKS * 100)


def test_a_task_without_text_is_the_last_one() -> None:
    """Sound after the last words is sent again once: noise has no text the second time either."""

    def noise(service: Service, wire: Wire) -> None:
        del wire
        task: tuple[Event, ...]
        for task in (sentence(1, 0, 5), (), sentence(1, 0, 5)):
            service.asked()
            service.tell(Ready(""))
            service.until_finish()
            service.tell(*task, Finished())

    asked = listening(Tone(CHUNKS), noise, make_codec=one_sentence, retries=AGAIN)
    assert said(list(asked.events()), Final) == [(0, 500)]
    assert (asked.result.totals.silence_ms, asked.result.figures.resent_ms) == (3500, 3500)


def test_sound_after_the_last_words_of_other_models_is_sent_once() -> None:
    """It is music or noise; a service that says the same of each task is not asked twice."""

    def short(service: Service, wire: Wire) -> None:
        del wire
        for _ in range(5):
            service.asked()
            service.tell(Ready(""))
            service.until_finish()
            service.tell(*sentence(1, 0, 5), Partial("2", 600, "", "it"), Finished())

    asked = listening(Tone(CHUNKS), short, retries=AGAIN)
    texts = [event.text for event in asked.events() if isinstance(event, Final)]
    assert (texts, asked.result.figures.resent_ms, asked.result.error) == (["0 1 2 3 4", "it"], 0, None)


def test_places_that_cannot_be_true_show_no_early_end() -> None:
    """All sentences in one place, or times in seconds: the audio has its text, and is not sent again."""
    for spans in ([(0, 500)] * 3, [(0, 300), (300, 301), (301, 303)]):

        def serve(service: Service, wire: Wire, told: list[tuple[int, int]] = spans) -> None:
            del wire
            service.asked()
            service.tell(Ready(""))
            service.until_finish()
            for number, (span, text) in enumerate(zip(told, ("one", "two", "three"), strict=True)):
                service.tell(Partial(str(number), span[0], "", text), Final(str(number), *span, text))
            service.tell(Finished())

        asked = listening(Tone(CHUNKS), serve, make_codec=one_sentence, retries=AGAIN)
        assert len(said(list(asked.events()), Final)) == 3
        assert (asked.result.error, asked.result.figures.resent_ms) == (None, 0)


def ended_in_a_sentence(service: Service, wire: Wire) -> None:
    """A task that ends after the partial of a sentence whose end is known."""
    del wire
    service.asked()
    service.tell(Ready(""))
    service.until_finish()
    service.tell(sentence(1, 0, 36)[1], Partial("2", 3600, "", "36"), Finished())


def test_without_retries_what_was_left_out_is_a_gap() -> None:
    """The audio is not kept, and a task that ended in a sentence has not heard the rest."""
    asked = listening(Tone(60), ended_in_a_sentence, make_codec=one_sentence)
    events = list(asked.events())
    assert [event.text for event in events if isinstance(event, Final)][-1] == "36"
    (gap,) = [event for event in events if isinstance(event, Gap)]
    assert (gap.end_ms, "before it had heard" in gap.reason) == (6000, True)
    assert asked.result.totals.silence_ms == 0


SHOWN: list[Event] = [Partial("1", 0, "", "hello")]


def late(shown: list[Event], *rest: Event | Closed) -> Play:
    """A service that sends these events, the end of the task, and then the rest."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(Ready(""))
        while not isinstance(service.asked(), FinishTask):
            pass
        service.tell(*shown, Finished())
        for event in rest:
            wire.say(event) if isinstance(event, Closed) else service.tell(event)

    return serve


def test_text_after_the_end_of_its_task_counts() -> None:
    """With or without partials before; the whole sentence, once."""
    final = Final("1", 0, 400, "hello there")
    again = Finished()  # a service may say twice that a task is over
    for shown, times in product(([], SHOWN), range(3)):
        asked = listening(Tone(4), late(shown, *[again] * times, final), retries=AGAIN)
        events = list(asked.events())
        assert [event.text for event in events if isinstance(event, Final)] == ["hello there"]
        assert not said(events, Gap)
        assert (asked.result.error, asked.result.totals.final_ms) == (None, 400)


def test_a_sentence_that_stays_open_keeps_its_last_text() -> None:
    """After a moment, or at once where the connection ends or the service fails: the task was over."""
    for rest in ([], [Closed(1000)]):
        asked = listening(Tone(4), late(SHOWN, *rest), retries=AGAIN)
        assert [event.text for event in asked.events() if isinstance(event, Final)] == ["hello"]
        assert asked.result.error is None


def test_a_failure_after_the_end_of_a_task_is_ignored() -> None:
    """The text is kept, and nothing is sent again."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(Ready(""))
        service.until_finish()
        service.tell(*SHOWN, Finished())
        wire.say(*service.codec.fail("InternalError", "sorry"))

    asked = listening(Tone(4), serve, retries=AGAIN)
    assert [event.text for event in asked.events() if isinstance(event, Final)] == ["hello"]
    assert (asked.result.error, asked.result.figures.resent_ms) == (None, 0)
