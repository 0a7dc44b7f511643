"""FunASR's two-pass mode: pieces that are appended, sentences that replace them, times that are estimated."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Ready, Usage
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.funasr.codec import FunAsrClient
from tests.support.pair import counting

SECOND = bytes(32_000)


def text(mode: Any = "", said: Any = "", **fields: object) -> Text:
    """A message of a server."""
    return Text(json.dumps({"mode": mode, "text": said, "wav_name": "x", **fields}))


def client(**settings: Any) -> FunAsrClient:
    """A client that has begun."""
    codec = FunAsrClient(RecognitionSettings("m", **settings), counting())
    codec.start()
    return codec


def hear(codec: FunAsrClient, *messages: Message) -> list[Event]:
    """The events of messages."""
    return [event for message in messages for event in codec.receive(message)]


def test_the_settings_come_first_and_need_no_answer() -> None:
    """Hot words are a text that holds JSON."""
    codec = FunAsrClient(
        RecognitionSettings("m", hotwords=(("阿里", 20),), itn=False, extra=(("mode", "online"),)), counting()
    )
    assert codec.url("ws://h:10095") == "ws://h:10095/"
    (message,) = codec.start()
    assert isinstance(message, Text)
    value = json.loads(message.data)
    assert (value["is_speaking"], value["audio_fs"], value["chunk_size"]) == (True, 16000, [5, 10, 5])
    assert json.loads(value["hotwords"]) == {"阿里": 20}
    assert value["hotword"] == value["hotwords"]  # as older servers call it
    assert (value["itn"], value["mode"]) == (False, "online")
    assert codec.started() == [Ready(codec.task_id)]
    assert not {"hotword", "hotwords"} & set(json.loads(client().start()[0].data))  # type: ignore[union-attr]


@given(st.lists(st.integers(0, 5000), max_size=20), st.sampled_from([8000, 16000]))
def test_audio_goes_out_in_whole_frames(samples: list[int], rate: int) -> None:
    """Of 60 ms, in order; the rest follows at the end."""
    codec = FunAsrClient(RecognitionSettings("m", rate), counting())
    pcm = bytes(number % 251 for number in range(2 * sum(samples)))
    messages: list[Message] = []
    at = 0
    for count in samples:
        messages += codec.audio(pcm[at : at + 2 * count])
        at += 2 * count
    *rest, last = codec.finish()
    frames = [message.data for message in messages if isinstance(message, Binary)]
    assert all(len(frame) == rate * 60 // 1000 * 2 for frame in frames)
    assert b"".join([*frames, *(message.data for message in rest if isinstance(message, Binary))]) == pcm
    assert isinstance(last, Text)
    assert json.loads(last.data) == {"is_speaking": False, "is_end": True}


def test_pieces_are_appended_and_the_sentence_replaces_them() -> None:
    """It begins where its first piece came and is as long as the server says; the list of times may be a text."""
    for stamps in ([[0, 400], [400, 900]], "[[0, 400], [400, 900]]"):
        codec = client()
        codec.audio(SECOND * 3)
        online = hear(
            codec, text("2pass-online", "今"), text("2pass-online", "天", is_final=True), text("2pass-online", "")
        )
        assert online[:2] == [Partial("1", 1800, "", "今"), Partial("1", 1800, "", "今天")]
        codec.audio(SECOND * 2)
        assert hear(codec, text("2pass-offline", "今天。", timestamp=stamps)) == [Final("1", 1800, 2700, "今天。")]
        assert hear(codec, text("2pass-online", "好")) == [Partial("2", 3800, "", "好")]


def test_without_pieces_and_times_the_span_is_estimated() -> None:
    """Inside the audio that was sent, after the sentence before, and before the silence that ended it."""
    codec = client()
    codec.audio(SECOND * 10)
    (first,) = hear(codec, text("2pass-offline", "hello there"))
    assert isinstance(first, Final)
    assert (first.begin_ms, first.end_ms) == (8100, 9200)
    (second,) = hear(codec, text("2pass-offline", "again", timestamp="broken"))
    assert isinstance(second, Final)
    assert first.end_ms <= second.begin_ms <= second.end_ms <= 10_000
    for stamps in ("[[0, -5]]", [[0, True]], [7], {"a": 1}, [[0, 1e12]]):
        assert isinstance(hear(client(), text("2pass-offline", "x", timestamp=stamps))[0], Final)


def test_only_newer_servers_report_their_end() -> None:
    """Only after the client's own end; older servers say nothing, which the engine knows."""
    codec = client()
    codec.audio(SECOND)
    assert codec.quiet_end_s
    assert hear(codec, text(is_end=True)) == []
    codec.finish()
    events = hear(codec, text("2pass-offline", "bye", is_final=True), text("2pass-offline", "", is_end=True))
    assert events == [Final("1", 700, 1000, "bye"), Finished(Usage())]
    assert (codec.usage, codec.seen_names, codec.dropped) == (Usage(), {}, 0)
    assert codec.commit() == codec.pending_messages() == []
    assert not codec.skip(1)


def test_a_sentence_that_comes_to_nothing_takes_its_pieces_back() -> None:
    """An empty sentence without pieces is nothing at all."""
    codec = client()
    codec.audio(SECOND)
    assert hear(codec, text("2pass-offline", "")) == []
    assert hear(codec, text("2pass-online", " ")) == []
    hear(codec, text("2pass-online", "uh"))
    (final,) = hear(codec, text("2pass-offline", ""))
    assert isinstance(final, Final)
    assert (final.key, final.text) == ("1", "")


def test_tags_of_a_model_are_removed_from_texts() -> None:
    """Which some servers leave in."""
    (final,) = hear(client(), text("2pass-offline", "<|zh|><|NEUTRAL|><|Speech|><|withitn|>你好。"))
    assert isinstance(final, Final)
    assert final.text == "你好。"


def test_an_error_ends_the_task_and_junk_is_dropped() -> None:
    """An error ends the task; what cannot be read is said and dropped."""
    with pytest.raises(ServiceRefused, match="no model"):
        hear(client(), text(error="no model"))
    (notice,) = hear(client(), Text("["))
    assert isinstance(notice, Notice)
    assert hear(client(), text("other", "x")) == []


sentence_plans = st.lists(st.tuples(st.integers(0, 4000), st.integers(300, 6000), st.integers(600, 1200)), max_size=8)


@given(sentence_plans, st.booleans())
def test_estimated_times_are_never_late_at_the_pace_of_speech(plan: list[tuple[int, int, int]], piece: bool) -> None:
    """So that audio which has no text yet is never taken as decided, and is sent again after a loss.

    The server names a piece within 1.2 s of the start of a sentence, and ends it after 0.8 s of silence, as it does.
    """
    codec = client()
    now_ms = end_ms = 0
    for silence_ms, length_ms, delay_ms in plan:
        begin_ms = end_ms + 800 + silence_ms
        end_ms = begin_ms + length_ms
        for at_ms, message in (
            (begin_ms + delay_ms, text("2pass-online", "x")),
            (end_ms + 800, text("2pass-offline", "xx", timestamp=[[0, length_ms]])),
        ):
            if not piece and at_ms < end_ms + 800:
                continue
            codec.audio(bytes(32 * max(0, at_ms - now_ms)))
            now_ms = max(now_ms, at_ms)
            for event in hear(codec, message):
                assert isinstance(event, Final | Partial)
                assert event.begin_ms <= begin_ms
                assert not isinstance(event, Final) or event.end_ms <= end_ms


def test_an_error_of_any_form_is_read() -> None:
    """As a text, with a code, or as an object."""
    for error in ({"error_msg": "busy"}, {"error": "busy", "code": "x"}, {"error": {"code": "x", "message": "busy"}}):
        with pytest.raises(ServiceRefused, match="busy"):
            hear(client(), text(**error))


@pytest.mark.parametrize("said", [None, 7, ["x"]], ids=str)
def test_a_whole_sentence_without_its_text_is_what_was_heard_of_it(said: Any) -> None:
    """Its pieces are all that there is; an empty text takes them back."""
    codec = client()
    codec.audio(SECOND)
    hear(codec, text("2pass-online", "good "), text("2pass-online", "day"))
    assert [event.text for event in hear(codec, text("2pass-offline", said)) if isinstance(event, Final)] == [
        "good day"
    ]
    hear(codec, text("2pass-online", "well"))
    assert [event.text for event in hear(codec, text("2pass-offline")) if isinstance(event, Final)] == [""]


@pytest.mark.parametrize("mode", [None, "", 7, "2pass"], ids=str)
def test_a_text_without_its_mode_is_a_piece_unless_it_says_that_it_is_whole(mode: Any) -> None:
    """No text is passed over."""
    codec = client()
    codec.audio(SECOND)
    (piece,) = hear(codec, text(mode, "good"))
    assert isinstance(piece, Partial)
    (final,) = hear(codec, text(mode, "Good day.", is_final=True))
    assert isinstance(final, Final)
    assert final.text == "Good day."
