"""Manages the hot-word lists of an account: list, create, update, sync. Sender and clock are passed in."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone

from asrcli.core.causes import Cause
from asrcli.core.errors import ProtocolError, ServiceRefused, UsageError, shorten
from asrcli.dashscope.hotwords import HotWord
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

MOST_PAGES = 100
MOST_LISTS = 10  # of an account, for all models together
BETWEEN_UPDATES_S = 300  # of one list
READY_WITHIN_S, ASK_EVERY_S = 120, 1
CLOCKS_DIFFER_S = 120  # at most: a time further ahead of ours is of another zone
ZONES = (UTC, timezone(timedelta(hours=8)))  # the service does not say in which of them its times are


class HotWordLists:
    """The lists of an account.

    `ask` sends a request and returns the body of the answer; `now` returns the time with its zone; `notify` shows a
    message before a long wait.
    """

    def __init__(
        self,
        ask: Callable[[HotWordListRequest], Json],
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        notify: Callable[[str], None],
    ) -> None:
        self._ask = ask
        self._now = now
        self._sleep = sleep
        self._notify = notify

    def all(self, prefix: str = "") -> tuple[HotWordList, ...]:
        """All lists with this prefix; an empty prefix selects all lists.

        Raises:
            ProtocolError: the service says that there are more pages than an account can have.
        """
        found: dict[str, HotWordList] = {}
        for page in range(MOST_PAGES):
            listed = hotword_lists.read_page(self._ask(BrowseLists(prefix, page)))
            new = [entry for entry in listed if entry.id not in found]
            found |= {entry.id: entry for entry in new}
            if not new or len(listed) < hotword_lists.PAGE_SIZE:
                return tuple(entry for entry in found.values() if not prefix or entry.id.startswith(f"vocab-{prefix}-"))
        raise ProtocolError(f"the list of hot-word lists has more than {MOST_PAGES} pages")

    def query(self, vocabulary_id: str) -> HotWordList:
        """A list with its words."""
        return hotword_lists.read_list(vocabulary_id, self._ask(QueryList(vocabulary_id)))

    def create(self, model: str, prefix: str, words: Iterable[HotWord]) -> str:
        """Create a list and return its id.

        Raises:
            UsageError: the account has as many lists as it may have.
        """
        there = self.all()
        if len(there) >= MOST_LISTS:
            oldest = min(there, key=lambda each: each.modified)
            raise UsageError(
                f"there are {len(there)} hot-word lists, and an account has {MOST_LISTS} at most",
                f"delete one: asr vocab delete {oldest.id} (unchanged for the longest, {oldest.modified})",
            )
        return hotword_lists.read_created(self._ask(CreateList(model, prefix, tuple(words))))

    def update(self, hotword_list: HotWordList, words: Iterable[HotWord], *, wait: bool) -> None:
        """Replace the words of a list. The service allows one update of a list in five minutes.

        Raises:
            UsageError: it is too early, and `wait` is False; otherwise the call waits.
        """
        left_s = self._left_s(hotword_list)
        if left_s > 0:
            when = f"{self._now() + timedelta(seconds=left_s):%H:%M:%S}"
            if not wait:
                problem = f"{hotword_list.id} has changed less than {BETWEEN_UPDATES_S // 60} minutes ago"
                raise UsageError(problem, f"it may be updated at {when}: try again then", cause=Cause.TOO_EARLY)
            self._notify(f"waiting until {when}, when {hotword_list.id} may be updated")
            self._sleep(left_s)
        self._ask(UpdateList(hotword_list.id, tuple(words)))

    def delete(self, vocabulary_id: str) -> None:
        """Delete a list."""
        self._ask(DeleteList(vocabulary_id))

    def settle(self, vocabulary_id: str) -> None:
        """Wait until a list can be used.

        Raises:
            ServiceRefused: the list is not ready within two minutes.
        """
        status = self.query(vocabulary_id).status
        for _ in range(READY_WITHIN_S // ASK_EVERY_S):
            if status == hotword_lists.READY:
                return
            self._sleep(ASK_EVERY_S)
            status = self.query(vocabulary_id).status
        if status != hotword_lists.READY:
            raise ServiceRefused(status, f"{vocabulary_id} cannot be used yet; asr vocab show says when it is OK")

    def sync(
        self, model: str, prefix: str, words: Iterable[HotWord], *, wait: bool, replace: bool = False
    ) -> tuple[str, str]:
        """Make the list with this prefix for this model hold exactly these words; return its id and what was done.

        Raises:
            UsageError: the existing list has no word in common with these, so it may be another one; `replace` was
                not given.
        """
        wanted = tuple(words)
        newest_first = sorted(self.all(prefix), key=lambda each: each.modified, reverse=True)
        for listed in newest_first:
            there = self.query(listed.id)
            if there.model != model:
                continue
            if set(there.words) == set(wanted):
                return there.id, "unchanged"
            if not replace and there.words and not {each.text for each in there.words} & {each.text for each in wanted}:
                problem = f"{there.id} holds other words: {shorten(', '.join(each.text for each in there.words), 40)}"
                raise UsageError(problem, cause=Cause.OTHER_WORDS)
            self.update(there, wanted, wait=wait)
            return there.id, "updated"
        return self.create(model, prefix, wanted), "created"

    def _left_s(self, hotword_list: HotWordList) -> float:
        """Seconds until an update is allowed, by the possible time zone that makes the list youngest."""
        try:
            modified = datetime.fromisoformat(hotword_list.modified)
        except ValueError:
            return 0.0
        times = [modified]
        if not modified.tzinfo:
            times = [modified.replace(tzinfo=zone) for zone in ZONES]
        ages_s = [(self._now() - time).total_seconds() for time in times]
        young_s = min((age_s for age_s in ages_s if age_s > -CLOCKS_DIFFER_S), default=float(BETWEEN_UPDATES_S))
        return max(0.0, min(BETWEEN_UPDATES_S, BETWEEN_UPDATES_S - young_s))
