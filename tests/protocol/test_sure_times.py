"""Up to where finals decide audio: only times that a service names, or that no speaker can beat, are sure."""

from asrcli.core.events import Word
from asrcli.protocol.timestamps import FAST_LETTER_MS, FAST_WIDE_MS, SureTime, named_span, shortest_ms


def test_a_named_end_is_sure() -> None:
    """Then the final decides all of its span."""
    sure = SureTime()
    assert sure.add(0, 1000, "one") is None
    assert sure.after_ms == 1000
    assert sure.add(None, 900, "late") is None
    assert sure.after_ms == 1000


def test_without_an_end_the_begin_is_sure() -> None:
    """The next sentence cannot begin before this one could have been said at all."""
    sure = SureTime()
    assert sure.add(2000, None, "four") == 2000
    assert sure.after_ms == 2000 + 4 * FAST_LETTER_MS
    assert sure.add(None, None, "你好") == 2000 + 4 * FAST_LETTER_MS
    assert sure.after_ms == 2000 + 4 * FAST_LETTER_MS + 2 * FAST_WIDE_MS
    assert sure.add(500, None, "x") == 500  # what is named counts, also where it is odd
    assert shortest_ms("  ") == 0


def test_times_that_cannot_be_true_are_not_named() -> None:
    """After the audio that was sent, or in the wrong order. The times of words count where they can be true."""
    words = (Word("a", 100, 400), Word("b", 400, 9000))
    assert named_span(100, 900, (), 1000) == (100, 900)
    assert named_span(2000, 3000, (), 1000) == (None, None)
    assert named_span(2000, 900, (), 1000) == (None, 900)
    assert named_span(100, 3000, (), 1000) == (100, 1000)
    assert named_span(800, 300, (), 1000) == (800, None)
    assert named_span(None, None, words, 1000) == (100, 400)
    assert named_span(None, None, words, None) == (100, 9000)
