"""Detects that a service has stopped answering: speech, or the request for the rest of the text. Uses no clock."""

# How many times longer than for a silent service asr waits for one that sends only heartbeats or a text that it sent
# before, and for one that changes the open sentence and never ends it.
WITHOUT_NEWS, WITHOUT_FINALS = 2, 10
NO_ANSWER, NO_NEWS, NO_FINALS = "no answer", "no new text", "no finished sentence"


class StallDetector:
    """Times are seconds of any clock. Only speech needs an answer, silence does not; any message is an answer."""

    def __init__(self, timeout_s: float) -> None:
        self._usual_s = self.timeout_s = timeout_s
        self._unanswered_since: float | None = None
        self._has_expired = False  # on the task that runs

    def speech_sent(self, now: float) -> None:
        """Start the timeout, if it does not run yet: speech went out."""
        if self._unanswered_since is None:
            self._unanswered_since = now

    def answered(self) -> None:
        """Stop the timeout: a message came, or the sound is settled."""
        self._unanswered_since = None

    def next_task(self) -> None:
        """Stop the timeout. After a stall the next one is twice as long, because the sound may have been music."""
        self._unanswered_since = None
        if self._has_expired:
            self._has_expired = False
            self.timeout_s *= 2

    def slept(self, asleep_s: float) -> None:
        """Exclude a suspension of the process from the timeout: nothing could be read meanwhile."""
        if self._unanswered_since is not None:
            self._unanswered_since += asleep_s

    def restart(self, now: float) -> None:
        """Restart the timeout, if it runs: it is not known for how much of it the process was suspended."""
        if self._unanswered_since is not None:
            self._unanswered_since = now

    def reset(self) -> None:
        """Reset the timeout to its usual length: a transcript came."""
        self.timeout_s = self._usual_s
        self._has_expired = False

    @property
    def extended(self) -> bool:
        """Whether a stall has ended an earlier task since the last transcript: the sound may not be speech."""
        return self.timeout_s > self._usual_s

    @property
    def deadline(self) -> float | None:
        """When the stall expires; None while no answer is due."""
        if self._unanswered_since is None:
            return None
        return self._unanswered_since + self.timeout_s

    def expire(self) -> float:
        """Return the timeout that has expired."""
        self._has_expired = True
        return self.timeout_s


class AnswerLimit:
    """Says how long to wait for the next answer of a service that sends messages. Times are seconds of any clock.

    Any message shows that a service lives. Without this limit, a service whose recognizer hangs while its connection
    sends heartbeats would be awaited forever.
    """

    def __init__(self) -> None:
        self._news_at = self._final_at = 0.0
        self._known: object = None
        self._undecided_ms: int | None = None

    def begin(self, now: float) -> None:
        """Begin: an answer is due from now on."""
        self._news_at = self._final_at = now
        self._known = self._undecided_ms = None

    def end(
        self, now: float, timeout_s: float, open_sentences: object, undecided_ms: int, ahead_s: float
    ) -> tuple[float, float, str]:
        """Return when the wait ends after a message, for how long something will have been missing then, and what.

        Args:
            now: When the message came.
            timeout_s: How long a service that sends nothing is awaited.
            open_sentences: The sentences that are open after the message, with their text.
            undecided_ms: How much of the sent audio has no text after the message.
            ahead_s: How much of the audio a service that works in real time has not processed yet. It gets the time.
        """
        final = undecided_ms != self._undecided_ms or ahead_s > 0
        if final:
            self._final_at = now
        if final or open_sentences != self._known:
            self._news_at = now
        self._known, self._undecided_ms = open_sentences, undecided_ms
        news_s, final_s = WITHOUT_NEWS * timeout_s, WITHOUT_FINALS * timeout_s
        return min(
            (now + timeout_s, timeout_s, NO_ANSWER),
            (self._news_at + news_s, news_s, NO_NEWS),
            (self._final_at + final_s, final_s, NO_FINALS),
        )
