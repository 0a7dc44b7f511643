"""Items of a transcription session that are completed in another order than they were spoken, by the real command."""

from pathlib import Path

import pytest

from tests.support.command import asr, lines
from tests.support.openai_service import in_order
from tests.support.other_servers import LOUD, Received, serving, spoken
from tests.support.tone import wav

OPTIONS = ["--wire", "openai", "--model", "m", "--pace", "max"]
BOTH = ["-f", "jsonl", "-f", "srt", "-o"]
TEXTS = ["text 0.", "text 1.", "text 2."]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_the_transcript_has_the_order_of_the_audio(tmp_path: Path, order: list[int]) -> None:
    """In each output, and subtitles have the times of their sentences."""
    talk = wav(tmp_path / "talk.wav", spoken(1, 2, 3, times=LOUD))
    with serving(in_order(order), Received()) as address:
        done = asr("file", talk, "--url", address, *OPTIONS, *BOTH, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    events = lines((tmp_path / "out.jsonl").read_text())
    finals = [event for event in events if event["type"] == "final"]
    assert [(final["text"], final["begin_ms"]) for final in finals] == list(zip(TEXTS, (0, 1000, 2000), strict=True))
    assert events[-1]["lost_ms"] == 0
    captions = (tmp_path / "out.srt").read_text().split("\n\n")
    assert [caption.split("\n")[2] for caption in captions if caption] == TEXTS
    assert captions[0].startswith("1\n00:00:00,000 -->")


def test_texts_that_wait_for_an_earlier_one_survive_the_connection(tmp_path: Path) -> None:
    """The first item has no text when the connection is cut: its audio is sent again, and nothing is written twice."""
    talk, received = wav(tmp_path / "talk.wav", spoken(1, 2, 3, times=LOUD)), Received()
    with serving(in_order([1, 2, 0], cut=True), received) as address:
        done = asr("file", talk, "--url", address, *OPTIONS, "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    assert received.connections == 2
    assert sorted(event["text"] for event in events if event["type"] == "final") == TEXTS
    assert events[-1]["lost_ms"] == 0
