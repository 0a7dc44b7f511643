"""The hot-word lists that the server keeps: in memory, under the service's limits. No clock, no chance, no HTTP."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from asrcli.core.errors import ServiceRefused, UsageError
from asrcli.core.settings import RecognitionSettings
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

MOST_LISTS = 10
PAGE_SIZES = range(1, 101)
_PREFIX = re.compile(r"[0-9a-z]{1,10}")


class HotWordStore:
    """The lists of one server, shared by all its clients. `new_id` gives 32 hexadecimal digits."""

    def __init__(self, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self._now, self._new_id = now, new_id
        self._lists: dict[str, HotWordList] = {}

    def do(self, asked: HotWordListRequest) -> Json:
        """Do what is asked; the output of the answer.

        Raises:
            ServiceRefused: no such list, one too many, or words that no list takes.
        """
        match asked:
            case CreateList(model, prefix, words):
                return hotword_lists.write_created(self._created(model, prefix, words))
            case BrowseLists(prefix, page, size):
                return hotword_lists.write_page(self._page(prefix, page, size))
            case QueryList(name):
                return hotword_lists.write_list(self._found(name))
            case UpdateList(name, words):
                there = self._found(name)
                words = _checked(there.model, words)
                self._lists[name] = replace(there, words=words, modified=self._date())
            case DeleteList(name):
                del self._lists[self._found(name).id]
        return {}

    def applied(self, recognition: RecognitionSettings) -> RecognitionSettings:
        """The recognition with the words of its list. One of another model has no effect; so has one nobody knows."""
        there = self._lists.get(recognition.vocabulary_id)
        if there is None or there.model != recognition.model:
            return recognition
        spoken = {"", *recognition.languages}
        words = [word for word in there.words if spoken == {""} or word.language in spoken]
        listed = {word.text: word.weight for word in words}
        return replace(recognition, hotwords=tuple((listed | dict(recognition.hotwords)).items()))

    def _created(self, model: str, prefix: str, words: tuple[HotWord, ...]) -> str:
        if not model.strip():
            raise ServiceRefused("InvalidParameter", "target_model is empty")
        if not _PREFIX.fullmatch(prefix):
            raise ServiceRefused("InvalidParameter", "prefix must be 1 to 10 digits and lower-case letters")
        words = _checked(model, words)
        if len(self._lists) >= MOST_LISTS:
            raise ServiceRefused("Throttling.AllocationQuota", "Free allocated quota exceeded.")
        name, now = f"vocab-{prefix}-{self._new_id()}", self._date()
        self._lists[name] = HotWordList(name, now, now, model=model, words=words)
        return name

    def _page(self, prefix: str, page: int, size: int) -> list[HotWordList]:
        if page < 0 or size not in PAGE_SIZES:
            raise ServiceRefused("InvalidParameter", f"page_size must be from {PAGE_SIZES[0]} to {PAGE_SIZES[-1]}")
        fitting = [each for each in self._lists.values() if not prefix or each.id.startswith(f"vocab-{prefix}-")]
        return fitting[page * size : (page + 1) * size]

    def _found(self, name: str) -> HotWordList:
        if name not in self._lists:
            raise ServiceRefused("BadRequest.ResourceNotExist", "The Required resource not exist.")
        return self._lists[name]

    def _date(self) -> str:
        return f"{self._now():%Y-%m-%d %H:%M:%S}"


def _checked(model: str, words: tuple[HotWord, ...]) -> tuple[HotWord, ...]:
    try:
        return check_hotwords(words, limits_of(model))
    except UsageError as exc:
        raise ServiceRefused("InvalidParameter", str(exc)) from None
