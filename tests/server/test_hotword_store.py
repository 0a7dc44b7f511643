"""The hot-word lists of the server: what each command does, and how a recognition gets the words of a list."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from asrcli.core.errors import ServiceRefused
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.hotwords import HotWord
from asrcli.protocol.http import hotword_lists
from asrcli.protocol.http.hotword_lists import BrowseLists, CreateList, DeleteList, QueryList, UpdateList
from asrcli.server.hotword_store import HotWordStore

MODEL = "fun-asr-realtime"


def lists() -> HotWordStore:
    """Lists with ids that count, made a minute apart."""
    ids, minutes = count(), count()
    return HotWordStore(
        lambda: datetime(2026, 11, 25, 1, 0, 0) + timedelta(minutes=next(minutes)),
        lambda: f"{next(ids):032x}",
    )


def made(there: HotWordStore, prefix: str = "ml", model: str = MODEL, *words: HotWord) -> str:
    """A new list."""
    name: str = there.run(CreateList(model, prefix, words or (HotWord("a"),)))["vocabulary_id"]
    return name


def browsed(there: HotWordStore, *asked: Any) -> list[str]:
    """The ids on a page."""
    return [each["vocabulary_id"] for each in there.run(BrowseLists(*asked))["vocabulary_list"]]


def test_a_list_is_created_read_changed_and_deleted() -> None:
    """Made, asked for, changed, deleted; its times are those of the service in form."""
    there = lists()
    name = made(there)
    assert name == f"vocab-ml-{0:032x}"
    dates = {"gmt_create": "2026-11-25 01:00:00", "gmt_modified": "2026-11-25 01:00:00", "status": "OK"}
    table = [{"text": "a", "weight": 4}]
    assert there.run(QueryList(name)) == {**dates, "target_model": MODEL, "vocabulary": table}
    assert there.run(UpdateList(name, (HotWord("b", 5, "en"),))) == {}
    dates["gmt_modified"] = "2026-11-25 01:01:00"
    table = [{"text": "b", "weight": 5, "lang": "en"}]
    assert there.run(QueryList(name)) == {**dates, "target_model": MODEL, "vocabulary": table}
    assert there.run(BrowseLists()) == {"vocabulary_list": [{"vocabulary_id": name, **dates}]}
    assert there.run(DeleteList(name)) == {}
    assert browsed(there) == []


@pytest.mark.parametrize("asked", [QueryList("no"), UpdateList("no", (HotWord("a"),)), DeleteList("no")])
def test_a_list_that_is_not_there_is_refused_in_the_service_s_words(asked: hotword_lists.HotWordListRequest) -> None:
    """The official SDK's users look for them."""
    with pytest.raises(ServiceRefused) as caught:
        lists().run(asked)
    assert (caught.value.code, caught.value.message) == (
        "BadRequest.ResourceNotExist",
        "The Required resource not exist.",
    )


def test_the_eleventh_list_is_refused_until_one_has_gone() -> None:
    """Whatever models they are for."""
    there = lists()
    names = [made(there, "p", f"m{number}") for number in range(10)]
    with pytest.raises(ServiceRefused) as caught:
        made(there)
    assert (caught.value.code, caught.value.message) == ("Throttling.AllocationQuota", "Free allocated quota exceeded.")
    there.run(DeleteList(names[3]))
    made(there)


def test_lists_come_in_pages_and_by_prefix() -> None:
    """A prefix is the whole of it, not how it begins."""
    there = lists()
    names = [made(there, prefix) for prefix in ("a", "ab", "a", "b", "a")]
    assert [browsed(there, "", page, 2) for page in range(4)] == [names[:2], names[2:4], names[4:], []]
    assert browsed(there, "a") == [names[0], names[2], names[4]]
    assert browsed(there, "a", 1, 2) == [names[4]]
    for page, size in ((-1, 10), (0, 0), (0, 101)):
        with pytest.raises(ServiceRefused, match="InvalidParameter"):
            browsed(there, "", page, size)


@pytest.mark.parametrize(
    "asked",
    [
        CreateList(MODEL, "", (HotWord("a"),)),
        CreateList(MODEL, "A", (HotWord("a"),)),
        CreateList(MODEL, "a" * 11, (HotWord("a"),)),
        CreateList("", "a", (HotWord("a"),)),
        CreateList(MODEL, "a", ()),
        CreateList(MODEL, "a", (HotWord("a", 50),)),
        CreateList("paraformer-realtime-v2", "a", tuple(HotWord(f"a{number}") for number in range(501))),
    ],
)
def test_what_breaks_a_limit_makes_no_list(asked: CreateList) -> None:
    """The parameter is at fault."""
    there = lists()
    with pytest.raises(ServiceRefused, match="InvalidParameter"):
        there.run(asked)
    assert browsed(there) == []


def test_a_recognition_gets_the_words_of_its_list_beside_its_own() -> None:
    """Its own weight counts where both have a word."""
    there = lists()
    name = made(there, "a", MODEL, HotWord("a", 5), HotWord("b", 2))
    asked = RecognitionSettings(MODEL, vocabulary_id=name, hotwords=(("b", 4), ("c", 1)))
    assert there.applied(asked).hotwords == (("a", 5), ("b", 4), ("c", 1))


def test_a_list_of_another_model_or_of_nobody_has_no_effect() -> None:
    """And no error, as with the service."""
    there = lists()
    for asked in (
        RecognitionSettings("other", vocabulary_id=made(there)),
        RecognitionSettings(MODEL, vocabulary_id="vocab-x"),
    ):
        assert there.applied(asked) == asked
    assert there.applied(RecognitionSettings(MODEL)) == RecognitionSettings(MODEL)


@pytest.mark.parametrize(("spoken", "words"), [((), "abc"), (("en",), "ac"), (("zh", "en"), "abc"), (("ja",), "a")])
def test_words_of_a_language_count_where_it_is_spoken(spoken: tuple[str, ...], words: str) -> None:
    """Without hints all do."""
    there = lists()
    name = made(there, "a", MODEL, HotWord("a"), HotWord("b", 4, "zh"), HotWord("c", 4, "en"))
    asked = RecognitionSettings(MODEL, languages=spoken, vocabulary_id=name)
    assert [word for word, _ in there.applied(asked).hotwords] == list(words)
