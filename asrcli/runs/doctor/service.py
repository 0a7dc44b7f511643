"""A service: the way to it, then for each of its wires a handshake with the key and a task of one second of speech."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from queue import SimpleQueue
from threading import Thread
from time import monotonic

from asrcli.core.audio import Format
from asrcli.core.errors import AsrError, ConnectFailed
from asrcli.core.settings import ConnectionSettings
from asrcli.protocol.registry import INFERENCE, REALTIME, WIRES, Wire
from asrcli.runs.doctor.engines import CLIP, transcribed_text
from asrcli.runs.doctor.finding import Finding, Health, note, ok, skipped, wrong
from asrcli.runs.doctor.route import ServiceRoute
from asrcli.sources.excerpt import Clip
from asrcli.sources.file import FileSource
from asrcli.transport.websocket import dial

SPEECH = Clip(begin_ms=700, end_ms=1700)
CONNECT_S, IDLE_S = 4.0, 5.0
Describe = Callable[[AsrError], tuple[str, str]]


def check_service(connection: ConnectionSettings, describe: Describe, *, keyless: bool) -> Iterator[Finding]:
    """Findings about a service.

    Args:
        connection: Its address, its key, proxy and certificates.
        describe: What an error says, and what to do about it.
        keyless: The service wants a key and there is none, so no task is tried.
    """
    connection = replace(connection, connect_timeout_s=CONNECT_S, idle_timeout_s=IDLE_S)
    wires = {wire.url(connection.url, wire.default_model): wire for wire in (WIRES[INFERENCE], WIRES[REALTIME])}
    name = "proxy"
    try:
        for finding in ServiceRoute(next(iter(wires)), connection).check():
            name = _NEXT.get(finding.subject, name)
            yield finding
    except AsrError as exc:
        yield _failure(name, exc, describe)
        return
    if keyless:
        yield skipped("task", "without a key there is nothing to try")
        return
    yield from _all_wires(wires, connection, describe)


# The step that follows each step: what an error is about.
_NEXT = {"proxy": "DNS", "DNS": "TCP", "TCP": "TLS", "TLS": "clock"}


def _failure(name: str, error: AsrError, describe: Describe) -> Finding:
    text, advice = describe(error)
    if isinstance(error, ConnectFailed):
        text = error.reason
    return wrong(name, text, advice)


def _all_wires(wires: dict[str, Wire], connection: ConnectionSettings, describe: Describe) -> Iterator[Finding]:
    """Try the wires at the same time. A wire that a service does not have is a note if another one works."""
    answers: SimpleQueue[tuple[int, list[Finding]]] = SimpleQueue()

    def run(number: int, url: str, wire: Wire) -> None:
        try:
            answers.put((number, list(_wire(url, wire, connection, describe))))
        except BaseException as exc:  # the top of a thread
            answers.put((number, [wrong(wire.name, f"this check failed: {type(exc).__name__}: {exc}")]))

    for number, (url, wire) in enumerate(wires.items()):
        Thread(target=run, args=(number, url, wire), name=wire.name, daemon=True).start()
    found = dict(answers.get() for _ in wires)
    works = any(findings[-1].health is Health.OK for findings in found.values())
    for number in range(len(wires)):
        for each in found[number]:
            lenient = works and each.health is Health.WRONG
            yield note(each.subject, each.text, each.advice) if lenient else each


def _wire(url: str, wire: Wire, connection: ConnectionSettings, describe: Describe) -> Iterator[Finding]:
    began = monotonic()
    try:
        dial(url, connection).close()
    except AsrError as exc:
        yield wrong(f"{wire.name} handshake", *describe(exc))
        return
    yield ok(f"{wire.name} handshake", f"{(monotonic() - began) * 1000:.0f} ms")
    began = monotonic()
    source = FileSource(str(CLIP), Format(16000), SPEECH)
    try:
        text = transcribed_text(connection, wire.default_model, source, 1.0)
    except AsrError as exc:
        yield wrong(f"{wire.name} task", *describe(exc))
        return
    took_s = monotonic() - began
    yield ok(
        f"{wire.name} task", f"one second of speech in {took_s:.1f} s by {wire.default_model}: {text or 'no words'}"
    )
