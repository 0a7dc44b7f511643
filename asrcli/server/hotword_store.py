"""The hot-word lists that the server keeps, in memory, with the service's limits. No clock, no random ids, no HTTP."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from asrcli.core.errors import ServiceRefused, UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.hotwords import HotWord, check_hotwords, limits_of
from asrcli.protocol.http import hotword_lists
from asrcli.protocol.http.hotword_lists import (
    BrowseLists,
    CreateList,
    DeleteList,
    HotWordList,
    HotWordListRequest,
    QueryList,
    UpdateList,
)
from asrcli.protocol.json_messages import Json

MAX_LISTS = 10
PAGE_SIZES = range(1, 101)
UPDATE_AFTER = timedelta(minutes=5)
_PREFIX = re.compile(r"[0-9a-z]{1,10}")


class HotWordStore:
    """The lists of one server, shared by all its clients.

    Args:
        now: Returns the time of the day.
        new_id: Returns 32 hexadecimal digits.
        lenient: Lists for unknown models, and updates of one list within five minutes, are allowed.
    """

    def __init__(self, now: Callable[[], datetime], new_id: Callable[[], str], *, lenient: bool = True) -> None:
        self._now = now
        self._new_id = new_id
        self._lenient = lenient
        self._updated_at: dict[str, datetime] = {}
        self._lists: dict[str, HotWordList] = {}

    def run(self, command: HotWordListRequest) -> Json:
        """Run a command of a client; returns the output of the answer.

        Raises:
            ServiceRefused: there is no such list, there are too many lists, or a hot word is not allowed.
        """
        match command:
            case CreateList(model, prefix, words):
                return hotword_lists.write_created(self._create(model, prefix, words))
            case BrowseLists(prefix, page, size):
                return hotword_lists.write_page(self._page(prefix, page, size))
            case QueryList(name):
                return hotword_lists.write_list(self._list(name))
            case UpdateList(name, words):
                self._update(name, words)
            case DeleteList(name):  # pragma: no branch  a request is one of these five, which mypy checks
                del self._lists[self._list(name).id]
                self._updated_at.pop(name, None)
        return {}

    def applied(self, recognition: RecognitionSettings) -> RecognitionSettings:
        """Return the recognition with the hot words of its list.

        A list of another model and an unknown list have no effect, as with the service.
        """
        hotword_list = self._lists.get(recognition.vocabulary_id)
        if hotword_list is None or hotword_list.model != recognition.model:
            return recognition
        languages = {"", *recognition.languages}
        words = [word for word in hotword_list.words if languages == {""} or word.language in languages]
        weights = {word.text: word.weight for word in words}
        return replace(recognition, hotwords=tuple((weights | dict(recognition.hotwords)).items()))

    def _create(self, model: str, prefix: str, words: tuple[HotWord, ...]) -> str:
        if not model.strip():
            raise ServiceRefused("InvalidParameter", "target_model is empty")
        if not self._lenient and model not in MODELS:
            raise ServiceRefused("ModelNotFound", "Model can not be found.")
        if not _PREFIX.fullmatch(prefix):
            raise ServiceRefused("InvalidParameter", "prefix must be 1 to 10 digits and lower-case letters")
        words = _checked(model, words)
        if len(self._lists) >= MAX_LISTS:
            raise ServiceRefused("Throttling.AllocationQuota", "Free allocated quota exceeded.")
        name = f"vocab-{prefix}-{self._new_id()}"
        now = _date(self._now())
        self._lists[name] = HotWordList(name, now, now, model=model, words=words)
        return name

    def _update(self, name: str, words: tuple[HotWord, ...]) -> None:
        hotword_list = self._list(name)
        words = _checked(hotword_list.model, words)
        now = self._now()
        last = self._updated_at.get(name)
        if not self._lenient and last is not None and now - last < UPDATE_AFTER:
            raise ServiceRefused("Throttling", "this list was updated less than 5 minutes ago")
        self._updated_at[name] = now
        self._lists[name] = replace(hotword_list, words=words, modified=_date(now))

    def _page(self, prefix: str, page: int, size: int) -> list[HotWordList]:
        if page < 0 or size not in PAGE_SIZES:
            raise ServiceRefused("InvalidParameter", f"page_size must be from {PAGE_SIZES[0]} to {PAGE_SIZES[-1]}")
        matching = [kept for kept in self._lists.values() if not prefix or kept.id.startswith(f"vocab-{prefix}-")]
        return matching[page * size : (page + 1) * size]

    def _list(self, name: str) -> HotWordList:
        if name not in self._lists:
            raise ServiceRefused("BadRequest.ResourceNotExist", "The Required resource not exist.")
        return self._lists[name]


def _date(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _checked(model: str, words: tuple[HotWord, ...]) -> tuple[HotWord, ...]:
    try:
        return check_hotwords(words, limits_of(model))
    except UsageError as exc:
        raise ServiceRefused("InvalidParameter", str(exc)) from None
