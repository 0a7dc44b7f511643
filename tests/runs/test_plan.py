"""The plan of a run: how fast audio may go out on a wire whose times are estimated."""

import pytest

from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.dashscope.model_selection import find_model
from asrcli.protocol.registry import FUNASR, FUNASR_REALTIME
from asrcli.runs.plan import make_plan


@pytest.mark.parametrize(("asked", "sent"), [(None, 2.0), (100.0, 2.0), (1.0, 1.0)])
def test_a_wire_without_times_gets_its_audio_slowly(asked: float | None, sent: float) -> None:
    """Also what is made up for after a loss; other wires get it as fast as the user says."""
    retries = RetrySettings(3, catch_up=asked)

    def pace(wire: str) -> tuple[float | None, float | None]:
        plan = make_plan(find_model("m", wire), RecognitionSettings("m"), ConnectionSettings(), asked, retries)
        return plan.pace, plan.retries.catch_up

    assert pace(FUNASR) == (sent, sent)
    assert pace(FUNASR_REALTIME) == (asked, asked)
