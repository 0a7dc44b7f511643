"""Times of words that are made from their lengths: always possible, never overlapping, never in a silence."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from asrcli.recognizers.word_times import estimated_words

TEXTS = st.lists(st.text("abcXYZ'é9.,-", min_size=1, max_size=12), max_size=40).map(" ".join)


@given(TEXTS, st.lists(st.booleans(), min_size=1, max_size=500), st.integers(0, 10**6))
def test_the_words_stand_in_order_within_their_audio_and_are_the_text(text: str, voiced: list[bool], base: int) -> None:
    """Whatever the text and wherever speech is: no word begins before the end of the one before it."""
    words = estimated_words(text, voiced, base)
    assert " ".join(word.text + word.punctuation for word in words) == text
    assert all(word.begin_ms <= word.end_ms and word.estimated for word in words)
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(words))
    assert all(base * 30 <= word.begin_ms and word.end_ms <= (base + len(voiced)) * 30 for word in words)


def test_longer_words_take_more_of_the_voice_and_none_of_the_silence() -> None:
    """Ten voiced frames, a pause, ten voiced frames: the words of equal length stand on both sides of the pause."""
    first, second = estimated_words("meet, ring.", [False] * 2 + [True] * 10 + [False] * 20 + [True] * 10, 100)
    assert (first.text, first.punctuation, first.begin_ms, first.end_ms) == ("meet", ",", 3060, 3360)
    assert (second.text, second.punctuation, second.begin_ms, second.end_ms) == ("ring", ".", 3960, 4260)
    short, long = estimated_words("a transcription", [True] * 20, 0)
    assert long.end_ms - long.begin_ms > 5 * (short.end_ms - short.begin_ms)
