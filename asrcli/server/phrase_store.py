"""The hot-word lists of the oldest models, in memory, with the service's limits. No clock, no random ids, no HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from asrcli.core.errors import ServiceRefused, shorten
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.http import phrase_lists
from asrcli.protocol.http.phrase_lists import (
    PHRASE_MODELS,
    BrowsePhrases,
    DeletePhrases,
    PhraseList,
    PhraseRequest,
    QueryPhrases,
    WritePhrases,
)
from asrcli.protocol.json_messages import Json
from asrcli.server.log_filter import log

MAX_PHRASE_LISTS = 100
MAX_PHRASES = 500
MAX_CHARACTERS = 10  # of a word with any character beyond ASCII and without spaces
MAX_PARTS, MAX_LENGTH = 5, 100  # of any other word: parts at spaces, characters
FAVOURED, AVOIDED = range(1, 6), range(-6, 0)
PAGE_SIZES = range(1, 101)
FIRST_ID_DIGITS = 4  # of the random part of an id


class PhraseStore:
    """The lists of one server, shared by all its clients.

    Args:
        now: Returns the time of the day.
        new_id: Returns 32 hexadecimal digits.
        lenient: Lists for any model, and weights beyond the service's, are allowed.
    """

    def __init__(self, now: Callable[[], datetime], new_id: Callable[[], str], *, lenient: bool = True) -> None:
        self._now = now
        self._new_id = new_id
        self._lenient = lenient
        self._lists: dict[str, PhraseList] = {}  # in the order in which they were created

    def run(self, command: PhraseRequest) -> Json:
        """Run a command of a client; returns the output of the answer.

        Raises:
            ServiceRefused: there is no such list, there are too many lists, or a word is not allowed.
        """
        match command:
            case WritePhrases():
                return phrase_lists.write_written(self._write(command))
            case BrowsePhrases():
                return self._page(command)
            case QueryPhrases(list_id):
                return phrase_lists.write_phrases(self._list(list_id))
            case DeletePhrases(list_id):  # pragma: no branch  a request is one of these four, which mypy checks
                del self._lists[self._list(list_id).id]
                return phrase_lists.write_deleted(list_id)

    def applied(self, recognition: RecognitionSettings) -> RecognitionSettings:
        """Return the recognition with the hot words of its list; a list of another model has no effect.

        Words that recognition should avoid are left out, because no recognizer here can avoid a word.
        """
        phrases = self._lists.get(recognition.phrase_id)
        if phrases is None or phrases.model != recognition.model:
            return recognition
        weights = {word: min(weight, FAVOURED[-1]) for word, weight in phrases.weights.items() if weight > 0}
        return replace(recognition, hotwords=tuple((weights | dict(recognition.hotwords)).items()))

    def _write(self, command: WritePhrases) -> PhraseList:
        if not self._lenient and command.model not in PHRASE_MODELS:
            raise ServiceRefused("ModelNotFound", "Model can not be found.")
        if not command.model.strip() or not command.model.isprintable() or len(command.model) > MAX_LENGTH:
            raise ServiceRefused("InvalidParameter", f"model must be a name of at most {MAX_LENGTH} characters")
        self._check(command.weights)
        now = self._now()
        job_id = f"ft-{now:%Y%m%d%H%M}-{self._new_id()[:FIRST_ID_DIGITS]}"
        if command.id:
            list_id = self._list(command.id).id
            if self._lists[list_id].model != command.model:
                raise ServiceRefused("InvalidParameter", f"this list is for {self._lists[list_id].model}")
        else:
            if len(self._lists) >= MAX_PHRASE_LISTS:
                raise ServiceRefused("Throttling.AllocationQuota", "Free allocated quota exceeded.")
            list_id = self._free_id(f"{command.model}-{job_id}")
        phrases = PhraseList(list_id, job_id, f"{now:%Y-%m-%d %H:%M:%S}", command.model, command.weights)
        self._lists[list_id] = phrases
        if avoided := sum(1 for weight in command.weights.values() if weight < 0):
            log.warning("%d hot words with weights below 0 have no effect here", avoided)
        return phrases

    def _free_id(self, wanted: str) -> str:
        """The id, with more random digits if another list of the same minute has it."""
        while wanted in self._lists:
            wanted += self._new_id()[:FIRST_ID_DIGITS]
        return wanted

    def _check(self, weights: Mapping[str, int]) -> None:
        if not weights:
            raise ServiceRefused("InvalidParameter", "phrase_list is empty")
        if len(weights) > MAX_PHRASES:
            raise ServiceRefused("InvalidParameter", f"phrase_list holds more than {MAX_PHRASES} words")
        for word, weight in weights.items():
            if problem := _problem(word):
                raise ServiceRefused("InvalidParameter", f"hot word {shorten(word, 40)}: {problem}")
            if weight not in FAVOURED and weight not in AVOIDED and not (self._lenient and weight):
                raise ServiceRefused(
                    "InvalidParameter", f"hot word {shorten(word, 40)}: a weight is 1 to 5 or -6 to -1"
                )

    def _page(self, asked: BrowsePhrases) -> Json:
        if asked.page < 1 or asked.size not in PAGE_SIZES:
            problem = f"page_no must be above 0, page_size from {PAGE_SIZES[0]} to {PAGE_SIZES[-1]}"
            raise ServiceRefused("InvalidParameter", problem)
        newest_first = list(reversed(self._lists.values()))
        begin = (asked.page - 1) * asked.size
        return phrase_lists.write_phrases_page(asked, newest_first[begin : begin + asked.size], len(newest_first))

    def _list(self, list_id: str) -> PhraseList:
        if list_id not in self._lists:
            raise ServiceRefused("NotFound", "There is no such phrase list.")
        return self._lists[list_id]


def _problem(word: str) -> str:
    if not word.strip() or not word.isprintable():
        return "it needs text, and no control characters"
    if word.isascii() or " " in word:
        if len(word.split(" ")) > MAX_PARTS or len(word) > MAX_LENGTH:
            return f"it has at most {MAX_PARTS} parts, counted at spaces, and {MAX_LENGTH} characters"
    elif len(word) > MAX_CHARACTERS:
        return f"it has at most {MAX_CHARACTERS} characters"
    return ""
