"""A service that ends the task of a live session by itself while somebody speaks, as at the limit of a session."""

from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.client_commands import SendAudio
from asrcli.core.events import Final, Finished, Gap, Partial
from tests.support.handshake import Service, Wire
from tests.support.live_session import READY, LiveSource, audio, listening


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 10), st.booleans())
def test_the_next_task_begins_after_the_last_text(told: int, more: int, opened: bool) -> None:
    """In a sentence or between two, without a pause: each sample is in one final."""
    talk = LiveSource()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, told + more)
        service.tell(Partial("1", 0, "", "a"), Final("1", 0, told * 100, "one two"))
        if opened:
            service.tell(Partial("2", told * 100, "", "three"))
        service.tell(Finished())
        if opened:  # the sentence is spoken: the next task begins at once, on the same connection
            second(service, wire)

    def second(service: Service, wire: Wire) -> None:
        del wire
        service.asked()
        service.tell(READY)
        sent = [request for request in service.until_finish() if isinstance(request, SendAudio)]
        end_ms = sum(len(request.data) for request in sent) // 32
        service.tell(Partial("1", 0, "", "t"), Final("1", 0, end_ms, "three four"), Finished())

    talk.say(told + more)
    asked, spans = listening(talk, first, second), []
    for event in asked.events():
        assert not isinstance(event, Gap)
        if isinstance(event, Final):
            spans.append((event.begin_ms, event.end_ms))
        if isinstance(event, Finished) and len(spans) == 1:
            talk.say(5)
            talk.end()
    end_ms = (told + more + 5) * 100
    assert spans == [(0, told * 100), (told * 100, end_ms)]
    assert (asked.result.error, asked.result.totals.final_ms) == (None, end_ms)
