"""Models that translate, both ends joined: two texts with progress of their own, one sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.client_commands import FinishTask, SendAudio, StartTask
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Ready, Usage, Word
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.discarded_messages import MISSING_TEXT, MISSING_TRANSLATION
from asrcli.protocol.inference import translation
from asrcli.protocol.inference.codec import InferenceClient, TranslationClient
from asrcli.protocol.inference.sentence_tracker import MOST_REMEMBERED
from asrcli.protocol.inference.server_codec import InferenceServer
from tests.support.pair import Pair, counting, on_inference

GOLDEN = json.loads(Path(__file__).parent.with_name("golden").joinpath("gummy.json").read_text("utf-8"))
GUMMY, CHAT = "gummy-realtime-v1", "gummy-chat-v1"
INTO_ENGLISH = RecognitionSettings(GUMMY, translate="en")
WORDS = (Word("今天", 100, 480), Word("天气", 480, 1100))
ENDED = (Word("今天", 100, 480), Word("天气很好", 480, 1500, "。"))
NICE = "The weather is nice today."

HEARD: dict[str, list[Event]] = {
    "begins": [Partial("1", 100, "", "今天", WORDS[:1])],
    "goes on, the translation behind": [
        Partial("1", 100, "今天", "天气", WORDS, translation="Today the", translated_into="en")
    ],
    "words that are not fixed, without a tail": [
        Partial(
            "1", 100, "今天，", "天气", (Word("今天", 100, 480, "，"), WORDS[1]),
            translation="Today the", translated_into="en",
        )
    ],
    "the translation alone goes on": [
        Partial(
            "1", 100, "今天，", "天气", (Word("今天", 100, 480, "，"), WORDS[1]),
            translation="Today the weather", translated_into="en",
        )
    ],
    "both end, and the next has begun": [
        Final("1", 100, 1500, "今天天气很好。", ENDED, translation=NICE, translated_into="en"),
        Partial("2", 1500, "", "我", (Word("我", 1500, 1600),)),
    ],
    "what was said ends": [Partial("2", 1500, "我知道。", translation="I", translated_into="en")],
    "its translation ends": [Final("2", 1500, 2100, "我知道。", translation="I know.", translated_into="en")],
    "task-finished": [Finished(Usage(3))],
}  # fmt: skip


def joined(recognition: RecognitionSettings) -> Pair:
    """Both ends in a task, the server knowing what is asked for."""
    pair = on_inference(recognition)
    pair.ask(pair.client.start())
    pair.server._asked = recognition  # type: ignore[attr-defined]  # whatever run-task can say by now
    return pair


def result(**output: object) -> Text:
    """A result-generated of the first task."""
    header = {"task_id": "task-1", "event": "result-generated", "attributes": {}}
    return Text(json.dumps({"header": header, "payload": {"output": output, "usage": None}}))


def half(number: int, text: str, *, end: bool = False, lang: str = "") -> dict[str, Any]:
    """One text of a sentence."""
    times = {"begin_time": 1000 * number, "end_time" if end else "current_time": 1000 * number + 900}
    return {"sentence_id": number, "text": text, "words": [], "sentence_end": end, "lang": lang, **times}


def hear(client: InferenceClient, *messages: Message) -> list[Event]:
    """What the client makes of messages."""
    return [event for message in messages for event in client.receive(message)]


def client(**asked: Any) -> InferenceClient:
    """A client whose task is asked for a translation into English, unless otherwise."""
    return InferenceClient(RecognitionSettings(GUMMY, **{"translate": "en"} | asked), counting("task-"))


def test_the_recorded_answers_are_heard_as_what_they_say() -> None:
    """From the first to the last, by one client: two texts, each at its own pace, counted from 0 by the service."""
    codec = client()
    for name, events in HEARD.items():
        assert (name, codec.receive(Text(json.dumps(GOLDEN[name])))) == (name, events)
    assert set(GOLDEN) == {"run-task", "run-task, official SDK", *HEARD}


def test_what_is_asked_for_crosses() -> None:
    """Our own client and the official SDK, whose source language is null."""
    asked = RecognitionSettings(GUMMY, languages=("zh",), translate="en", silence_ms=700)
    (written,) = TranslationClient(asked, counting("task-")).start()
    assert isinstance(written, Text)
    assert json.loads(written.data) == GOLDEN["run-task"]
    for name, understood in (
        ("run-task", asked),
        ("run-task, official SDK", RecognitionSettings(GUMMY, translate="en")),
    ):
        (start,) = InferenceServer(counting()).receive(Text(json.dumps(GOLDEN[name])))
        assert isinstance(start, StartTask)
        assert (start.recognition.languages, start.recognition.translate) == (understood.languages, "en")
        assert start.recognition.transcription is not False


def test_a_task_from_its_start_to_its_end() -> None:
    """Partials with what is settled and what is not in both languages; finals with both; the usage is reported."""
    pair = joined(INTO_ENGLISH)
    assert pair.tell(Ready("task-1")) == [Ready("task-1")]
    assert pair.ask(pair.client.audio(bytes(64000))) == [SendAudio(bytes(64000))]
    said: list[Event] = [
        Partial("1", 100, "", "今天", WORDS[:1], translation="to", translated_into="en"),
        Partial("1", 100, "今天", "天气", WORDS, translation="today", translated_into="en"),
        Final("1", 100, 1500, "今天天气很好。", ENDED, translation=NICE, translated_into="en"),
        Final("2", 1600, 1700, "好", translation="Good", translated_into="en"),
    ]
    assert pair.tell(*said) == said
    assert pair.ask(pair.client.finish()) == [FinishTask()]
    assert pair.tell(Finished()) == [Finished(Usage(2))]


def test_without_a_translation_it_is_a_model_like_others() -> None:
    """Only what was said travels, and nothing is waited for."""
    pair = joined(RecognitionSettings(GUMMY))
    (message,) = pair.server.encode(Final("1", 0, 9, "好"))
    assert isinstance(message, Text)
    assert set(json.loads(message.data)["payload"]["output"]) == {"transcription"}
    assert pair.handle([message]) == [Final("1", 0, 9, "好")]


def test_without_a_transcription_the_translation_is_the_text() -> None:
    """And its language that of the sentence; until there is one, nothing is said."""
    pair = joined(RecognitionSettings(GUMMY, translate="en", transcription=False))
    assert pair.tell(Partial("1", 0, "", "好")) == []
    assert pair.tell(Partial("1", 0, "", "好", translation="Go", translated_into="en")) == [
        Partial("1", 0, "", "Go", language="en")
    ]
    (message,) = pair.server.encode(Final("1", 0, 9, "好", translation="Good", translated_into="en"))
    assert isinstance(message, Text)
    assert set(json.loads(message.data)["payload"]["output"]) == {"translations"}
    assert pair.handle([message]) == [Final("1", 0, 9, "Good", language="en")]


def test_neither_text_is_final_before_the_other() -> None:
    """Whichever ends first waits, and is shown meanwhile."""
    codec = client()
    assert hear(codec, result(translations=[half(0, "Good.", end=True, lang="en")])) == [
        Partial("1", 0, "", translation="Good.", translated_into="en")
    ]
    assert hear(codec, result(transcription=half(0, "好")))[-1] == Partial(
        "1", 0, "", "好", translation="Good.", translated_into="en"
    )
    assert hear(codec, result(transcription=half(0, "好。", end=True))) == [
        Final("1", 0, 900, "好。", translation="Good.", translated_into="en")
    ]


def test_the_end_of_a_task_lets_go_what_waits_as_it_is() -> None:
    """A translation that never ended is better than none; what has no end in either language was not said."""
    codec = client()
    hear(codec, result(transcription=half(0, "一", end=True), translations=[half(0, "o", lang="en")]))
    hear(codec, result(translations=[half(1, "two", end=True, lang="en")]), result(transcription=half(2, "三")))
    assert hear(codec, Text(json.dumps(GOLDEN["task-finished"]))) == [
        Notice("warning", MISSING_TRANSLATION),
        Final("1", 0, 900, "一", translation="o", translated_into="en"),
        Notice("warning", MISSING_TEXT),
        Final("2", 1000, 1900, "two", language="en"),
        Finished(),
    ]


def test_a_sentence_comes_before_later_ones() -> None:
    """Finals come in the order of the talk: the later text is translated, so nobody will translate the earlier one."""
    codec = client()
    assert hear(codec, result(transcription=half(0, "嗯", end=True))) == [Partial("1", 0, "嗯")]
    both = result(transcription=half(1, "好", end=True), translations=[half(1, "Good", end=True, lang="en")])
    assert hear(codec, both) == [
        Final("1", 0, 900, "嗯"),
        Final("2", 1000, 1900, "好", translation="Good", translated_into="en"),
    ]
    late = [result(translations=[half(0, "Hm", end=end, lang="en")]) for end in (False, True)]
    assert hear(codec, *late) == [Notice(level, translation.TOO_LATE) for level in ("debug", "warning")]
    assert codec.dropped == 1


@given(st.data())
def test_a_late_transcript_is_whole_and_comes_before_later_ones(data: st.DataObject) -> None:
    """Its sentence was translated first, and later sentences ended meanwhile: fewer than the codec lets wait."""
    count, late = data.draw(st.integers(1, 12)), {}
    for number in range(count):
        late[number] = data.draw(st.integers(0, translation.MOST_WAITING - 1), label=f"how late is {number}")
    codec, heard = client(), list[Event]()
    for now in range(count + translation.MOST_WAITING):
        due = [number for number in range(count) if number + late[number] == now]
        messages = [result(transcription=half(number, f"said {number}", end=True)) for number in due]
        if now < count:
            messages.insert(0, result(transcription=half(now, "said")))
            messages.insert(1, result(translations=[half(now, f"put {now}", end=True, lang="en")]))
        heard += hear(codec, *messages)
    finals = [event for event in heard if isinstance(event, Final)]
    assert [(final.text, final.translation) for final in finals] == [
        (f"said {number}", f"put {number}") for number in range(count)
    ]
    assert not [event for event in heard if isinstance(event, Notice)]


def test_a_transcript_that_never_ends_holds_back_a_few_sentences_only() -> None:
    """It then goes out as far as it is known, with a warning, and those after it at once."""
    codec = client()
    hear(codec, result(transcription=half(0, "一"), translations=[half(0, "one two", end=True, lang="en")]))
    heard: list[Event] = []
    for number in range(1, translation.MOST_WAITING + 1):
        heard = hear(
            codec,
            result(
                transcription=half(number, f"{number}", end=True),
                translations=[half(number, f"({number})", end=True, lang="en")],
            ),
        )
        assert [event for event in heard if isinstance(event, Final)] == [] or number == translation.MOST_WAITING
    assert heard[-translation.MOST_WAITING - 2] == Notice("warning", MISSING_TEXT)
    finals = [event for event in heard if isinstance(event, Final)]
    assert [final.text for final in finals] == ["一", "1", "2", "3", "4"]


def test_a_service_that_never_translates_holds_nothing_back_forever() -> None:
    """Audio is kept until a final covers it: after a few sentences nobody waits any more."""
    codec, finals = client(), []
    for number in range(20):
        heard = hear(codec, result(transcription=half(number, f"{number}", end=True)))
        finals += [event.text for event in heard if isinstance(event, Final)]
        assert number + 1 - len(finals) <= translation.MOST_WAITING
    assert finals == [str(number) for number in range(20 - translation.MOST_WAITING)]


def test_what_came_to_nothing_waits_for_no_translation() -> None:
    """A partial is taken back at once."""
    codec = client()
    hear(codec, result(transcription=half(0, "嗯")))
    assert hear(codec, result(transcription=half(0, "", end=True))) == [Final("1", 0, 900, "")]


@pytest.mark.parametrize(("end_ms", "is_told"), [(1900, True), (2900, True), (3001, False), (10**9, False)])
def test_an_end_far_behind_the_audio_claims_none_of_what_is_on_its_way(end_ms: int, *, is_told: bool) -> None:
    """What follows the start is not decided then; once all audio was sent, the sentence may reach to its end."""
    for finishes in (False, True):
        asked = client()
        asked.audio(bytes(2 * 16 * 2000))
        if finishes:
            asked.finish()
        told = half(1, "你好吗", end=True) | {"end_time": end_ms}
        (final,) = hear(asked, result(transcription=told, translations=[told | {"lang": "en", "text": "how are you"}]))
        assert isinstance(final, Final)
        assert (final.begin_ms, final.sure_ms) == (1000, None if is_told or finishes else 1000)


def test_of_several_translations_the_one_that_was_asked_for_counts() -> None:
    """And any where none was: an option of the service's own may have asked."""
    two = [half(0, "bien", end=True, lang="fr"), half(0, "good", end=True, lang="en")]
    message = result(transcription=half(0, "好", end=True), translations=two)
    for into, text, lang in (("en", "good", "en"), ("", "bien", "fr"), ("ja", "bien", "fr")):
        assert hear(client(translate=into), message) == [
            Final("1", 0, 900, "好", translation=text, translated_into=lang)
        ]


@pytest.mark.parametrize(
    "output",
    [
        {"transcription": None, "translations": None},
        {"transcription": 7, "translations": {"lang": "en"}},
        {"translations": [None, "x", []]},
        {"transcription": {}},
        {"transcription": {"sentence_id": 0}, "translations": [{"sentence_id": 0, "lang": "en"}]},
        {"transcription": half(0, ""), "translations": [half(0, "", lang="en")]},
    ],
)
def test_halves_that_are_not_there_say_nothing(output: dict[str, Any]) -> None:
    """Null, empty and of the wrong kind."""
    assert hear(client(), result(**output)) == []


def test_a_half_that_cannot_be_read_leaves_the_other() -> None:
    """It is named, once; what stands beside it in the message is heard."""
    broken = half(0, "x", end=True, lang="en") | {"text": None}
    notice, partial = hear(client(), result(transcription=half(0, "好", end=True), translations=[broken]))
    assert "field text has the wrong type" in str(notice)
    assert partial == Partial("1", 0, "好")


def test_answers_have_every_key_the_official_sdk_reads() -> None:
    """It indexes them without looking: one that is missing ends its thread without a word."""
    pair = joined(INTO_ENGLISH)
    word = {"text", "begin_time", "end_time", "fixed"}
    for event in (
        Partial("1", 100, "今天", "天气", WORDS, translation="today", translated_into="en"),
        Final("1", 100, 1500, "今天天气很好。", ENDED, translation=NICE, translated_into="en"),
    ):
        (message,) = pair.server.encode(event)
        assert isinstance(message, Text)
        payload = json.loads(message.data)["payload"]
        assert payload["usage"] == ({"duration": 0} if isinstance(event, Final) else None)
        (into,) = payload["output"]["translations"]
        halves = [payload["output"]["transcription"], into]
        assert into["lang"] == "en"
        for told in [*halves, *(each["stash"] for each in halves if "stash" in each)]:
            assert {"sentence_id", "text", "begin_time", "words"} <= set(told)
            assert isinstance(told.get("end_time", told.get("current_time")), int)
            assert all(word <= set(each) for each in told["words"])
            assert told["sentence_id"] == 0


def test_one_sentence_ends_a_task_of_the_model_for_one() -> None:
    """By itself, and a finish-task that crosses it is no mistake; the next task is like the first."""
    pair = joined(RecognitionSettings(CHAT))
    for _ in range(2):
        assert pair.tell(Partial("1", 0, "", "x"), Final("1", 0, 5, "")) == [
            Partial("1", 0, "", "x"),
            Final("1", 0, 5, ""),
        ]
        assert pair.tell(Final("2", 0, 9, "好", translation="Good"))[-1] == Finished(Usage(0))
        assert pair.server.task_id == ""
        assert pair.ask(pair.client.finish()) == []
        pair.client = client()
        pair.ask([Text(json.dumps(GOLDEN["run-task"]).replace(GUMMY, CHAT))])
    assert pair.ask(pair.client.finish()) == [FinishTask()]


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip)


@given(TEXTS, TEXTS, TEXTS, st.integers(1, 10**6), st.integers(0, 10**8))
def test_any_two_texts_cross_unchanged(settled: str, unsettled: str, into: str, number: int, begin_ms: int) -> None:
    """The wire changes nothing of either, nor where the settled part ends."""
    pair = joined(INTO_ENGLISH)
    beside = {"translation": into, "translated_into": "en"}
    said: list[Event] = [
        Partial(str(number), begin_ms, settled, unsettled, **beside),  # type: ignore[arg-type]
        Final(str(number), begin_ms, begin_ms + 5, settled, **beside),  # type: ignore[arg-type]
    ]
    assert pair.tell(*said) == said


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.booleans()), max_size=30))
def test_whatever_the_pace_of_the_two_each_sentence_is_final_once(steps: list[tuple[bool, int, bool]]) -> None:
    """Any order of ends, late and repeated ones: nothing that ended is lost without a report, no key comes twice."""
    codec, events, ended = client(), [], set[str]()
    for said, number, end in steps:
        text = half(number, f"{'said' if said else 'put'} {number}", end=end, lang="en")
        events += hear(codec, result(transcription=text) if said else result(translations=[text]))
        ended |= {text["text"]} if end else set()
    events += hear(codec, Text(json.dumps(GOLDEN["task-finished"])))
    finals = [event for event in events if isinstance(event, Final)]
    assert len(finals) == len({final.key for final in finals})
    assert len(ended - {text for final in finals for text in (final.text, final.translation)}) <= codec.dropped
    done: set[str] = set()
    for event in events:
        assert not isinstance(event, Partial) or event.key not in done
        done |= {event.key} if isinstance(event, Final) else set()


def test_a_message_may_end_a_sentence_and_with_it_the_one_before() -> None:
    """The earlier one goes first, with what there is of it, and is not said again."""
    codec = client()
    hear(codec, result(transcription=half(0, "一", end=True)))
    hear(codec, result(transcription=half(1, "二"), translations=[half(1, "two", end=True, lang="en")]))
    heard = hear(codec, result(transcription=half(1, "二", end=True), translations=[half(0, "on", lang="en")]))
    told = [(event.text, event.translation) for event in heard if isinstance(event, Final | Partial)]
    assert told == [("一", "on"), ("二", "two")]


def test_more_is_remembered_than_is_ever_repeated_and_not_without_end() -> None:
    """The oldest text is forgotten, and is then one that was never heard."""
    codec = client()
    for number in range(2 * MOST_REMEMBERED + 1):
        hear(codec, result(transcription=half(number, "x", end=True)))
    assert len(codec._pairs._ends) == 2 * MOST_REMEMBERED


def test_the_beginning_of_the_next_sentence_after_one_without_a_number_is_shown() -> None:
    """It has no number either; both texts come out."""
    ended = {"end_time": 900, "begin_time": 0, "text": "one", "sentence_end": True, "stash": {"text": "tw"}}
    first, following = translation._read(ended)
    assert (first.text, first.ended, following.text, following.number) == ("one", True, "tw", None)
