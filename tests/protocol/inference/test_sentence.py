"""Sentences of the inference wire, however a service numbers and times them: no text is lost, every time is sane."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Final, Finished, Notice, Partial, Word
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.sentence_tracker import MOST_REMEMBERED
from asrcli.protocol.inference.server_codec import InferenceServer
from tests.support.inference import SENT_MS, client, finals, message, notices, result
from tests.support.pair import counting

NUMBERS = {
    "zero": [0, 0, 0],
    "constant": [1, 1, 1],
    "missing": [..., ..., ...],
    "null": [None, None, None],
    "a text": ["s", "s", "t"],
    "of the wrong kind": [[], {}, True],
    "backwards": [3, 2, 1],
    "used again": [1, 2, 1],
}


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("timed", ["in order", "out of order", "equal", "without"])
def test_every_sentence_is_a_final_under_a_key_of_its_own(numbers: list[Any], timed: str) -> None:
    """However they are numbered and timed; its partials share the key of a sentence."""
    spans: dict[str, list[Any]] = {
        "in order": [(0, 900), (900, 1800), (1800, 2700)],
        "out of order": [(900, 1800), (0, 900), (1800, 2700)],
        "equal": [(0, 900)] * 3,
        "without": [(None, None)] * 3,
    }
    codec, heard = client(), list[Final]()
    for number, (begin, end), said in zip(numbers, spans[timed], ("one", "two", "three"), strict=True):
        about = {"sentence_id": number, "begin_time": begin}
        partials = codec.receive(result(**about, end_time=None, text=said[:2], sentence_end=False))
        (final,) = codec.receive(result(**about, end_time=end, text=said))
        assert isinstance(final, Final)
        assert [event.key for event in partials if isinstance(event, Partial)] in ([final.key], [])
        heard.append(final)
    assert [final.text for final in heard] == ["one", "two", "three"]
    assert len({final.key for final in heard}) == 3
    assert all(0 <= final.begin_ms <= final.end_ms <= SENT_MS for final in heard)


def test_the_same_sentence_again_is_said_once_and_that_is_reported() -> None:
    """Same number, same text, same times. One of the three differs, and it is another sentence. An end is enough."""
    codec = client()
    assert codec.receive(result()) == [Final("1", 0, 900, "x")]
    (first,), (second,) = codec.receive(result()), codec.receive(result())
    assert isinstance(first, Notice)
    assert isinstance(second, Notice)
    assert (first.level, second.level, codec.dropped) == ("warning", "debug", 2)
    assert "said twice" in first.text
    others = [result(text="y"), result(end_time=901), result(begin_time=1), result(sentence_id=2)]
    assert [(final.key, final.text) for final in finals(codec, *others)] == [
        ("1.2", "y"), ("1.3", "x"), ("1.4", "x"), ("2", "x"),
    ]  # fmt: skip
    ends = [result(begin_time=None, end_time=end) for end in (900, 900, 950)]
    assert [final.key for final in finals(client(), *ends)] == ["1", "1.2"]


@pytest.mark.parametrize("times", [(None, None), (0, 0), (None, 0), (900, None), ("", "x"), (900, 100)])
def test_times_that_prove_nothing_make_no_repetition(times: tuple[Any, Any]) -> None:
    """Somebody may say yes twice to a service that counts nothing."""
    yes = result(text="yes", begin_time=times[0], end_time=times[1])
    assert [final.text for final in finals(client(), yes, yes)] == ["yes", "yes"]


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (100, 900, (100, 900)),
        (100.7, 900.2, (100, 900)),
        ("100", "900.5", (100, 900)),
        (-300, 900, (500, 900)),
        (-900, -100, (500, 1900)),
        (1500, 900, (1500, 2900)),
        (None, 900, (500, 900)),
        (..., 400, (400, 400)),
        (1000, None, (1000, 2400)),
        (1000, ..., (1000, 2400)),
        (None, None, (500, 1900)),
        ("soon", "later", (500, 1900)),
        ([], {}, (500, 1900)),
        (True, False, (500, 1900)),
        (100, 1e30, (100, 1500)),
        (2000, None, (2000, 3000)),
        (10**30, 10**400, (500, 1900)),
        (float("nan"), float("inf"), (500, 1900)),
        (3_600_000, 3_601_000, (500, 1900)),
        (2900, 3400, (2900, 3000)),
    ],
)
def test_times_that_cannot_be_are_estimated(begin: Any, end: Any, expected: tuple[int, int]) -> None:
    """It begins where the last final ended, and ends when its text can have been said, within the audio sent."""
    codec = client()
    codec.receive(result(sentence_id=1, end_time=500))
    (final,) = finals(codec, result(sentence_id=2, begin_time=begin, end_time=end, text="well, it is so"))
    assert (final.begin_ms, final.end_ms) == expected


def test_words_tell_the_times_that_a_sentence_does_not() -> None:
    """And lie inside those that it does; a time that is missing is the neighbour's."""
    words: list[Any] = [
        {"text": "a", "begin_time": 200, "end_time": 300}, {"text": "b", "begin_time": None, "punctuation": None},
        None, "x", {}, {"text": None}, {"text": "c", "begin_time": "500", "end_time": -1, "punctuation": "."},
    ]  # fmt: skip
    (final,) = finals(client(), result(begin_time=None, end_time=None, text="a b c.", words=[*words, words[0]]))
    assert (final.begin_ms, final.end_ms) == (200, 300)
    (final,) = finals(client(), result(begin_time=250, end_time=900, text="a b c.", words=words))
    assert final.words == (
        Word("a", 250, 300), Word("b", 300, 500, estimated=True), Word("c", 500, 900, ".", estimated=True),
    )  # fmt: skip


def test_where_nobody_counts_the_audio_an_end_is_not_made_up() -> None:
    """Bytes of a compressed format say nothing of time; and an empty final claims no audio that it does not name."""
    (final,) = finals(client(audio_format="opus"), result(begin_time=100, end_time=None))
    assert (final.begin_ms, final.end_ms) == (100, 100)
    (final,) = finals(client(), result(begin_time=100, end_time=None, text=""))
    assert (final.begin_ms, final.end_ms) == (100, 100)


@pytest.mark.parametrize(
    "sentence",
    [
        {"heartbeat": True, "sentence_id": 0},
        {"heartbeat": True, "text": None, "begin_time": None, "end_time": None, "words": None},
        {"heartbeat": 1, "text": ""},
        {"heartbeat": "true", "text": "a", "sentence_end": False},
        {"heartbeat": True, "text": "one", "sentence_end": True},
        {"sentence_begin": False, "sentence_id": 2, "begin_time": 0},
        {"text": None},
        {},
    ],
    ids=str,
)
def test_what_has_nothing_to_say_is_no_trouble(sentence: dict[str, Any]) -> None:
    """A heartbeat is skipped whatever is in it, and so is a sentence without a text: not a word about either."""
    codec = client()
    codec.receive(result(text="one"))
    assert codec.receive(message("result-generated", payload={"output": {"sentence": sentence}})) == []


def test_a_heartbeat_that_carries_a_sentence_of_its_own_is_reported() -> None:
    """It is skipped like the others, and not in silence."""
    codec = client()
    assert notices(codec.receive(result(heartbeat=True, text="new"))) == ["warning"]
    assert codec.dropped == 1


@pytest.mark.parametrize("output", [{}, {"sentence": None}, {"usage": 1}, {"output": None}], ids=str)
def test_a_result_of_its_usage_alone_counts(output: dict[str, Any]) -> None:
    """There is no sentence in it, and nothing is wrong."""
    codec = client()
    assert codec.receive(message("result-generated", payload={"output": output, "usage": {"duration": 3}})) == []
    assert codec.usage.seconds == 3


def test_a_partial_that_comes_too_late_opens_nothing() -> None:
    """Its sentence is final; another under the same number is another sentence."""
    codec = client()
    codec.receive(result(text="hello there"))
    for begin in (0, None):
        assert notices(codec.receive(result(text="hello th", begin_time=begin, end_time=None, sentence_end=False))) == [
            "debug"
        ]
    assert codec.receive(result(text="he", begin_time=900, end_time=None, sentence_end=False)) == [
        Partial("1.2", 900, "", "he")
    ]
    assert finals(codec, result(text="hey", begin_time=900, end_time=1200)) == [Final("1.2", 900, 1200, "hey")]


def test_a_sentence_that_told_its_end_is_final_when_the_task_is_over() -> None:
    """A service that marks no sentence as ended has said it all the same."""
    codec = client()
    codec.receive(result(text="one", sentence_end=False))
    codec.receive(result(sentence_id=2, begin_time=900, end_time=None, text="tw", sentence_end=False))
    assert codec.receive(message("task-finished")) == [Final("1", 0, 900, "one"), Finished()]


@pytest.mark.parametrize("ended", [True, 1, "true", None, ...])
def test_an_end_is_an_end_however_it_is_written(ended: Any) -> None:
    """A number, a text, or only the time of the end, which is what the official SDK goes by."""
    assert finals(client(), result(sentence_end=ended)) == [Final("1", 0, 900, "x")]


@pytest.mark.parametrize("text", [None, ..., 7])
def test_words_are_the_text_where_it_has_no_other(text: Any) -> None:
    """With spaces where the words are of letters."""
    for words, said in ((("hello", "there"), "hello there"), (("今天", "好"), "今天好")):
        told = [{"text": word, "begin_time": 0, "end_time": 9} for word in words]
        assert [final.text for final in finals(client(), result(text=text, words=told))] == [said]


TIME = st.none() | st.integers(-5000, 10**12) | st.floats() | st.text(max_size=5) | st.just(10**30)
SENTENCES: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    sentence_id=st.none() | st.integers(0, 3) | st.sampled_from(["1", "a"]),
    begin_time=TIME,
    end_time=TIME,
    text=st.sampled_from(["a", "", " "]),
    sentence_end=st.booleans(),
    words=st.lists(st.builds(dict, text=st.just("w"), begin_time=TIME, end_time=TIME), max_size=4),
)


@given(st.lists(SENTENCES, max_size=12))
def test_whatever_the_times_are_those_of_a_final_are_sane(sentences: list[dict[str, Any]]) -> None:
    """In order, inside what was sent, words inside their sentence; a text that ends is a final or was reported."""
    codec, ended, keys = client(), 0, []
    for told in sentences:
        ended += told["sentence_end"] and told["text"] == "a"
        for event in codec.receive(result(**told)):
            if isinstance(event, Final):
                keys.append(event.key)
                ended -= event.text == "a"
                assert 0 <= event.begin_ms <= event.end_ms <= SENT_MS
                assert all(event.begin_ms <= word.begin_ms <= word.end_ms <= event.end_ms for word in event.words)
            elif isinstance(event, Partial):
                assert event.begin_ms >= 0
                assert all(event.begin_ms <= word.begin_ms <= word.end_ms for word in event.words)
    assert len(keys) == len(set(keys))
    assert ended == codec.dropped


def test_more_is_remembered_than_is_ever_repeated_and_not_without_end() -> None:
    """The oldest final is forgotten, and is then one that was never heard."""
    codec = client()
    for number in range(MOST_REMEMBERED + 1):
        assert len(finals(codec, result(sentence_id=number + 1, text=f"{number}"))) == 1
    assert finals(codec, result(sentence_id=MOST_REMEMBERED + 1, text=f"{MOST_REMEMBERED}")) == []
    assert [final.text for final in finals(codec, result(text="0"))] == ["0"]


def test_an_empty_final_again_says_nothing() -> None:
    """No text is lost with it, so nothing is reported."""
    codec = client()
    codec.receive(result(text="", sentence_end=False))
    codec.receive(result(text=""))
    assert codec.receive(result(text="")) == []
    assert codec.dropped == 0


def test_what_is_settled_ends_with_a_word_where_its_punctuation_is_not_in_the_text() -> None:
    """The service sends both at its own pace."""
    words = [{"text": "good", "begin_time": 0, "end_time": 300, "punctuation": ",", "fixed": True}]
    (partial,) = client().receive(result(text="good day", end_time=None, sentence_end=False, words=words))
    assert isinstance(partial, Partial)
    assert (partial.settled, partial.unsettled) == ("good", " day")


def test_a_partial_without_a_begin_keeps_that_of_its_sentence() -> None:
    """The first one had it."""
    codec = client()
    codec.receive(result(begin_time=400, end_time=None, text="he", sentence_end=False))
    (partial,) = codec.receive(result(begin_time=None, end_time=None, text="hello", sentence_end=False))
    assert isinstance(partial, Partial)
    assert (partial.begin_ms, partial.text) == (400, "hello")


def test_an_emotion_reaches_the_client() -> None:
    """It goes out under the name that the client reads."""
    server = InferenceServer(counting("task-"))
    for asked in InferenceClient(RecognitionSettings("m"), counting("task-")).start():
        server.receive(asked)
    spoken = Final("1", 0, 900, "hello", emotion="happy")
    (final,) = (event for sent in server.encode(spoken) for event in client().receive(sent) if isinstance(event, Final))
    assert final.emotion == "happy"


def test_the_begin_of_a_sentence_is_reported_once() -> None:
    """A service that repeats it, before there are words, says nothing new."""
    codec = client()
    begins: dict[str, Any] = {"end_time": None, "text": "", "sentence_end": False, "sentence_begin": True}
    assert len(codec.receive(result(**begins))) == 1
    assert codec.receive(result(**begins)) == []


def test_words_say_whether_their_times_are_estimated() -> None:
    """By a recognizer behind a server of ours, and here where a service leaves a time out; no other word says so."""
    server = InferenceServer(counting("task-"))
    for asked in InferenceClient(RecognitionSettings("m"), counting("task-")).start():
        server.receive(asked)
    words = (Word("good", 0, 300), Word("day", 300, 900, ".", estimated=True))
    for sent in server.encode(Final("1", 0, 900, "good day.", words)):
        assert [final.words for final in client().receive(sent) if isinstance(final, Final)] in ([words], [])
    missing = [{"text": "good", "begin_time": 0, "end_time": 300}, {"text": "day", "begin_time": 300}, {"text": "."}]
    (final,) = client().receive(result(begin_time=0, end_time=900, text="good day.", words=missing))
    assert isinstance(final, Final)
    assert [word.estimated for word in final.words] == [False, True, True]
