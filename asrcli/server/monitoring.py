"""What operators ask a server: whether it lives, whether it takes more clients, and its figures for Prometheus.

The figures are counted in plain numbers; server/prometheus_collector.py formats them when it is asked.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.dataclass import dataclass, field

if TYPE_CHECKING:
    from asrcli.server.auth import AccessControl
    from asrcli.server.server_task import ServerTask

HEALTH_PATH, READY_PATH, METRICS_PATH = "/healthz", "/readyz", "/metrics"
PATHS = (HEALTH_PATH, READY_PATH, METRICS_PATH)
PLAIN = "text/plain; charset=utf-8"
NOT_INSTALLED = "The figures need prometheus-client: install asrcli[serve] where this server runs.\n"


@dataclass
class ServerMetrics:
    """The figures of a server since it began.

    Attributes:
        running_tasks: Tasks that run now.
        tasks: Tasks that have ended, by wire and by how they ended: finished, abandoned, restarted.
        audio_s: Seconds of audio that were recognized.
        sentences: Sentences with text.
        failures: Errors that were sent to clients, by their code.
        refusals: Handshakes that were refused, by their HTTP status.
    """

    running_tasks: int = 0
    tasks: Counter[tuple[str, str]] = field(default_factory=Counter)
    audio_s: float = 0.0
    sentences: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)

    def ended(self, task: "ServerTask", how: str) -> None:
        """Count a task that has ended."""
        self.running_tasks -= 1
        self.tasks[task.wire, how] += 1
        self.audio_s += task.received_bytes / SAMPLE_BYTES / task.recognition.rate
        self.sentences += task.sentences

    def plus(self, *others: "ServerMetrics") -> "ServerMetrics":
        """Return these figures and others together."""
        summed = ServerMetrics()
        for each in (self, *others):
            summed.running_tasks += each.running_tasks
            summed.tasks += each.tasks
            summed.audio_s += each.audio_s
            summed.sentences += each.sentences
            summed.failures += each.failures
            summed.refusals += each.refusals
        return summed


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """An HTTP answer in text."""

    status: HTTPStatus
    body: str
    content_type: str = PLAIN


class Monitoring:
    """Answers the three paths.

    Args:
        access_control: Says whether another client would be let in, and who may see the figures.
        metrics: Returns the figures.
    """

    def __init__(self, access_control: "AccessControl", metrics: Callable[[], ServerMetrics]) -> None:
        self._access_control = access_control
        self._metrics = metrics

    def answer(self, target: str, header_values: Callable[[str], Sequence[str]]) -> PlainAnswer | None:
        """Return the answer to a GET request, or None if the path is none of these.

        Health and readiness need no key, because they say nothing else. The figures need one where clients do.
        """
        try:
            address = urlsplit(target)
        except ValueError:
            return None
        path = address.path.rstrip("/")
        if path not in PATHS:
            return None
        if problem := self._access_control.problem(header_values):
            return PlainAnswer(HTTPStatus.FORBIDDEN, f"{problem[1]}\n")
        if path == HEALTH_PATH:
            return PlainAnswer(HTTPStatus.OK, "ok\n")
        if path == READY_PATH:
            return self._readiness()
        if self._access_control.key_of(next(iter(header_values("Authorization")), ""), address.query) is None:
            return PlainAnswer(HTTPStatus.UNAUTHORIZED, "Invalid API-key provided.\n")
        return self._figures()

    def _readiness(self) -> PlainAnswer:
        control = self._access_control
        if control.draining:
            return PlainAnswer(HTTPStatus.SERVICE_UNAVAILABLE, "the server stops\n")
        if control.connections >= control.max_connections:
            return PlainAnswer(HTTPStatus.SERVICE_UNAVAILABLE, f"all {control.max_connections} connections are taken\n")
        return PlainAnswer(HTTPStatus.OK, "ready\n")

    def _figures(self) -> PlainAnswer:
        try:
            from asrcli.server import prometheus_collector
        except ImportError:
            return PlainAnswer(HTTPStatus.NOT_IMPLEMENTED, NOT_INSTALLED)
        text = prometheus_collector.PrometheusCollector(self._access_control, self._metrics()).text()
        return PlainAnswer(HTTPStatus.OK, text, prometheus_collector.CONTENT_TYPE)
