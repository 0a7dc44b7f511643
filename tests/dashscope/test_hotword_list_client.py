"""The lists of an account, asked of the server's own half, with time in the test's hand."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from asrcli.core.errors import ProtocolError, ServiceRefused, UsageError
from asrcli.dashscope.hotword_list_client import MOST_PAGES, HotWordLists
from asrcli.dashscope.hotwords import HotWord
from asrcli.protocol.http import answers, hotword_lists
from asrcli.server.hotword_store import HotWordStore

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "fun-asr-realtime"
WORDS, OTHERS = (HotWord("a"), HotWord("b", 5)), (HotWord("a"),)
BEIJING = timezone(timedelta(hours=8))


class Account:
    """A service, a client of it, and the clock of both; the service writes its times in a zone."""

    def __init__(self, zone: Any = UTC) -> None:
        self.now = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
        self.asked: list[hotword_lists.HotWordListRequest] = []
        self.told: list[str] = []
        self.statuses: Iterator[str] = iter(())
        ids = count()
        self._service = HotWordStore(lambda: self.now.astimezone(zone), lambda: f"{next(ids):032x}")
        self.lists = HotWordLists(self._ask, lambda: self.now, self.sleep, self.told.append)

    def _ask(self, asked: hotword_lists.HotWordListRequest) -> dict[str, Any]:
        self.asked.append(asked)
        command = hotword_lists.read_request(hotword_lists.write_request(asked))
        answer = answers.success_body(self._service.run(command), "r")
        if isinstance(asked, hotword_lists.QueryList):
            answer["output"]["status"] = next(self.statuses, "OK")
        return answer

    def sleep(self, seconds: float) -> None:
        """Time goes by."""
        self.now += timedelta(seconds=seconds)

    def did(self, kind: type) -> int:
        """How often that was asked."""
        return sum(isinstance(asked, kind) for asked in self.asked)


def test_every_page_is_read() -> None:
    """Ten lists are a full page, and the next is empty."""
    account = Account()
    for number in range(10):
        account.lists.create(MODEL, "ab"[number % 2], WORDS)
    assert len(account.lists.all()) == 10
    assert [each.id[:8] for each in account.lists.all("b")] == ["vocab-b-"] * 5


def test_a_service_without_pages_is_asked_once_too_often_and_no_more() -> None:
    """The same ten lists again are the end."""
    page = [{"vocabulary_id": f"v{number}"} for number in range(10)]
    asked: list[hotword_lists.HotWordListRequest] = []

    def ask(one: hotword_lists.HotWordListRequest) -> dict[str, Any]:
        asked.append(one)
        return {"output": {"vocabulary_list": page}}

    lists = HotWordLists(ask, lambda: datetime.now(UTC), lambda _: None, lambda _: None)
    assert len(lists.all()) == 10
    assert len(asked) == 2


def test_a_service_whose_pages_have_no_end_is_reported() -> None:
    """Each page as full as the others, and each list another: no loop, and no growth."""
    pages = count()

    def ask(asked: Any) -> dict[str, Any]:
        page = next(pages)
        return {"output": {"vocabulary_list": [{"vocabulary_id": f"vocab-{page}-{n}"} for n in range(asked.size)]}}

    lists = HotWordLists(ask, lambda: datetime.now(UTC), lambda _: None, lambda _: None)
    with pytest.raises(ProtocolError, match="more than"):
        lists.all()
    assert next(pages) == MOST_PAGES


def test_the_eleventh_list_is_refused_before_it_is_tried() -> None:
    """With the one that has not changed for the longest, to delete."""
    account = Account()
    names = []
    for number in range(10):
        names.append(account.lists.create(MODEL, "a", WORDS))
        account.sleep(-60 if number < 3 else 60)
    with pytest.raises(UsageError, match=f"an account has 10 at most; delete one: asr vocab delete {names[3]}"):
        account.lists.create(MODEL, "a", WORDS)
    assert account.did(hotword_lists.CreateList) == 10


@pytest.mark.parametrize("zone", [UTC, BEIJING])
def test_an_update_too_soon_is_refused_and_says_when_it_may_be_done(zone: Any) -> None:
    """In whichever zone the service writes its times."""
    account = Account(zone)
    there = account.lists.query(account.lists.create(MODEL, "a", WORDS))
    account.sleep(299)
    with pytest.raises(UsageError, match=r"less than 5 minutes ago; it may be updated at 12:05:00"):
        account.lists.update(there, OTHERS, wait=False)
    assert account.did(hotword_lists.UpdateList) == 0
    account.sleep(1)
    account.lists.update(there, OTHERS, wait=False)
    assert account.lists.query(there.id).words == OTHERS


def test_an_update_that_may_wait_says_until_when() -> None:
    """No longer than need be."""
    account = Account()
    there = account.lists.query(account.lists.create(MODEL, "a", WORDS))
    account.sleep(100)
    account.lists.update(there, OTHERS, wait=True)
    assert f"{account.now:%H:%M:%S}" == "12:05:00"
    assert account.told == [f"waiting until 12:05:00, when {there.id} may be updated"]


@pytest.mark.parametrize("modified", ["", "yesterday", "2026-11-25T11:00:00+00:00", "2999-01-01 00:00:00"])
def test_a_time_that_says_nothing_stops_nobody(modified: str) -> None:
    """The service will say so itself; times with their zone are read as well."""
    account = Account()
    name = account.lists.create(MODEL, "a", WORDS)
    account.lists.update(hotword_lists.HotWordList(name, "", modified), OTHERS, wait=False)
    assert account.did(hotword_lists.UpdateList) == 1


def test_a_list_is_waited_for_until_it_can_be_used() -> None:
    """A second between two looks."""
    account = Account()
    name = account.lists.create(MODEL, "a", WORDS)
    account.statuses = iter(["UNDEPLOYED", "UNDEPLOYED", "OK"])
    account.lists.settle(name)
    assert f"{account.now:%H:%M:%S}" == "12:00:02"


def test_a_list_that_is_never_ready_is_not_waited_for_forever() -> None:
    """Two minutes."""
    account = Account()
    name = account.lists.create(MODEL, "a", WORDS)
    account.statuses = iter(["UNDEPLOYED"] * 1000)
    with pytest.raises(ServiceRefused, match=f"UNDEPLOYED: {name} cannot be used yet"):
        account.lists.settle(name)
    assert f"{account.now:%H:%M:%S}" == "12:02:00"


def test_sync_does_what_is_needed_and_no_more() -> None:
    """Created once; then left alone, in whatever order the words stand, until they differ."""
    account = Account()
    name, done = account.lists.sync(MODEL, "a", WORDS, wait=False)
    assert done == "created"
    assert account.lists.sync(MODEL, "a", WORDS[::-1], wait=False) == (name, "unchanged")
    assert account.did(hotword_lists.UpdateList) == 0
    with pytest.raises(UsageError, match="5 minutes"):
        account.lists.sync(MODEL, "a", OTHERS, wait=False)
    assert account.lists.sync(MODEL, "a", OTHERS, wait=True) == (name, "updated")
    assert account.lists.query(name).words == OTHERS
    assert account.did(hotword_lists.CreateList) == 1


def test_sync_leaves_lists_of_other_models_and_names_alone() -> None:
    """A list is for one model; of several for it the newest counts."""
    account = Account()
    for model, prefix in (("paraformer-realtime-v2", "a"), (MODEL, "b")):
        account.lists.create(model, prefix, OTHERS)
    name, done = account.lists.sync(MODEL, "a", WORDS, wait=False)
    assert done == "created"
    account.sleep(60)
    newer = account.lists.create(MODEL, "a", OTHERS)
    assert account.lists.sync(MODEL, "a", OTHERS, wait=False) == (newer, "unchanged")
    assert account.lists.query(name).words == WORDS
    assert account.did(hotword_lists.UpdateList) == 0


def test_a_list_that_is_ready_at_the_last_look_can_be_used() -> None:
    """The last second of the two minutes counts."""
    account = Account()
    name = account.lists.create(MODEL, "a", WORDS)
    account.statuses = iter(["UNDEPLOYED"] * 120)
    account.lists.settle(name)
    assert f"{account.now:%H:%M:%S}" == "12:02:00"


def test_a_list_that_was_deleted_is_gone() -> None:
    """And makes room for another."""
    account = Account()
    name = account.lists.create(MODEL, "a", WORDS)
    account.lists.delete(name)
    assert account.lists.all() == ()


def test_sync_replaces_a_list_of_other_words_only_when_it_is_allowed_to() -> None:
    """A prefix may be used by somebody else: a list that shares no word with ours is probably theirs."""
    account = Account()
    theirs = account.lists.create(MODEL, "a", (HotWord("x"), HotWord("y")))
    account.sleep(600)
    with pytest.raises(UsageError, match=f"{theirs} holds other words: x, y$"):
        account.lists.sync(MODEL, "a", WORDS, wait=False)
    assert account.did(hotword_lists.UpdateList) == 0
    assert account.lists.sync(MODEL, "a", WORDS, wait=False, replace=True) == (theirs, "updated")
    assert account.lists.query(theirs).words == WORDS
