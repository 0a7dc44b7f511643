"""What an Omni service may say in another order, not to its end, or not at all: no text is lost or in a wrong place."""

import pytest

from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial, Usage
from asrcli.core.settings import RecognitionSettings
from tests.support.omni import ITEM, MANUAL, OMNI, SECOND, SIDE, VAD, Service, kinds

UNANSWERED = "the service has not answered this"
UNWHOLE = "the service has not answered this to its end"


@pytest.mark.parametrize(
    ("status", "said", "details", "expected"),
    [
        ("completed", "one", {}, [Final("i1", 0, 1000, "one")]),
        ("completed", "", {}, [Final("i1", 0, 1000, "")]),
        ("", "one", {}, [Final("i1", 0, 1000, "one")]),
        ("failed", "", {"error": {"code": "busy", "message": "later"}}, [Gap(0, 1000, f"{UNANSWERED}: busy: later")]),
        ("failed", "on", {}, [Gap(0, 1000, UNANSWERED)]),
        ("incomplete", "on", {"reason": "max_tokens"}, [Notice("warning", f"{UNWHOLE}: max_tokens"),
            Final("i1", 0, 1000, "on")]),
        ("cancelled", "on", {}, [Notice("warning", UNWHOLE), Final("i1", 0, 1000, "on")]),
        ("cancelled", "", {}, [Gap(0, 1000, UNANSWERED)]),
    ],
)  # fmt: skip
def test_an_answer_ends_as_its_status_says(
    status: str, said: str, details: dict[str, object], expected: list[Event]
) -> None:
    """What fails is a gap with its reason, what is cut short is text with a warning; either way the next may come."""
    service = Service(seconds=1)
    assert service.codec.must_wait
    assert service.answer("r1", said, status, status_details=details) == expected
    assert not service.codec.must_wait
    assert kinds(service.codec.finish()) == ["finish"]


@pytest.mark.parametrize("kind", ["text", "audio_transcript"])
def test_the_text_is_the_pieces_where_the_end_does_not_repeat_it(kind: str) -> None:
    """Written or spoken; `done` corrects the pieces of its own part of the answer."""
    service, field = Service(seconds=1), "text" if kind == "text" else "transcript"
    service.tell("response.created", response={"id": "r1"})
    here = {"response_id": "r1", "output_index": 0, "content_index": 0}
    assert service.tell(f"response.{kind}.delta", **here, delta=" he") == [Partial("i1", 0, "", "he")]
    assert service.tell(f"response.{kind}.delta", **here, delta="l") == [Partial("i1", 0, "", "hel")]
    assert service.tell(f"response.{kind}.done", **here, **{field: "hello"}) == [Partial("i1", 0, "", "hello")]
    here["content_index"] = 1
    assert service.tell(f"response.{kind}.delta", **here, delta=" you\n") == [Partial("i1", 0, "", "hello you")]
    assert service.answer("r1") == [Final("i1", 0, 1000, "hello you")]
    assert service.tell(f"response.{kind}.delta", **here, delta="late") == []


@pytest.mark.parametrize("name", ["output_item.added", "content_part.added", "content_part.done", "audio.delta"])
def test_events_around_an_answer_say_nothing(name: str) -> None:
    """They are known, and no notice is made of them."""
    assert Service().tell(f"response.{name}", response_id="r1") == []
    assert Service().tell("response.improved") == [Notice("debug", "dropped an unknown event: response.improved")]


def test_an_answer_to_a_turn_that_nobody_announced_is_text_all_the_same() -> None:
    """It lies after what was answered before; without text it is nothing. Either way it is paid for."""
    service = Service(VAD)
    usage = {"input_tokens": 7, "output_tokens": 2}
    assert service.answer("r0", "", usage=usage) == [
        Notice("debug", "dropped an answer to nothing that was said here: r0")
    ]
    (final,) = service.answer("r1", "one", usage=usage)
    assert isinstance(final, Final)
    assert (final.begin_ms, final.end_ms, final.text) == (0, 3000, "one")
    service.tell("response.text.delta", response_id="r2", delta="two")  # before its turn is announced
    service.turn("i1", 100, 900)
    assert service.tell("response.done", response={"id": "r2"}) == [Final("i1", 100, 900, "two")]
    assert service.codec.usage == Usage(None, 14, 4)


def test_a_response_that_is_reported_again_is_said_once_and_one_of_the_same_name_twice() -> None:
    """A repetition is reported and counted; another text under the name of an answer that is over is another answer."""
    service = Service(VAD)
    service.turn("i1", 100, 900)
    assert service.answer("r1", "one", usage={"output_tokens": 1}) == [Final("i1", 100, 900, "one")]
    (notice,) = service.answer("r1", "one", usage={"output_tokens": 1})
    assert isinstance(notice, Notice)
    assert (notice.level, service.codec.dropped) == ("warning", 1)
    service.turn("i1", 1100, 1900)
    assert service.answer("r1", "one", usage={"output_tokens": 1}) == [Final("i1.2", 1100, 1900, "one")]
    assert service.codec.usage == Usage(None, None, 2)


def test_in_manual_mode_an_answer_before_the_name_of_its_commit_belongs_to_it() -> None:
    """A service that names its commits late, or never, answers them in their order."""
    for named in (True, False):
        service = Service(MANUAL, seconds=0)
        for second in range(2):
            service.codec.audio(SECOND)
            service.codec.commit()
            (final,) = service.answer(f"r{second}", f"{second}")
            assert isinstance(final, Final)
            assert (final.begin_ms, final.end_ms, final.text) == (1000 * second, 1000 * second + 1000, f"{second}")
            if named:
                assert service.tell("input_audio_buffer.committed", item_id=f"i{second}") == []
        assert service.tell("session.finished") == [Finished()]


def test_usage_is_the_sum_over_the_responses() -> None:
    """Each counts for itself here, audio among its input."""
    service = Service(VAD)
    for number in (1, 2, 2):
        service.turn(f"i{number}", 1000 * number, 1000 * number + 900)
        details = {"input_tokens_details": {"text_tokens": 10, "audio_tokens": 12}}
        service.answer(f"r{number}", "x", usage={"input_tokens": 22, "output_tokens": number, **details})
    assert service.codec.usage == Usage(None, 44, 3, 24)
    assert service.tell("session.finished")[-1] == Finished(Usage(None, 44, 3, 24))


def test_answers_belong_to_the_turns_in_their_order() -> None:
    """In VAD mode a turn may end before the one ahead of it is answered."""
    service = Service(VAD)
    service.turn("i1", 0, 900)
    service.turn("i2", 1000, 1900)
    assert service.answer("r1", "one") == [Final("i1", 0, 900, "one")]
    assert service.answer("r2", "two") == [Final("i2", 1000, 1900, "two")]
    assert service.tell("input_audio_buffer.committed", item_id="i2") == []  # said again
    assert service.tell("session.finished") == [Finished()]


def test_answers_without_names_are_one_after_the_other() -> None:
    """A service that leaves the ids out is understood by the order alone."""
    service = Service(VAD)
    for number, said in ((1, "one"), (2, "two")):
        service.turn(f"i{number}", 1000 * number, 1000 * number + 900)
        service.tell("response.created", response={})
        service.tell("response.text.delta", delta=said)
        (final,) = service.tell("response.done", response={"usage": {"output_tokens": 1}})
        assert final == Final(f"i{number}", 1000 * number, 1000 * number + 900, said)
    assert service.codec.usage.output_tokens == 2


def test_a_turn_that_is_open_is_not_answered_by_what_answers_another() -> None:
    """Nor is it given up for that; and an event nobody knows opens none."""
    service = Service(VAD)
    service.tell("input_audio_buffer.speech_started", item_id="i1", audio_start_ms=0)
    service.turn("i2", 1000, 1900)
    assert service.answer("r2", "two") == [Final("i2", 1000, 1900, "two")]
    service.tell("input_audio_buffer.speech_stopped", item_id="i1", audio_end_ms=900)
    assert service.answer("r1", "one") == [Final("i1", 0, 900, "one")]
    unknown = service.tell("input_audio_buffer.improved", item_id="i3")
    assert unknown == [Notice("debug", "dropped an unknown event: input_audio_buffer.improved")]
    assert service.tell("session.finished") == [Finished()]


def test_an_answer_that_is_left_behind_by_the_next_is_cut_short() -> None:
    """Otherwise its final would come after a later one, or never."""
    service = Service(VAD)
    service.turn("i1", 0, 900)
    service.tell("response.created", response={"id": "r1"})
    service.tell("response.text.delta", response_id="r1", delta="on")
    service.turn("i2", 1000, 1900)
    assert service.answer("r2", "two") == [
        Notice("warning", UNWHOLE), Final("i1", 0, 900, "on"), Final("i2", 1000, 1900, "two"),
    ]  # fmt: skip


@pytest.mark.parametrize("about", ["event_c2", "event_c3"])
def test_a_question_the_service_objects_to_is_a_gap_and_holds_nothing_up(about: str) -> None:
    """Whichever of its two events the error names; one about something else changes nothing."""
    codec = Service(seconds=0)
    codec.codec.audio(SECOND)
    commit, create = codec.codec.commit()
    error = {"type": "invalid_request_error", "code": "invalid_value", "message": "too short"}
    assert '"event_c2"' in commit.data  # type: ignore[union-attr]
    warning = Notice("warning", "the service reports an error: invalid_value: too short")
    assert codec.tell("error", error={**error, "event_id": "event_c1"}) == [warning]
    assert codec.codec.must_wait
    gap = Gap(0, 1000, f"{UNANSWERED}: invalid_value: too short")
    assert codec.tell("error", error={**error, "event_id": about}) == [warning, gap]
    assert not codec.codec.must_wait
    codec.codec.audio(SECOND)
    codec.codec.commit()
    codec.tell("input_audio_buffer.committed", item_id="i2")
    for other in ("event_c2", "event_c3"):  # the other half of the question
        assert codec.tell("error", error={**error, "event_id": other}) == [warning]
    assert '"event_c3"' in create.data
    assert codec.codec.must_wait
    assert codec.answer("r2", "two") == [Final("i2", 1000, 2000, "two")]
    codec.codec.audio(SECOND)
    codec.codec.commit()
    codec.tell("input_audio_buffer.committed", item_id="i3")
    assert codec.tell("error", error={**error, "event_id": "event_c5"}) == [warning]  # of the one before
    assert codec.answer("r3", "three") == [Final("i3", 2000, 3000, "three")]


def test_an_objection_to_nobody_knows_what_takes_no_answer_away() -> None:
    """The answer may come all the same; one that never does is missed by whoever waits for it."""
    error = {"type": "invalid_request_error", "code": "no", "message": "answer"}
    service = Service(seconds=1)
    assert service.tell("error", error=error) == [Notice("warning", "the service reports an error: no: answer")]
    assert service.codec.must_wait
    assert service.answer("r1", "one") == [Final("i1", 0, 1000, "one")]


WRITTEN = {"item_id": "i1", "content_index": 0, "language": "en", "emotion": "calm"}
WHOLE = Final("i1", 0, 1000, "2", (), "en", "calm", heard="a b")


def test_a_final_waits_for_what_another_model_wrote_down() -> None:
    """In either order of the two, and no longer than to its failure."""
    service = Service(SIDE, seconds=1)
    assert service.tell("response.text.delta", response_id="r1", delta="2") == [Partial("i1", 0, "", "2")]
    assert service.answer("r1") == []
    assert not service.codec.must_wait
    assert service.tell("response.text.delta", response_id="r1", delta="late") == []
    assert service.tell(f"{ITEM}completed", **WRITTEN, transcript="a b") == [WHOLE]
    service = Service(SIDE, seconds=1)
    assert service.tell(f"{ITEM}delta", **WRITTEN, text="a", stash=" b")[0].text == "a b"  # type: ignore[union-attr]
    assert service.tell(f"{ITEM}completed", **WRITTEN, transcript="a b") == []
    assert service.answer("r1", "2") == [WHOLE]
    assert service.tell(f"{ITEM}completed", **WRITTEN, transcript="again") == [
        Notice("debug", f"dropped {ITEM}completed")
    ]
    service = Service(SIDE, seconds=1)
    assert service.answer("r1", "2") == []
    assert service.tell(f"{ITEM}failed", item_id="i1", error={}) == [Final("i1", 0, 1000, "2")]


def test_a_final_does_not_wait_forever() -> None:
    """After the next answer, and at the end of the session, it goes out without."""
    service = Service(RecognitionSettings(OMNI, side_transcript=True))
    service.turn("i1", 0, 900)
    service.turn("i2", 1000, 1900)
    assert service.answer("r1", "one") == []
    assert service.answer("r2", "two") == [Final("i1", 0, 900, "one")]
    assert service.tell("session.finished") == [Final("i2", 1000, 1900, "two"), Finished()]


def test_the_answer_is_shown_and_not_what_was_written_down() -> None:
    """Once it has begun; what nobody asked for is not shown at all."""
    service = Service(SIDE, seconds=1)
    service.tell("response.created", response={"id": "r1"})
    service.tell("response.text.delta", response_id="r1", delta="2")
    (partial,) = service.tell(f"{ITEM}delta", **WRITTEN, text="a", stash=" b")
    assert partial == Partial("i1", 0, "", "2", (), "en", "calm")
    unasked = Service(MANUAL, seconds=1)
    assert isinstance(unasked.tell(f"{ITEM}delta", **WRITTEN, text="a", stash="")[0], Notice)


def test_a_session_that_ends_accounts_for_every_turn() -> None:
    """Unanswered ones are gaps, an answer that was on its way is text with a warning."""
    service = Service(VAD)
    service.turn("i1", 0, 900)
    service.tell("response.created", response={"id": "r1"})
    service.tell("response.text.delta", response_id="r1", delta="on")
    service.turn("i2", 1000, 1900)
    service.tell("input_audio_buffer.speech_started", item_id="i3", audio_start_ms=2500)
    assert service.tell("session.finished") == [
        Notice("warning", UNWHOLE), Final("i1", 0, 900, "on"), Gap(1000, 1900, UNANSWERED), Gap(2500, 3000, UNANSWERED),
        Finished(),
    ]  # fmt: skip
    manual = Service(seconds=0)
    manual.codec.audio(SECOND)
    manual.codec.commit()
    assert manual.tell("session.finished") == [Gap(0, 1000, UNANSWERED), Finished()]
    assert not manual.codec.must_wait


@pytest.mark.parametrize(
    ("name", "fields", "problem"),
    [
        ("response.text.delta", {"response_id": "r1"}, "field delta is missing"),
        ("response.audio_transcript.done", {"text": "x"}, "field transcript is missing"),
        ("error", {}, "an error without a message"),
    ],
)
def test_a_message_that_cannot_be_read_is_named_and_ends_nothing(
    name: str, fields: dict[str, object], problem: str
) -> None:
    """The answer comes out all the same."""
    service = Service(MANUAL, seconds=1)
    (notice,) = service.tell(name, **fields)
    assert isinstance(notice, Notice)
    assert (notice.level, problem in notice.text) == ("warning", True)
    assert service.answer("r1", "one") == [Final("i1", 0, 1000, "one")]


@pytest.mark.parametrize("response", [None, {}, [], {"id": None, "output": None}])
def test_an_answer_ends_whatever_its_end_leaves_out(response: object) -> None:
    """The text is its pieces, and the next question is asked."""
    service = Service(MANUAL, seconds=1)
    service.tell("response.created", response={"id": "r1"})
    service.tell("response.text.delta", response_id="r1", delta="one")
    assert service.tell("response.done", response=response) == [Final("i1", 0, 1000, "one")]
    assert not service.codec.must_wait
