"""Plans of runs whose services the test plays."""

from asrcli.core.errors import ConnectFailed
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.runs.plan import RunPlan
from tests.support.handshake import Wire, start_service
from tests.support.live_session import Play
from tests.support.pair import counting


def plan(*plays: Play) -> RunPlan:
    """A plan whose connections are served by these functions, one after the other."""
    served = iter(plays)

    def dial(url: str, connection: ConnectionSettings) -> Wire:
        del connection
        wire, play = Wire(), next(served, None)
        if play is None:
            raise ConnectFailed(url, "nobody there")
        start_service(play, wire)
        return wire

    ids = counting("task-")

    class Once(InferenceClient):
        reusable = False  # a call for each source

    ticks = iter(range(1_000_000))
    return RunPlan(
        "m",
        lambda _: Once(RecognitionSettings("m"), ids),
        dial,
        ConnectionSettings("ws://test"),
        None,
        clock=lambda: next(ticks) / 1000,
    )
