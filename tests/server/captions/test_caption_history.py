"""What pages get: every line once, however slowly they read and however often they come back."""

import json

from hypothesis import given
from hypothesis import strategies as st

from asrcli.outputs.caption_page import CaptionLine, CaptionsNow
from asrcli.server.captions.caption_history import CaptionHistory
from tests.support.reading_page import ReadingPage


@given(st.lists(st.sampled_from(["line", "line", "now", "read", "return"])), st.integers(1, 6))
def test_every_line_comes_once_and_in_order(steps: list[str], kept: int) -> None:
    """A page that missed more than is kept starts again with what is; each other one goes on where it was."""
    history, page, published = CaptionHistory("r", kept), ReadingPage(), list[str]()
    for step in [*steps, "read"]:
        if step == "line":
            published.append(f"line {len(published)}")
            history.apply(CaptionLine({"text": published[-1]}))
        elif step == "now":
            history.apply(CaptionsNow(({"settled": "x"},)))
        elif step == "read" and history.reaches(page.last) and page.run:
            before, begun = len(page.texts), page.begun
            page.take(history.message(page.last, reset=False))
            assert (page.begun, page.texts[before:]) == (begun, published[page.last - len(page.texts) + before :])
        else:
            page.take(history.message(page.last, reset=not history.knows(page.run, page.last)))
    assert page.texts[-kept:] == published[-kept:]
    assert page.last == history.last == len(published)


def test_another_run_is_another_page() -> None:
    """A page that stayed open over two runs on one port forgets the first; so does one with a number from nowhere."""
    history = CaptionHistory("second")
    history.apply(CaptionLine({"text": "half \ud83d"}))
    assert [history.knows(*seen) for seen in (("first", 0), ("second", 0), ("second", 1), ("second", 2))] == [
        False, True, True, False,
    ]  # fmt: skip
    message = json.loads(history.message(0, reset=True))
    assert (message["reset"], message["lines"], message["state"]) == (
        True,
        [{"n": 1, "text": "half \ud83d"}],
        "waiting",
    )
    assert "reset" not in json.loads(history.message(0, reset=False))
    assert history.version == 1
