"""Runs the checks of an examination at the same time, and ends when the time is up, whatever hangs."""

from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError
from asrcli.runs.doctor.finding import Finding, safe_to_paste, wrong

WITHIN_S = 8.0  # for all checks together; with the start and the end of Python it is ten seconds


@dataclass(frozen=True)
class Check:
    """One subject.

    Attributes:
        run: Yields findings as they come; it may hang.
        late: What to do if it takes too long.
        judge: Makes the finding in that case: wrong, or a note where a slow machine is the likely reason.
    """

    subject: str
    run: Callable[[], Iterable[Finding]]
    late: str = ""
    judge: Callable[[str, str, str], Finding] = wrong


def examine(
    checks: Sequence[Check],
    describe: Callable[[AsrError], tuple[str, str]],
    within_s: float = WITHIN_S,
    clock: Callable[[], float] = monotonic,
) -> list[Finding]:
    """Run all checks at once; return their findings in the order of the checks, safe to show to anybody.

    Args:
        checks: What to look at.
        describe: What an error says, and what to do about it.
        within_s: A check that has not ended by then is reported with what it has found so far.
        clock: Seconds, monotonic.
    """
    found: list[list[Finding]] = [[] for _ in checks]
    news: SimpleQueue[tuple[int, Finding | None]] = SimpleQueue()
    for number, check in enumerate(checks):
        # A daemon: one that hangs must not keep the program.
        Thread(target=_run, args=(number, check, describe, news), name=check.subject, daemon=True).start()
    waiting = set(range(len(checks)))
    until = clock() + within_s
    while waiting:
        try:
            number, finding = news.get(timeout=max(0.0, until - clock()))
        except Empty:
            break
        if finding is None:
            waiting.discard(number)
        else:
            found[number].append(finding)
    for number in waiting:
        check = checks[number]
        found[number].append(check.judge(check.subject, f"no answer within {within_s:.0f} s", check.late))
    return safe_to_paste(finding for findings in found for finding in findings)


def _run(
    number: int,
    check: Check,
    describe: Callable[[AsrError], tuple[str, str]],
    news: "SimpleQueue[tuple[int, Finding | None]]",
) -> None:
    try:
        for finding in check.run():
            news.put((number, finding))
    except AsrError as exc:
        news.put((number, wrong(check.subject, *describe(exc))))
    except BaseException as exc:  # the top of a thread: one check that fails must not hide the others
        text = f"this check failed: {type(exc).__name__}: {exc}"
        news.put((number, wrong(check.subject, text, "report it: this is a bug in asr")))
    news.put((number, None))
