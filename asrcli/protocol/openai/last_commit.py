"""The commit with which a client in VAD mode ends its audio, and the answer to it. No I/O."""

from asrcli.protocol.realtime.items import BUFFER
from asrcli.protocol.service_errors import ServiceError

COMMITTED = f"{BUFFER}committed"
SPEECH_STARTED = f"{BUFFER}speech_started"
SPEECH_STOPPED = f"{BUFFER}speech_stopped"


class LastCommit:
    """The last commit of a session in VAD mode.

    A server answers it with an item that it has not ended by itself, or with the error that its buffer is empty.
    """

    def __init__(self) -> None:
        self._id = ""  # the id of the commit, until it is answered
        self._item, self._answered_id = "", ""  # the item that seems to answer it, and the id that it had
        self._is_doubtful = False  # an item seemed to, and the server had ended it by itself
        self._tells_commits = False  # the server has reported one, of its own or of ours
        self._tells_speech = False  # the server has said of an item where speech begins or ends
        self._leaves_ends_out = False  # the server ends items by itself without saying where their speech ends

    @property
    def is_waiting(self) -> bool:
        """Whether the commit was sent and is not answered."""
        return bool(self._id)

    @property
    def is_reliable(self) -> bool:
        """Whether the server reports what is needed to tell the answer from the items that it ends by itself."""
        return self._tells_commits and self._tells_speech and not self._is_doubtful

    def sent(self, event_id: str) -> None:
        """Note that the commit was sent, under this event id."""
        self._id = event_id

    def note(self, name: str, item: str, *, has_ended: bool) -> bool:
        """Take an event about an item, and return whether the item answers the commit.

        Args:
            name: The name of the event.
            item: The id of the item; empty if the event names none.
            has_ended: Whether the server has said where the speech of the item ends.
        """
        self._tells_commits = self._tells_commits or name == COMMITTED
        self._tells_speech = self._tells_speech or (name in {SPEECH_STARTED, SPEECH_STOPPED} and bool(item))
        # The server had not ended this item by itself. A server that reports no ends may have, long before our commit.
        if name == COMMITTED and self._tells_speech and not has_ended and not self._leaves_ends_out:
            if not self._id and not self._answered_id:  # there was no commit of ours
                self._leaves_ends_out = self._is_doubtful = True
                return False
            self._item, self._answered_id, self._id = item, self._id, ""
            return bool(self._answered_id)
        is_late_end = name == SPEECH_STOPPED and item == self._item
        if self._answered_id and (is_late_end or (name == SPEECH_STARTED and item != self._item)):
            # The server had ended this item by itself and said so late, or not at all, as the speech after it shows:
            # our commit has still to be answered.
            self._id, self._answered_id, self._is_doubtful = self._answered_id, "", True
        return False

    def is_refused(self, error: ServiceError) -> bool:
        """Whether an error answers the commit: the server has already ended all speech. It then waits no longer."""
        answers_it = error.about == self._id or (not error.about and error.is_of_commit)
        if not self._id or not answers_it or error.ends_session:
            return False
        self._id = ""
        return True
