"""The wire of Omni models, both ends joined, in VAD mode and in manual mode; and what a service says out of turn."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.client_commands import CommitAudio, FinishTask, SendAudio
from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Final, Finished, Notice, Partial, SpeechStarted, SpeechStopped, Usage
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.omni.codec import OmniClient, OmniServer
from tests.support.omni import ITEM, MANUAL, OMNI, SECOND, VAD, Service, Talk, kinds
from tests.support.pair import Pair, counting


def test_in_vad_mode_the_service_answers_each_turn() -> None:
    """Times are those of the speech marks, the text grows piece by piece, and the final is the answer."""
    talk, said = Talk(VAD), "what was spoken, in so many words"
    assert talk.ask(talk.client.audio(SECOND)) == [SendAudio(SECOND)]
    heard = talk.said(
        SpeechStarted("1", 40), Partial("1", 40, "", "what"), SpeechStopped("1", 960), Final("1", 40, 960, said)
    )
    item = heard[0].key  # type: ignore[union-attr]
    assert heard[:2] == [SpeechStarted(item, 40), SpeechStopped(item, 960)]
    assert heard[2:-1] == [Partial(item, 40, "", said[:at].strip()) for at in (12, 24, 33)]
    assert heard[-1] == Final(item, 40, 960, said)
    assert talk.client.must_wait is False
    assert talk.client.usage == Usage(None, 12 + 8, 20, 12)


@given(st.lists(st.binary(max_size=301), max_size=20))
def test_audio_of_every_size_arrives_and_the_silence_after_it_is_no_part_of_it(pieces: list[bytes]) -> None:
    """The VAD ends the turn in silence that is nobody's audio: no time reaches into it."""
    talk = Talk(VAD)
    heard = [request for piece in pieces for request in talk.ask(talk.client.audio(piece))]
    assert [request.data for request in heard if isinstance(request, SendAudio)] == pieces
    samples = sum(len(piece) // 2 for piece in pieces)
    *silence, last = talk.ask(talk.client.finish())
    assert last == FinishTask()
    assert b"".join(request.data for request in silence if isinstance(request, SendAudio)) == (
        bytes(1200 * 32) if samples else b""
    )
    told = talk.said(SpeechStarted("1", 0), SpeechStopped("1", 1100), Final("1", 0, 1100, "x"), Finished())
    finals = [event.end_ms for event in told if isinstance(event, Final | SpeechStopped)]
    assert set(finals) <= {samples * 1000 // 16000}


def test_what_is_heard_in_the_silence_of_ours_is_not_reported() -> None:
    """A model that answers silence speaks of nothing that anybody said; the silence is as long as the turn needs."""
    service = Service(RecognitionSettings(OMNI, silence_ms=350), seconds=1)
    finishing = service.codec.finish()
    assert kinds(finishing) == ["append"] * 8 + ["finish"]
    service.turn("i1", 200, 900)
    service.turn("i2", 1100, 1500)
    assert service.tell("input_audio_buffer.speech_stopped", item_id="i2", audio_end_ms=1600) == []
    assert service.answer("r1", "one") == [Final("i1", 200, 900, "one")]
    service.tell("response.created", response={"id": "r2"})
    assert service.tell("response.text.delta", response_id="r2", delta="thanks") == []
    assert service.answer("r2", "thanks for watching") == [
        Notice("debug", "dropped an answer to the silence after the audio")
    ]
    assert service.tell("session.finished") == [Finished()]
    assert kinds(Service(VAD, seconds=0).codec.finish()) == ["finish"]


def test_the_side_transcript_of_our_silence_is_not_shown() -> None:
    """Its partials come before anybody knows that the answer is one to nothing."""
    service = Service(RecognitionSettings(OMNI, side_transcript=True), seconds=1)
    service.codec.finish()
    service.turn("i1", 1100, 1500)
    assert service.tell(f"{ITEM}delta", item_id="i1", text="thanks", stash="") == []
    service.turn("i2", 200, 900)
    assert service.tell(f"{ITEM}delta", item_id="i2", text="one", stash="")[0] == Partial("i2", 200, "", "one")


# Times that say nothing about a second of audio.
UNTOLD: st.SearchStrategy[Any] = st.sampled_from([None, -1, "", "x", True, 10**30, 60_000, {}])
TOLD = st.integers(0, 900)


@given(st.lists(st.tuples(UNTOLD | TOLD, UNTOLD | TOLD), min_size=1, max_size=4), st.integers(0, 4))
def test_an_answer_is_lost_for_no_time_that_the_service_leaves_out(times: list[tuple[Any, Any]], before: int) -> None:
    """Also after the end of the audio: only a start in our silence tells that nobody has spoken."""
    service = Service(VAD, seconds=1)
    finals = []
    for number, (begin, end) in enumerate(times):
        if number == before:
            service.codec.finish()
        service.turn(f"i{number}", begin, end)
        finals += [event for event in service.answer(f"r{number}", f"text {number}") if isinstance(event, Final)]
    assert [final.text for final in finals] == [f"text {number}" for number in range(len(times))]
    marked = [final.estimated for final in finals]
    assert all(marked[number] for number, (begin, end) in enumerate(times) if type(begin) is not int or end is None)


def test_in_manual_mode_each_commit_asks_for_its_answer_and_audio_waits_for_it() -> None:
    """The next turn must not become a part of this question."""
    talk = Talk(MANUAL)
    talk.ask(talk.client.audio(SECOND))
    committing = talk.client.commit()
    assert kinds(committing) == ["commit", "create"]
    assert talk.client.must_wait
    assert talk.ask(committing)[0] == CommitAudio()
    assert talk.client.pending_messages() == []
    (*_, final) = talk.said(Final("1", 0, 1000, "one"))
    assert (talk.client.must_wait, talk.client.pending_messages(), talk.client.commit()) == (False, [], [])
    talk.ask(talk.client.audio(SECOND))
    finishing = talk.client.finish()
    assert kinds(finishing) == ["commit", "create"]
    talk.ask(finishing)
    assert talk.client.pending_messages() == []
    (*_, second) = talk.said(Final("2", 1000, 2000, "two"))
    owed = talk.client.pending_messages()
    assert (kinds(owed), talk.client.pending_messages()) == (["finish"], [])
    assert talk.ask(owed) == [FinishTask()]
    assert talk.said(Finished()) == [Finished(talk.client.usage)]
    assert [(event.begin_ms, event.end_ms, event.text) for event in (final, second) if isinstance(event, Final)] == [
        (0, 1000, "one"), (1000, 2000, "two"),
    ]  # fmt: skip


def test_the_recognizer_may_be_faster_than_the_question() -> None:
    """What it has before response.create is the answer all the same; commit alone brings none."""
    talk = Talk(MANUAL)
    talk.ask(talk.client.audio(SECOND))
    commit, create = talk.client.commit()
    talk.ask([commit])
    assert talk.said(Partial("1", 0, "", "one"), Final("1", 0, 1000, "one")) == []
    talk.ask([create])
    (*_, final) = talk.said()
    assert isinstance(final, Final)
    assert final.text == "one"


def test_commits_in_a_row_are_asked_about_one_after_the_other() -> None:
    """Whoever does not ask whether the wire is full still gets all answers, and the end comes last."""
    codec = OmniClient(MANUAL, counting("c"))
    codec.audio(SECOND)
    assert kinds(codec.commit()) == ["commit", "create"]
    codec.audio(SECOND)
    assert kinds(codec.commit()) == ["commit"]
    codec.audio(SECOND)
    assert kinds(codec.finish()) == ["commit"]
    for expected in (["create"], ["create"], ["finish"], []):
        codec.receive(Text('{"type":"response.done","response":{}}'))
        assert kinds(codec.pending_messages()) == expected


@given(st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=30))
def test_the_spans_of_commits_tile_the_audio(steps: list[tuple[int, bool]]) -> None:
    """However audio and commits alternate, turns follow each other without gap or overlap."""
    talk, sent, number, spans = Talk(MANUAL), 0, 0, []
    for samples, commit in [*steps, (0, True)]:
        sent += samples
        talk.ask(talk.client.audio(bytes(2 * samples)))
        if commit and CommitAudio() in talk.ask(talk.client.commit()):
            number += 1
            spans += [(e.begin_ms, e.end_ms) for e in talk.said(Final(str(number), 9, 9, "")) if isinstance(e, Final)]
    assert len(spans) == number
    assert [begin for begin, _ in spans] == [0, *(end for _, end in spans[:-1])][: len(spans)]
    assert not spans or spans[-1][1] == sent * 1000 // 16000


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=60))
def test_a_text_cut_in_pieces_arrives_whole(said: str) -> None:
    """Whatever it is written in; an empty answer is a final too, because its audio was heard."""
    talk = Talk(MANUAL)
    talk.ask(talk.client.audio(SECOND))
    talk.ask(talk.client.commit())
    (*partials, final) = talk.said(Final("1", 0, 1000, said))
    assert isinstance(final, Final)
    assert (final.text, final.begin_ms, final.end_ms) == (said, 0, 1000)
    assert [partial.text for partial in partials if isinstance(partial, Partial)][-1:] == ([said] if said else [])


@pytest.mark.parametrize("side", [None, True])
def test_both_texts_of_a_turn_cross_the_wire(side: bool | None) -> None:
    """With another model beside, what it wrote down is what was heard; it is shown until the answer begins."""
    talk = Talk(RecognitionSettings(OMNI, prompt="count the words", side_transcript=side))
    talk.ask(talk.client.audio(SECOND))
    heard = talk.said(
        SpeechStarted("1", 0), Partial("1", 0, "a", " b", (), "en", "happy"), SpeechStopped("1", 900),
        Final("1", 0, 900, "2", (), "en", "happy", heard="a b"),
    )  # fmt: skip
    item = heard[0].key  # type: ignore[union-attr]
    shown = [event for event in heard if isinstance(event, Partial)]
    if side:
        assert shown == [Partial(item, 0, "", text, (), "en", "happy") for text in ("a b", "2")]
        assert heard[-1] == Final(item, 0, 900, "2", (), "en", "happy", heard="a b")
    else:
        assert shown == [Partial(item, 0, "", "2")]
        assert heard[-1] == Final(item, 0, 900, "2")


@pytest.mark.parametrize(("recognition", "problem"), [(MANUAL, "invalid_value: no"), (VAD, "invalid_value: no")])
def test_an_error_before_the_session_is_up_refuses_it(recognition: RecognitionSettings, problem: str) -> None:
    """As on the realtime wire."""
    pair = Pair(OmniClient(recognition, counting("c")), OmniServer(counting("s"), OMNI))
    with pytest.raises(ServiceRefused, match=problem):
        pair.handle(pair.server.fail("InvalidParameter", "no"))


def test_a_session_says_what_it_is() -> None:
    """The engine asks for that: one session a connection, renewed in time, and no times of words."""
    codec = OmniClient(MANUAL, counting("c"))
    assert (codec.manual, codec.reusable, codec.word_times, codec.lifetime_s) == (True, False, False, 6900)
    assert codec.url("wss://host") == f"wss://host/api-ws/v1/realtime?model={OMNI}"
    assert codec.skip(1600)
    codec.audio(SECOND)
    assert not codec.skip(1600)
    assert not OmniClient(VAD, counting("c")).skip(1600)
