"""When a run tells what the user should know before the first word."""

import pytest

from asrcli.core.errors import SourceError
from asrcli.core.events import Final, Notice
from asrcli.runs.run import Run
from tests.support.listener import Listener
from tests.support.live_session import LiveSource, saying
from tests.support.run_plans import plan


@pytest.mark.parametrize("opens", [True, False])
def test_a_live_run_has_its_notices_when_its_device_is_open(opens: bool) -> None:
    """What cannot be listened to is an error of the command line, which stands alone."""
    talk, listener, hello = LiveSource(), Listener(), Notice("warning", "hello")
    run = Run(plan(saying(*[Final("1", 0, 400, "one")] * opens)), [listener])
    if opens:
        talk.tell(Notice("info", "listening to desk"))
        talk.say(5)
        talk.end()
        run.transcribe([talk], [hello])
    else:
        talk.fail(SourceError("nosuch", "no microphone of that name"))
        with pytest.raises(SourceError):
            run.transcribe([talk], [hello])
    warned = [event for event in listener.events if isinstance(event, Notice) and event.level == "warning"]
    assert warned == [hello] * opens
