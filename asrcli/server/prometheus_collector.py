"""The metrics of a server in the text format of Prometheus. Only this module imports prometheus_client (optional)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from asrcli.server.auth import AccessControl
    from asrcli.server.monitoring import ServerMetrics

CONTENT_TYPE = CONTENT_TYPE_LATEST


class PrometheusCollector:
    """Formats the metrics.

    Args:
        access_control: Knows the connections.
        metrics: The counters since the server started.
    """

    def __init__(self, access_control: "AccessControl", metrics: "ServerMetrics") -> None:
        self._access_control = access_control
        self._metrics = metrics

    def text(self) -> str:
        """Return all metrics in the text format of Prometheus."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry).decode()

    def collect(self) -> Iterator[Any]:
        """Yield the metrics as objects of prometheus_client."""
        metrics, control = self._metrics, self._access_control
        yield GaugeMetricFamily("asr_connections", "WebSocket connections that are open.", control.connections)
        yield GaugeMetricFamily("asr_connections_limit", "Connections that may be open.", control.max_connections)
        yield GaugeMetricFamily("asr_tasks_running", "Tasks that run now.", metrics.running_tasks)
        tasks = CounterMetricFamily("asr_tasks", "Tasks that have ended.", labels=["wire", "outcome"])
        for (wire, how), number in metrics.tasks.items():
            tasks.add_metric([wire, how], number)
        yield tasks
        yield CounterMetricFamily("asr_audio_seconds", "Audio of tasks that have ended.", metrics.audio_s)
        yield CounterMetricFamily("asr_sentences", "Sentences of tasks that have ended.", metrics.sentences)
        failures = CounterMetricFamily("asr_failures", "Errors that were sent to clients.", labels=["code"])
        for code, number in metrics.failures.items():
            failures.add_metric([code], number)
        yield failures
        refusals = CounterMetricFamily("asr_handshakes_refused", "Handshakes that were refused.", labels=["status"])
        for status, number in metrics.refusals.items():
            refusals.add_metric([str(status)], number)
        yield refusals
