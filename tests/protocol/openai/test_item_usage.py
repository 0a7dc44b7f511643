"""Usage on the wires that count each text by itself: a session costs the sum, and a repetition costs nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Final, Usage
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.openai.codec import OpenAIServer
from asrcli.protocol.vllm.codec import VllmClient
from tests.protocol.openai.messages import ITEM, SECOND, client, hear, text
from tests.support.pair import counting

TOKENS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.booleans()), min_size=1, max_size=6)


@given(TOKENS)
def test_tokens_of_items_are_added(items: list[tuple[int, int, bool]]) -> None:
    """Each item has its own usage; one that is completed twice is counted once."""
    codec = client()
    codec.audio(SECOND * len(items))
    for number, (heard, written, again) in enumerate(items):
        item = f"i{number}"
        usage = {"type": "tokens", "input_tokens": heard, "output_tokens": written, "total_tokens": heard + written}
        completed = text(f"{ITEM}completed", item_id=item, transcript=f"text {number}", usage=usage)
        hear(codec, text("input_audio_buffer.committed", item_id=item), *[completed] * (1 + again))
    heard_all, written_all = (sum(each[place] for each in items) for place in (0, 1))
    assert codec.usage == Usage(input_tokens=heard_all, output_tokens=written_all)


def test_tokens_of_audio_have_the_name_of_the_service() -> None:
    """It is another one than on the wires of DashScope."""
    codec = client()
    usage: dict[str, Any] = {"type": "tokens", "input_tokens": 9, "input_token_details": {"audio_tokens": 5}}
    hear(codec, text(f"{ITEM}completed", item_id="a", transcript="x", usage=usage))
    assert codec.usage == Usage(input_tokens=9, audio_tokens=5)


def test_seconds_that_our_server_counts_are_added_by_our_client() -> None:
    """As many as its sentences last together."""
    server, codec = OpenAIServer(counting("s")), client()
    for number, (begin_ms, end_ms) in enumerate([(0, 1500), (2000, 2250), (3000, 5000)]):
        for message in server.encode(Final(str(number), begin_ms, end_ms, f"text {number}")):
            codec.receive(message)
    assert codec.usage == Usage(seconds=3.75)


@pytest.mark.parametrize("usages", [[(7, 2), (5, 1)], [(7, 2), None, (1, 1)]])
def test_tokens_of_utterances_of_vllm_are_added(usages: list[tuple[int, int] | None]) -> None:
    """A text without a usage adds none."""
    codec = VllmClient(RecognitionSettings("m", vad=False), counting())
    codec.start()
    codec.receive(text("session.created", id="s"))
    for number, usage in enumerate(usages):
        codec.audio(SECOND)
        codec.commit()
        fields = {"usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]}} if usage else {}
        codec.receive(text("transcription.done", text=f"text {number}", **fields))
    counts = [usage for usage in usages if usage]
    assert codec.usage == Usage(None, sum(each[0] for each in counts), sum(each[1] for each in counts))
