"""The server's log: printable lines, one for each record, and a limited number of one kind."""

import logging

from asrcli.server.log_filter import MAX_ALIKE, REFUSED, WITHIN_S, LogFilter


def record(template: str, *args: object, level: int = logging.INFO) -> logging.LogRecord:
    """A record as a logger makes it."""
    return logging.LogRecord("asrcli.server", level, __file__, 1, template, args, None)


def test_what_a_client_says_is_escaped() -> None:
    """In the message and in a traceback."""
    manners, said = LogFilter(), record("model=%s", "a\x1b]52;c;x\x07\nforged line")
    assert manners.filter(said)
    assert said.getMessage() == r"model=a\x1b]52;c;x\x07\nforged line"
    try:
        raise ValueError("b\x1b[2J\u2028")
    except ValueError as exc:
        said = record("a bug", level=logging.ERROR)
        said.exc_info = (type(exc), exc, exc.__traceback__)
    assert manners.filter(said)
    shown = logging.Formatter("%(message)s").format(said)
    assert r"ValueError: b\x1b[2J\u2028" in shown
    assert "\x1b" not in shown


def test_refusals_of_one_kind_are_counted_instead_of_logged() -> None:
    """And the first line of the next while says how many were left out; other kinds are not touched."""
    now = [0.0]
    manners = LogFilter(lambda: now[0])
    logged = [manners.filter(record(REFUSED, "code", number)) for number in range(1000)]
    assert logged == [True] * MAX_ALIKE + [False] * (1000 - MAX_ALIKE)
    assert manners.filter(record("another warning", level=logging.WARNING))
    assert all(manners.filter(record("%s", "finished")) for _ in range(1000))
    now[0] = WITHIN_S
    said = record(REFUSED, "code", "again")
    assert manners.filter(said)
    assert said.getMessage() == f"refused: code: again ({1000 - MAX_ALIKE} more like this were not logged)"
    said = record(REFUSED, "code", "again")
    assert manners.filter(said)
    assert said.getMessage() == "refused: code: again"
