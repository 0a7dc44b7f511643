"""The open sentences of a task: each ends as text, as a gap, or as no speech at all. No wire format."""

import gc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ConnectionLost
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import TASK_MOST_OPEN
from asrcli.engine.task import ANSWER_S, NO_TEXT, TOO_MANY_OPEN, TranscriptionTask
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.recovery.duplicate_finals import RecentFinals, RepeatedFinal, ResentAudio
from tests.support.pair import counting

ANY = Text("")


class Said(InferenceClient):
    """A codec whose next events the test sets."""

    def __init__(self) -> None:
        super().__init__(RecognitionSettings("m"), counting("task-"))
        self.next: list[Event] = []

    def receive(self, message: Message) -> list[Event]:
        """Whatever the message is."""
        del message
        return self.next


def hearing(*events: Event) -> tuple[TranscriptionTask, list[Event | RepeatedFinal]]:
    """A task of ten seconds that got these events, and the events it makes of them."""
    codec = Said()
    task = TranscriptionTask(codec)
    task.sent_ms = 10_000
    codec.next = list(events)
    return task, list(task.receive(ANY, 0.0))


def finals(events: list[Event | RepeatedFinal]) -> list[str]:
    """The texts that are final."""
    return [event.text for event in events if isinstance(event, Final)]


def test_an_open_sentence_reaches_as_far_as_its_speech() -> None:
    """Up to where the service reported its end; else to the start of the next one, or to the end."""
    started = (SpeechStarted("1", 0), SpeechStopped("1", 900), SpeechStarted("2", 2000), SpeechStarted("3", 5000))
    assert hearing(*started)[0].open_spans(10_000) == [(0, 900), (2000, 5000), (5000, 10_000)]


def test_a_sentence_that_the_service_has_lost_is_open_no_more() -> None:
    """The gap is all that is known of it, and audio after it may be settled."""
    task, _ = hearing(SpeechStarted("1", 0), SpeechStarted("2", 3000), Gap(0, 900, "failed"))
    assert task.open_ms == 3000


def test_a_sentence_that_begins_under_another_name_than_it_ends_is_no_second_one() -> None:
    """It would be a gap, though all words are there. Where the begin is a guess, or has no text, it may be another."""
    final = Final("2", 1000, 1900, "one")
    for ended, spans in (
        (final, []),
        (replace(final, estimated=True), [(1000, 10_000)]),
        (replace(final, begin_ms=900), [(1000, 10_000)]),
        (replace(final, text=" "), [(1000, 10_000)]),
    ):
        task, _ = hearing(SpeechStarted("1", 1000), ended)
        assert task.open_spans(10_000) == spans


def test_a_sentence_of_which_nothing_is_heard_for_a_minute_is_over() -> None:
    """With its last text, or as a gap up to the end of its speech; any event about it restarts the minute."""
    said = (SpeechStarted("1", 0), SpeechStopped("1", 900), SpeechStarted("2", 1000), Partial("3", 2000, "", "hello"))
    task, _ = hearing(*said)
    task.codec.next = [Partial("3", 2000, "", "hello there")]  # type: ignore[attr-defined]
    list(task.receive(ANY, 30.0))
    task.sent_ms += 60_000
    assert list(task.give_up(ANSWER_S - 1)) == []
    assert [event for event in task.give_up(ANSWER_S) if isinstance(event, Gap)] == [
        Gap(0, 900, NO_TEXT),
        Gap(1000, 2000, NO_TEXT),
    ]
    assert finals(list(task.give_up(ANSWER_S + 30))) == ["hello there"]
    assert task.open_ms is None


def test_a_pause_is_no_silence_of_the_service() -> None:
    """It gets no audio, so it has nothing to say; the minute counts audio, too."""
    task, _ = hearing(Partial("1", 2000, "", "hello"))
    task.sent_ms += 59_000
    assert list(task.give_up(3600.0)) == []
    task.sent_ms += 1000
    assert finals(list(task.give_up(3600.0))) == ["hello"]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hello there.", []),
        ("there", []),
        ("Hello there, friend of mine!", ["friend of mine!"]),
        ("good morning", ["good morning"]),
    ],
)
def test_the_final_of_a_sentence_that_was_given_up_brings_only_what_is_new(text: str, rest: list[str]) -> None:
    """Its last text is final already. Words that differ are said, because no text is thrown away."""
    task, _ = hearing(Partial("1", 2000, "", "hello there"))
    task.sent_ms += 60_000
    assert finals(list(task.give_up(ANSWER_S))) == ["hello there"]
    task.codec.next = [Partial("1", 2000, "", text), Final("1", 2000, 9000, text)]  # type: ignore[attr-defined]
    events = list(task.receive(ANY, 61.0))
    assert finals(events) == rest
    assert [type(event) for event in events] == [Final if rest else RepeatedFinal]
    assert task.open_ms is None


def test_a_sentence_under_many_names_is_said_once() -> None:
    """A service that gives each partial another key leaves no sentence open, whether its final has come or not."""
    partials = [Partial(str(number), 0, "", "hello there"[: number * 4]) for number in range(1, 4)]
    task, events = hearing(*partials, Final("9", 0, 900, "Hello, there."))
    assert task.open_ms is None
    assert finals(events) == ["Hello, there."]
    task, _ = hearing(*partials)
    task.finishing = True
    task.codec.next = [Finished()]  # type: ignore[attr-defined]
    assert finals(list(task.receive(ANY, 0.0))) == ["hello there"]


def test_a_sentence_that_says_something_else_stays_open() -> None:
    """Also where it lies inside another."""
    task, _ = hearing(Partial("1", 100, "", "good day"), Final("2", 0, 900, "hello there"))
    assert task.open_ms == 100


def test_no_text_is_lost_where_more_sentences_are_open_than_can_be_kept() -> None:
    """The oldest is final then, with one warning; one without a text is a span that has none."""
    many = [Partial(str(number), number, "", f"word {number}") for number in range(TASK_MOST_OPEN + 300)]
    task, events = hearing(*many)
    assert finals(events) == [f"word {number}" for number in range(300)]
    told = [event.level for event in events if isinstance(event, Notice) and event.text.startswith(TOO_MANY_OPEN)]
    assert told == ["warning", *["debug"] * 299]
    task, events = hearing(*(SpeechStarted(str(number), number * 10) for number in range(TASK_MOST_OPEN + 300)))
    assert task.open_ms == 3000
    assert task.open_spans(10_000)[0] == (0, 3000)


@pytest.mark.parametrize(
    ("events", "code", "finishing", "ended"),
    [
        ((Final("1", 0, 900, "a"),), 1000, False, True),
        ((Final("1", 0, 900, "a"),), 1006, False, False),
        ((Final("1", 0, 900, "a"),), 1006, True, True),
        ((Final("1", 0, 900, "a"),), None, True, True),
        ((Final("1", 0, 900, "a"), Partial("2", 950, "", "b")), 1000, True, False),
        ((), 1000, True, False),
    ],
)
def test_a_task_may_have_ended_without_a_word(
    events: tuple[Event, ...], code: int | None, *, finishing: bool, ended: bool
) -> None:
    """Nothing is open, and a final came after the rest was asked for, or before an orderly close."""
    codec = Said()
    task = TranscriptionTask(codec)
    task.sent_ms, task.finishing, codec.next = 10_000, finishing, list(events)
    list(task.receive(ANY, 0.0))
    assert task.may_have_ended(ConnectionLost("x", code)) is ended


def test_the_last_sentence_is_taken_for_a_repetition_once() -> None:
    """If the audio is too short for it; a third time it is taken as said."""
    codec = Said()
    task = TranscriptionTask(codec, ResentAudio(0, "", "hello there", 12_000))
    task.sent_ms, task.finishing = 10_000, True
    codec.next = [Final(str(number), number * 1000, number * 1000 + 900, "hello there") for number in range(2)]
    assert [type(event) for event in task.receive(ANY, 0.0)] == [RepeatedFinal, Final]


def test_a_final_that_the_service_says_again_in_more_words_brings_only_these() -> None:
    """The same name and the same begin: what was printed stays, nothing is printed twice, nothing is left out."""
    _, heard = hearing(
        Final("1", 0, 900, "Good day"),
        Final("1.2", 0, 900, "good day, everybody."),
        Final("1.3", 0, 1000, "Good day, everybody. Welcome"),
        Final("1.4", 0, 900, "good"),
        Final("1.5", 0, 900, "Goodbye"),
        Final("2", 2000, 2900, "Good day"),
        Final("2.2", 3000, 3900, "Good day"),
    )
    assert finals(heard) == ["Good day", "everybody.", "Welcome", "Goodbye", "Good day", "Good day"]
    assert [event.final.key for event in heard if isinstance(event, RepeatedFinal)] == ["1.4"]


@pytest.mark.parametrize("text", ["", "。", " ... "])
def test_a_final_without_words_makes_no_other_time_doubtful(text: str) -> None:
    """A late partial of a sentence that is final still adds nothing at the end of the task."""
    codec = Said()
    task = TranscriptionTask(codec)
    task.sent_ms, task.finishing = 10_000, True
    wordless = Final("1", 0, 0, text, estimated=True)
    codec.next = [wordless, Final("2", 800, 970, "yes"), Partial("9", 800, "", "yes"), Finished()]
    assert finals(list(task.receive(ANY, 0.0))) == [text, "yes"]


def test_a_final_under_another_name_is_a_repetition() -> None:
    """In the same place and with the same words; a task of the same words in other places keeps them all."""
    told = [Final("1", 0, 400, "yes"), Final("7", 0, 400, "Yes."), Final("2", 400, 800, "yes")]
    assert hearing(*told)[1] == [told[0], RepeatedFinal(told[1]), told[2]]


def test_a_sentence_that_is_taken_back_and_said_again_is_written_once() -> None:
    """However often: an empty final is no version of it, and a correction may be said again too."""
    said = Final("1.2", 0, 900, "good day"), Final("1.5", 0, 900, "goodbye")
    again = replace(said[0], key="1.4"), replace(said[1], key="1.6")
    empty = Final("1", 0, 900, ""), Final("1.3", 0, 900, "")
    _, heard = hearing(empty[0], said[0], empty[1], again[0], said[1], again[1])
    assert heard == [empty[0], said[0], empty[1], RepeatedFinal(again[0]), said[1], RepeatedFinal(again[1])]


def test_what_is_remembered_of_a_final_are_not_its_words() -> None:
    """With hundreds of streams in a process, the words of the last 50 finals of each were a fourth of its memory."""
    words = (Word("Good", 0, 400), Word("day", 400, 900))
    task, heard = hearing(Final("1", 0, 900, "Good day", words), Final("1.2", 0, 900, "Good day to you", words))
    recent = RecentFinals()
    for event in heard:
        assert isinstance(event, Final)
        recent.add(event)
    assert isinstance(task.codec, Said)
    task.codec.next = []
    heard.clear()
    del event
    assert not [holder for holder in gc.get_referrers(words) if isinstance(holder, Final)]
    assert recent.since(0) == ResentAudio(900, "good day to you")


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2000))
def test_what_a_final_has_said_is_not_kept_again_at_the_end(begin: int, length: int, at_ms: int) -> None:
    """A service may show the start of a sentence again under another name: words of a final inside it are no news."""
    words = ["one", "two", "three", "four"]
    part = " ".join(words[begin : begin + length + 1])
    task, _ = hearing(Final("1", 1000, 2000, "One, two, three, four."), Partial("2", at_ms, "", part))
    task.finishing = True
    kept = finals(list(task.take([Finished()], 0.0)))
    assert kept == ([] if 1000 <= at_ms < 2000 else [part])


@pytest.mark.parametrize(
    ("final", "partial"),
    [
        (Final("1", 1000, 2000, "one two"), "two three"),
        (Final("1", 1000, 2000, "one two", estimated=True), "two"),
        (Final("1", 1000, 1000, "one two"), "two"),
    ],
)
def test_what_may_be_news_is_kept_at_the_end(final: Final, partial: str) -> None:
    """Other words; and any words where the place of the final proves nothing."""
    task, _ = hearing(final, Partial("2", 1000, "", partial))
    task.finishing = True
    assert finals(list(task.take([Finished()], 0.0))) == [partial]
