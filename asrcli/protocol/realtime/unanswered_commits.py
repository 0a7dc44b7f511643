"""Commits of the client that the server has not answered yet. It answers them in order. Pure."""

from collections import deque

from asrcli.protocol.service_errors import ServiceError


class UnansweredCommits:
    """The spans of these commits, in milliseconds, oldest first.

    Attributes:
        used: The client commits utterances: there has been a commit.
    """

    def __init__(self) -> None:
        self.used = False
        self._commits: deque[tuple[str, int, int]] = deque()  # event id and span of each

    def __len__(self) -> int:
        return len(self._commits)

    def add(self, begin_ms: int, end_ms: int, event: str) -> None:
        """Add a commit of a span, with its event id."""
        self._commits.append((event, begin_ms, end_ms))
        self.used = True

    def take(self) -> tuple[int, int]:
        """Remove the oldest one, which was answered; return its span."""
        return self._commits.popleft()[1:]

    def refused(self, error: ServiceError) -> tuple[int, int] | None:
        """Remove the one that an error names, else the oldest one if the error is about a commit; return its span."""
        candidates = [commit for commit in self._commits if commit[0] == error.about]
        if error.is_of_commit:
            candidates += self._commits
        if not candidates:
            return None
        self._commits.remove(candidates[0])
        return candidates[0][1:]
