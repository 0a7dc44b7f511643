"""A name server that is slow delays a connection, and does not prevent it; one that is back is asked at once."""

import queue
import socket
from typing import Any

import pytest

from asrcli.transport.name_lookups import KEPT_S, SLOW_S, Answer, NameLookups

QUESTION = ("service.test", 443)
FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]
PATIENCE_S = 60


class NameServer:
    """Stands in for `socket.getaddrinfo`: each lookup waits for its answer, and takes the time that the test says."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.asked: queue.SimpleQueue[queue.SimpleQueue[Answer]] = queue.SimpleQueue()

    def getaddrinfo(self, *_: object) -> list[Any]:
        """Wait for the test."""
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.asked.put(answers)
        answer = answers.get(timeout=PATIENCE_S)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def next_question(self) -> "queue.SimpleQueue[Answer]":
        """Wait for the next lookup; the answer to it goes into this queue."""
        return self.asked.get(timeout=PATIENCE_S)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> NameServer:
    """A name server in the place of the system's."""
    made = NameServer()
    monkeypatch.setattr("socket.getaddrinfo", made.getaddrinfo)
    return made


def asked(lookups: NameLookups) -> "queue.SimpleQueue[Answer]":
    """Ask; returns the queue into which the answer is put."""
    heard: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    lookups.look_up(QUESTION, heard.put)
    return heard


def answer_to(heard: "queue.SimpleQueue[Answer]") -> Answer:
    """Wait for the answer."""
    return heard.get(timeout=PATIENCE_S)


@pytest.mark.parametrize("took_s", [SLOW_S, SLOW_S + 0.1])
def test_only_an_answer_that_came_late_serves_the_next_attempt_for_a_while(server: NameServer, took_s: float) -> None:
    """An answer that came in time is asked for again: the host may have another address by then."""
    lookups = NameLookups(lambda: server.now_s)
    for _ in range(2):
        heard = asked(lookups)
        question = server.next_question()
        server.now_s += took_s
        question.put(FOUND)
        assert answer_to(heard) == FOUND
        if took_s > SLOW_S:
            server.now_s += KEPT_S - 0.1
            assert asked(lookups).get(block=False) == FOUND
        server.now_s += KEPT_S


def test_the_first_answer_serves_all_who_wait(server: NameServer) -> None:
    """An attempt asks again, and gets what comes first: the answer to it, or to the question of an earlier attempt."""
    lookups = NameLookups(lambda: server.now_s)
    for answered in (0, 1):
        heard = [asked(lookups), asked(lookups)]
        questions = [server.next_question(), server.next_question()]
        questions[answered].put(FOUND)
        assert [answer_to(each) for each in heard] == [FOUND, FOUND]
        questions[1 - answered].put(OSError("late"))


def test_a_failure_is_for_the_attempt_that_asked(server: NameServer) -> None:
    """The other one may still be answered."""
    lookups = NameLookups(lambda: server.now_s)
    first = asked(lookups)
    first_question = server.next_question()
    second = asked(lookups)
    second_question = server.next_question()
    failure = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    server.now_s += 10
    first_question.put(failure)
    assert answer_to(first) is failure
    second_question.put(FOUND)
    assert answer_to(second) == FOUND
    assert first.empty()


def test_a_system_that_allows_no_thread_leaves_nobody_waiting(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is raised, and a later answer is not delivered to who is gone."""
    lookups = NameLookups(lambda: server.now_s)
    heard: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as limited:
        limited.setattr("threading.Thread.start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            lookups.look_up(QUESTION, heard.put)
    later = asked(lookups)
    server.next_question().put(FOUND)
    assert answer_to(later) == FOUND
    assert heard.empty()
