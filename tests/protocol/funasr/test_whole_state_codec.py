"""FunASR's realtime server: commands as words, answers with the whole state, times of the server or none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Ready, Usage
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.funasr.whole_state_codec import UNASKED, FunAsrRealtimeClient
from tests.support.pair import counting

SECOND = bytes(32_000)


def told(**fields: object) -> Text:
    """A message of a server."""
    return Text(json.dumps(fields))


def state(*sentences: object, partial: str = "", **fields: object) -> Text:
    """An answer with the whole state; a sentence is a text with its times, or anything else."""
    listed = [dict(zip(("text", "start", "end"), each, strict=False)) if isinstance(each, tuple) else each
              for each in sentences]  # fmt: skip
    return told(sentences=listed, partial=partial, **{"is_final": False, **fields})


def client(seconds: int = 0, **settings: Any) -> FunAsrRealtimeClient:
    """A client that has begun and sent some audio."""
    codec = FunAsrRealtimeClient(RecognitionSettings("m", **settings), counting())
    codec.start()
    assert isinstance(codec.receive(told(event="started"))[0], Ready)
    codec.audio(SECOND * seconds)
    return codec


def hear(codec: FunAsrRealtimeClient, *messages: Message) -> list[Event]:
    """The events of messages."""
    return [event for message in messages for event in codec.receive(message)]


def texts(messages: list[Message]) -> list[str | bytes]:
    """What goes out."""
    return [message.data for message in messages if isinstance(message, Text | Binary)]


def test_the_commands_are_words() -> None:
    """START first; hot words and the language follow it, and audio waits for its answer."""
    settings = RecognitionSettings("m", languages=("en",), hotwords=(("阿里", 20), ("云", 10)))
    codec = FunAsrRealtimeClient(settings, counting())
    assert codec.url("ws://h:10095") == "ws://h:10095/"
    assert texts(codec.start()) == ["START", "LANGUAGE:English", "HOTWORDS:阿里,云"]
    assert codec.started() == []
    assert hear(codec, told(event="started")) == [Ready(codec.task_id)]
    assert hear(codec, told(event="started"), told(event="language_set"), told(event="stopped")) == []
    assert texts([*codec.audio(b""), *codec.audio(b"ab"), *codec.finish()]) == [b"ab", "STOP"]
    assert hear(codec, told(event="stopped")) == [Finished(Usage())]
    assert texts(client(languages=("ko",)).start()) == ["START", "LANGUAGE:ko"]


def test_each_sentence_of_the_state_is_final_once() -> None:
    """Whatever is repeated with it, and how often the same answer comes; the open one is a partial."""
    codec = client(9)
    first = ("one.", 100, 1900)
    assert hear(codec, state(partial="o", partial_start_ms=100)) == [Partial("1", 100, "", "o")]
    assert hear(codec, state(first), state(first)) == [Final("1", 100, 1900, "one.")]
    assert hear(codec, state(first, partial="tw", partial_start_ms=2500)) == [Partial("2", 2500, "", "tw")]
    both = state(first, ("two.", 2500, 4000), ("three.", 5000, 6000), is_final=True, partial_start_ms=0)
    assert hear(codec, both, both) == [Final("2", 2500, 4000, "two."), Final("3", 5000, 6000, "three.")]


def test_a_list_that_starts_again_repeats_nothing_and_loses_nothing() -> None:
    """What ends after the known sentences is new; without times everything is."""
    codec = client(9)
    hear(codec, state(("one", 0, 900), ("two", 1000, 1900)))
    assert hear(codec, state(("two", 1000, 1900))) == []
    assert hear(codec, state(("two", 1000, 1900), ("three", 3000, 3900))) == [Final("3", 3000, 3900, "three")]
    assert hear(codec, state("four"))[-1] == Final("4", 3900, 4300, "four")


@pytest.mark.parametrize("sentence", [("hello", None, None), ("hello", 500), "hello", ("hello", "x", -(10**20))])
def test_missing_times_are_estimated_and_marked(sentence: object) -> None:
    """They are inside the audio that was sent, and after the sentence before."""
    codec = client(4)
    again = state(sentence, ("again", 3000, 4000))
    first, second = hear(codec, state(sentence, partial="x", partial_start_ms=3000), again)[::2]
    assert isinstance(first, Final)
    assert isinstance(second, Final)
    assert (first.estimated, second.estimated) == (True, False)
    assert 0 <= first.begin_ms <= first.end_ms <= second.begin_ms


@pytest.mark.parametrize("times", [("1000", "1900"), (1000.0, 1900.4), ("1000.0", " 1900 ")])
def test_times_are_read_in_any_form(times: tuple[object, object]) -> None:
    """As text or with a fraction they are those of the server, so a list that begins again repeats nothing."""
    codec = client(9)
    said = state(("one", *times), partial="t", partial_start_ms=str(2000))
    assert hear(codec, said) == [Final("1", 1000, 1900, "one"), Partial("2", 2000, "", "t")]
    assert hear(codec, state(), state(("one", *times))) == [Partial("2", 1900, "", "")]


def test_a_server_without_times_that_names_zeros_loses_nothing() -> None:
    """Whether it gives whole milliseconds, or seconds that are none; also where its list begins again."""
    codec = client(9)
    heard = [*hear(codec, state(("one", 0, 0))), *hear(codec, state(("one", 0, 0), ("two", 0.3, 0.9)))]
    heard += [*hear(codec, state(), state(("three", 0, 0)))]
    assert [event.text for event in heard if isinstance(event, Final)] == ["one", "two", "three"]
    assert all(event.estimated for event in heard if isinstance(event, Final))


@pytest.mark.parametrize(("times", "sure_ms"), [((3000, 1000), 0), ((500_000, 600_000), 0), ((5_000, 600_000), 5000)])
def test_times_that_cannot_be_are_estimated_and_marked(times: tuple[int, int], sure_ms: int) -> None:
    """Reversed ones, and those after the audio that was sent. They decide no audio."""
    (final,) = hear(client(9), state(("hello", *times)))
    assert isinstance(final, Final)
    assert 0 <= final.begin_ms < final.end_ms <= 9000
    assert (final.estimated, final.sure_ms) == (True, sure_ms)


def test_after_the_end_of_the_audio_a_sentence_reaches_to_that_end() -> None:
    """The server has all audio then."""
    codec = client(9)
    codec.finish()
    assert hear(codec, state(("hello", 5000, 600_000))) == [Final("1", 5000, 9000, "hello")]


def test_only_the_last_sentence_ends_before_the_open_one() -> None:
    """An earlier one without an end is as long as its text."""
    first, second = hear(client(9), state(("hello", 0), ("again", 2000), partial="x", partial_start_ms=100))[:2]
    assert isinstance(first, Final)
    assert (first.begin_ms, first.end_ms, first.estimated) == (0, 500, True)
    assert second == Final("2", 2000, 2500, "again")


def test_a_text_that_is_taken_back_is_shown_no_more() -> None:
    """The partial becomes empty; a sentence without text is none."""
    codec = client(4)
    assert hear(codec, state(), state(partial="uh")) == [Partial("1", 0, "", "uh")]
    assert hear(codec, state(), state(("", 0, 900))) == [Partial("1", 0, "", "")]
    assert hear(codec, state(7, None, ("", 0, 900), ("yes", 1000, 2000))) == [Final("1", 1000, 2000, "yes")]


def test_in_manual_mode_each_commit_is_answered_once() -> None:
    """Its span is that of the audio, whatever the server says; an answer that comes twice is dropped."""
    codec = client(2, vad=False)
    assert texts(codec.commit()) == ["COMMIT"]
    assert codec.commit() == []
    codec.audio(SECOND)
    assert not codec.skip(100)
    assert texts(codec.finish()) == ["COMMIT", "STOP"]
    assert hear(codec, state(partial="o")) == [Partial("1", 0, "", "o")]
    one = state(("one", 100, 900), ("two", 1000, 1900), is_final=True, duration_ms=2000)
    assert hear(codec, one, one) == [Final("1", 0, 2000, "onetwo"), Notice("warning", UNASKED)]
    nothing = state(is_final=True, duration_ms=3000)
    assert hear(codec, nothing, nothing) == [Final("2", 2000, 3000, "")]
    assert codec.dropped == 1
    assert codec.skip(16_000)
    codec.audio(SECOND)
    assert hear(codec, state(partial="thr")) == [Partial("3", 4000, "", "thr")]


def test_the_facts_of_the_wire() -> None:
    """In VAD mode the server ends sentences and counts time; nothing has a name or a price."""
    codec = client(1)
    assert (codec.manual, codec.commit(), codec.skip(1), codec.pending_messages()) == (False, [], False, [])
    assert (codec.usage, codec.seen_names, codec.dropped, codec.quiet_end_s) == (Usage(), {}, 0, None)


ERRORS = [
    {"event": "error", "error": "no model"},
    {"error": {"code": "c", "message": "no model"}},
    {"error_msg": "no model"},
    {"event": "error", "message": "no model"},
]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_any_form_ends_the_task_and_junk_is_dropped(error: dict[str, object]) -> None:
    """An error ends the task in any form; what cannot be read is said and dropped."""
    with pytest.raises(ServiceRefused, match="no model"):
        hear(client(), told(**error))
    (notice,) = hear(client(), Text("["))
    assert isinstance(notice, Notice)
    assert hear(client(), told(other=1)) == []


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_every_word_comes_once_however_the_state_is_sent(steps: list[tuple[int, bool]]) -> None:
    """Answers may be left out or come twice: the last one has it all."""
    codec, sentences, heard = client(60), list[tuple[str, int, int]](), list[Event]()
    for more, told_now in steps:
        sentences += [
            (f"w{len(sentences) + n}", 1000 * (len(sentences) + n), 1000 * (len(sentences) + n) + 900)
            for n in range(more)
        ]
        if told_now:
            heard += hear(codec, state(*sentences), state(*sentences))
    codec.finish()
    heard += hear(codec, state(*sentences, is_final=True), told(event="stopped"))
    assert [event.text for event in heard if isinstance(event, Final)] == [said for said, _, _ in sentences]
    assert isinstance(heard[-1], Finished)


@pytest.mark.parametrize("before", ["", None, 7, ["x"]], ids=str)
def test_a_text_that_the_server_fills_in_later_is_final_then(before: Any) -> None:
    """The list had its place before; a sentence after it may be final already."""
    codec = client(3)
    assert finals(hear(codec, state((before, 0, 500)))) == []
    assert finals(hear(codec, state((before, 0, 500), ("two", 500, 900)))) == [("two", 500, 900)]
    assert finals(hear(codec, state(("one", 0, 500), ("two", 500, 900)))) == [("one", 0, 500)]
    assert finals(hear(codec, state(("one", 0, 500), ("two", 500, 900)))) == []


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_a_list_that_starts_again_any_number_of_times_repeats_no_sentence(lengths: list[int]) -> None:
    """Whatever part of the talk it holds at a time, each sentence is final once, in its place."""
    codec = client(10)
    heard = [
        final
        for length in lengths
        for final in finals(hear(codec, state(*((f"w{n}", n * 1000, n * 1000 + 900) for n in range(length)))))
    ]
    assert heard == [(f"w{n}", n * 1000, n * 1000 + 900) for n in range(max(lengths))]


def finals(events: list[Event]) -> list[tuple[str, int, int]]:
    """Texts and times of finals."""
    return [(event.text, event.begin_ms, event.end_ms) for event in events if isinstance(event, Final)]
