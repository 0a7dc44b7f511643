"""The commit that ends the audio of OpenAI's wire in VAD mode: which item answers it, and where that item ends."""

import pytest

from asrcli.core.events import Event, Final, Finished, SpeechStopped, Usage
from asrcli.core.message import Text
from asrcli.protocol.openai.codec import EMPTY, QUIET_END_S
from tests.protocol.openai.messages import ITEM, SECOND, client, hear, text, value


def test_in_vad_mode_the_end_is_a_commit_that_is_answered() -> None:
    """By an item that the server had not ended, or by an error about an empty buffer; never by an item of its own."""
    for answer in ("item", "error", "error without an id"):
        codec = client()
        codec.audio(SECOND * 3)
        hear(
            codec,
            text("input_audio_buffer.speech_started", audio_start_ms=0, item_id="a"),
            text("input_audio_buffer.speech_started", audio_start_ms=2000, item_id="b"),
        )
        (commit,) = codec.finish()
        events = hear(
            codec,
            text("input_audio_buffer.speech_stopped", audio_end_ms=900, item_id="a"),
            text("input_audio_buffer.committed", item_id="a"),
            text(f"{ITEM}completed", item_id="a", transcript="one"),
        )
        assert Finished(Usage()) not in events
        if answer == "item":
            # The commit has ended its speech, and the server does not say so.
            assert hear(codec, text("input_audio_buffer.committed", item_id="b")) == [SpeechStopped("b", 3000)]
        else:
            about = value(commit)["event_id"] if answer == "error" else None
            error = {"type": "invalid_request_error", "code": EMPTY, "message": "buffer too small", "event_id": about}
            assert hear(codec, text("error", error=error)) == []
        *_, final, finished = hear(codec, text(f"{ITEM}completed", item_id="b", transcript="two"))
        assert finished == Finished(Usage())
        assert isinstance(final, Final)
        assert (final.text, final.begin_ms, final.estimated) == ("two", 2000, answer != "item")
        assert answer != "item" or final.end_ms == 3000


ANSWERS: dict[str, tuple[list[Text], list[str]]] = {
    "by an item": (
        [text("input_audio_buffer.committed", item_id="b"), text(f"{ITEM}completed", item_id="b", transcript="two")],
        ["two"],
    ),
    "by an error": ([text("error", error={"type": "invalid_request_error", "code": EMPTY})], []),
}


@pytest.mark.parametrize(("answer", "more"), ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("late", [False, True], ids=["said before", "said late"])
def test_an_item_that_the_server_has_ended_answers_no_commit(answer: list[Text], more: list[str], late: bool) -> None:
    """Also where the server commits it before it says where its speech ends: what is left of the audio still comes."""
    codec = client()
    stopped = text("input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=900)
    committed = text("input_audio_buffer.committed", item_id="a")
    hear(codec, text("input_audio_buffer.speech_started", item_id="a", audio_start_ms=0))
    codec.audio(SECOND)
    codec.finish()
    hear(codec, *([committed, stopped] if late else [stopped, committed]))
    events = hear(codec, text(f"{ITEM}completed", item_id="a", transcript="one"))
    assert [event.text for event in events if isinstance(event, Final)] == ["one"]
    assert not any(isinstance(event, Finished) for event in events)
    # Where it is not certain that the commit was not answered, quiet is the end.
    assert codec.quiet_end_s == (QUIET_END_S if late else None)
    events = hear(codec, *answer)
    assert [event.text for event in events if isinstance(event, Final)] == more
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_server_that_never_says_where_speech_ends_may_have_more_items_after_the_commit(before: int) -> None:
    """An item that it had ended by itself is no answer to the commit, however late it comes."""
    codec = client()
    codec.audio(SECOND * 4)

    def started(number: int) -> None:
        hear(codec, text("input_audio_buffer.speech_started", audio_start_ms=number * 1000, item_id=f"i{number}"))

    def ended(number: int) -> list[Event]:
        told = text(f"{ITEM}completed", item_id=f"i{number}", transcript=f"text {number}")
        return hear(codec, text("input_audio_buffer.committed", item_id=f"i{number}"), told)

    events = list[Event]()
    for number in range(before):
        started(number)
        events += ended(number)
    codec.finish()
    for number in range(before, 3):
        if number == before:
            started(number)
        # The next speech begins before the text of this one is there.
        hear(codec, text("input_audio_buffer.committed", item_id=f"i{number}"))
        if number < 2:
            started(number + 1)
        events += hear(codec, text(f"{ITEM}completed", item_id=f"i{number}", transcript=f"text {number}"))
    assert [event.text for event in events if isinstance(event, Final)] == ["text 0", "text 1", "text 2"]
    if not any(isinstance(event, Finished) for event in events):
        assert codec.quiet_end_s == QUIET_END_S
    else:
        assert isinstance(events[-1], Finished)
