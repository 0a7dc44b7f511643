"""Turns that the service has forgotten: more are open than it can still answer."""

from asrcli.core.events import Final
from asrcli.core.transcript import TASK_MOST_OPEN
from asrcli.protocol.discarded_messages import DiscardedMessages
from asrcli.protocol.omni.turns import OmniTurns

SENT_MS = 1_000_000


def test_a_turn_with_an_answer_keeps_it_when_its_side_transcript_never_comes() -> None:
    """The whole answer is its text, without a notice that it was cut."""
    turns = OmniTurns(DiscardedMessages(), side=True)
    for number in range(TASK_MOST_OPEN):
        about = {"item_id": f"item_{number}", "audio_start_ms": number * 1000, "audio_end_ms": number * 1000 + 500}
        turns.handle("input_audio_buffer.speech_started", about, SENT_MS)
        turns.handle("input_audio_buffer.speech_stopped", about, SENT_MS)
        if number == 0:
            output = [{"content": [{"type": "text", "text": "all of it"}]}]
            answer = {"id": "resp_1", "status": "completed", "output": output}
            assert turns.answer("response.done", {"response": answer}, SENT_MS) == []
    events = turns.answer("response.created", {"response": {"id": "resp_2"}}, SENT_MS)
    assert events == [Final("item_0", 0, 500, "all of it")]
