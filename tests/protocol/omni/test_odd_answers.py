"""Answers of an Omni service that nobody asked for, that come under an old name, or that are refused on the way."""

import pytest

from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.discarded_messages import DiscardedMessages
from asrcli.protocol.omni.turns import OmniTurns
from asrcli.protocol.service_errors import read_service_error
from tests.support.omni import ITEM, MANUAL, SECOND, SIDE, VAD, Service

ERROR = {"type": "invalid_request_error", "code": "no", "message": "answer"}


def asking(*, named: bool) -> tuple[Service, dict[str, str]]:
    """A service that was asked for an answer, and the error that refuses it."""
    service = Service(MANUAL, seconds=0)
    service.codec.audio(SECOND)
    service.codec.commit()
    if named:
        service.tell("input_audio_buffer.committed", item_id="i1")
    return service, {**ERROR, "event_id": "event_c3"}


def test_an_answer_that_is_refused_is_a_gap_where_its_turn_was_announced() -> None:
    """With the reason, once, and the next question may be asked."""
    service, error = asking(named=True)
    (_, gap) = service.tell("error", error=error)
    assert gap == Gap(0, 1000, "the service has not answered this: no: answer")
    assert not service.codec.must_wait
    assert service.tell("session.finished") == [Finished()]


def test_an_answer_that_has_begun_is_not_taken_back_by_an_objection() -> None:
    """It reports its own end."""
    service, error = asking(named=True)
    service.tell("response.created", response={"id": "r1"})
    service.tell("response.text.delta", response_id="r1", delta="on")
    assert [type(event) for event in service.tell("error", error=error)] == [Notice]
    assert service.answer("r1", "one") == [Final("i1", 0, 1000, "one")]


def test_another_text_under_the_name_of_an_answer_that_is_over_is_another_answer() -> None:
    """Also where nobody announced what it answers."""
    service = Service(VAD)
    service.turn("i1", 100, 900)
    assert service.answer("r1", "one") == [Final("i1", 100, 900, "one")]
    (other,) = service.tell("response.done", response={"id": "r1", "output": [{"content": [{"text": "two"}]}]})
    assert isinstance(other, Final)
    assert (other.text, other.begin_ms >= 900) == ("two", True)


def test_an_answer_that_was_guessed_goes_to_what_is_announced_meanwhile() -> None:
    """After an earlier turn that is still being answered, which is then cut short."""
    service = Service(VAD)
    service.tell("response.created", response={"id": "r1"})
    assert service.tell("response.text.delta", response_id="r1", delta="one") == []
    service.turn("i1", 100, 900)
    (final,) = service.answer("r1", "one")
    assert final == Final("i1", 100, 900, "one")
    assert not any(isinstance(event, Partial | Gap) for event in service.tell("session.finished"))


def test_a_refusal_of_what_was_not_announced_is_the_gap_of_the_oldest_commit() -> None:
    """The audio has no turn yet, but its place is known."""
    turns = OmniTurns(DiscardedMessages(), side=False)
    turns.expect(0, 1000, "event_1")
    error = read_service_error({"error": {"type": "invalid_request_error", "code": "no", "message": "later"}})
    (gap,) = turns.refuse(error, 1000)
    assert isinstance(gap, Gap)
    assert (gap.begin_ms, gap.end_ms) == (0, 1000)
    assert turns.refuse(error, 1000) == []


def test_what_says_nothing_shows_nothing() -> None:
    """A side transcript without text, an empty end of an answer that is known, and a piece after the end of all."""
    service = Service(SIDE, seconds=1)
    assert service.tell(f"{ITEM}delta", item_id="i1", text="", stash="") == []
    service = Service(seconds=2)
    service.tell("response.created", response={"id": "r1"})
    service.tell("response.created", response={"id": "r2"})
    assert service.answer("r1", "one") == [Final("i1", 0, 1000, "one")]
    assert service.tell("response.done", response={"id": "r1", "output": []}) == []
    service.tell("session.finished")
    assert service.tell("response.text.delta", response_id="r2", delta="late") == []


@pytest.mark.parametrize("recognition", [MANUAL, VAD, SIDE], ids=["manual", "vad", "with a side transcript"])
@pytest.mark.parametrize("ended", [False, True])
def test_an_answer_whose_text_is_whole_is_kept_where_its_end_never_comes(
    recognition: RecognitionSettings, ended: bool
) -> None:
    """The connection is lost before response.done, or the session ends without it. A part of a text is not kept."""
    service = Service(recognition, seconds=2)
    for number in (1, 2):
        service.tell("response.created", response={"id": f"r{number}"})
        for place, words in enumerate(("one", " two")):
            here = {"response_id": f"r{number}", "output_index": 0, "content_index": place}
            service.tell("response.text.delta", **here, delta=words)
            if number == 1 or place == 0:
                service.tell("response.text.done", **here, text=words)
    if ended:
        events = service.tell("session.finished")
    else:
        waiting = service.codec.held_back(incomplete=False)
        assert (waiting == []) is bool(recognition.side_transcript)
        events = waiting + service.codec.held_back(incomplete=True)
    finals = [event.text for event in events if isinstance(event, Final)]
    notices = [event for event in events if isinstance(event, Notice)]
    assert (finals, len(notices)) == (["one two", "one two"] if ended else ["one two"], int(ended))
    assert service.codec.held_back(incomplete=True) == []


@pytest.mark.parametrize("begun", [{}, {"response": None}, {"response": {"id": ""}}, {"response": {"id": "another"}}])
@pytest.mark.parametrize("recognition", [MANUAL, VAD], ids=["manual", "vad"])
def test_an_answer_that_begins_without_its_id_or_under_another_one_answers_the_same_turn(
    recognition: RecognitionSettings, begun: dict[str, object]
) -> None:
    """Its text has the place of the turn, which is no gap."""
    service = Service(recognition, seconds=2)
    if recognition is VAD:
        service.turn("i1", 0, 1000)
        service.turn("i2", 1000, 2000)
    finals = list[Event]()
    for number, said in ((1, "one"), (2, "two")):
        service.tell("response.created", **begun)
        service.tell("response.text.delta", response_id=f"r{number}", delta=said)
        finals += service.tell("response.done", response={"id": f"r{number}", "status": "completed"})
    assert [event for event in finals if not isinstance(event, Partial)] == [
        Final("i1", 0, 1000, "one"),
        Final("i2", 1000, 2000, "two"),
    ]
    assert not any(isinstance(event, Gap) for event in service.tell("session.finished"))


def test_an_empty_answer_is_whole_where_its_end_never_comes() -> None:
    """Nobody spoke: where the turn had no answer, a lost connection would bring it again, until the run gives up."""
    service = Service(MANUAL, seconds=1)
    service.tell("response.created", response={"id": "r1"})
    assert service.codec.held_back(incomplete=False) == []
    service.tell("response.text.done", response_id="r1", output_index=0, content_index=0, text="")
    (final,) = service.codec.held_back(incomplete=False)
    assert isinstance(final, Final)
    assert (final.begin_ms, final.end_ms, final.text) == (0, 1000, "")
    assert service.codec.held_back(incomplete=True) == []
