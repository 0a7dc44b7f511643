"""Sentences without times: what a server says late is not taken for what was said since, and a prompt one is placed."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import example, given, settings
from hypothesis import strategies as st

from asrcli.protocol.funasr.sentence_times import FIRST_TEXT_MS, MOST_LATE_MS, PAUSE_MS, SentenceTimes

RATE = 8000
LOUD = (3000).to_bytes(2, "little", signed=True) * 8  # a millisecond
QUIET = (20).to_bytes(2, "little", signed=True) * 8
always_alike = settings(derandomize=True, deadline=None, max_examples=50)


@dataclass(frozen=True)
class Said:
    """A sentence, and the silence before it, in ms. Without a pause the server has cut speech in two."""

    pause_ms: int
    length_ms: int
    first_ms: int = 900  # from its start to its first piece

    @property
    def text(self) -> str:
        """What was said, at the pace of fast speech."""
        return "x" * (self.length_ms // 50)


class Talk:
    """Sentences, and a server that stalls: what it would say meanwhile comes at the end of the stall."""

    def __init__(self, plan: list[Said], stalls: list[tuple[int, int]], *, noise: bool = False) -> None:
        self.times = SentenceTimes(RATE)
        self.spans: list[tuple[int, int]] = []
        self._stalls = stalls
        self._noise = noise  # a cough in each pause, which has no text
        now_ms = 0
        for said in plan:
            self.spans.append((now_ms + said.pause_ms, now_ms + said.pause_ms + said.length_ms))
            now_ms = self.spans[-1][1]
        self._plan = plan
        self._sent_ms = 0

    def estimates(self, *, pieces: bool = True, stamps: bool = True) -> Iterator[tuple[int, int]]:
        """Yield the estimated span of each sentence, as the texts come."""
        for number, (said, (begin_ms, end_ms)) in enumerate(zip(self._plan, self.spans, strict=True)):
            at_ms = begin_ms + said.first_ms
            while pieces and at_ms < end_ms:
                self._send(at_ms)
                self.times.begin()
                at_ms += 600
            follows = number + 1 < len(self._plan) and self._plan[number + 1].pause_ms == 0
            self._send(end_ms + (0 if follows else PAUSE_MS))
            yield self.times.end(said.text, said.length_ms if stamps else 0, finishing=False)

    def _send(self, until_ms: int) -> None:
        for begin_ms, length_ms in self._stalls:
            if begin_ms <= until_ms < begin_ms + length_ms:
                until_ms = begin_ms + length_ms
        loud = [*self.spans]
        if self._noise:
            loud += [(begin_ms - 600, begin_ms - 500) for begin_ms, _ in self.spans]
        audio = bytearray(QUIET * max(0, until_ms - self._sent_ms))
        for begin_ms, end_ms in loud:
            first_ms, last_ms = max(begin_ms, self._sent_ms), min(end_ms, until_ms)
            if first_ms < last_ms:
                at = len(QUIET) * (first_ms - self._sent_ms)
                audio[at : at + len(QUIET) * (last_ms - first_ms)] = LOUD * (last_ms - first_ms)
        self.times.sent(bytes(audio))
        self._sent_ms = max(self._sent_ms, until_ms)


sentences = st.builds(Said, st.sampled_from([0, 800, 1500, 4000]), st.integers(300, 4000), st.integers(300, 1200))
plans = st.lists(sentences, min_size=1, max_size=6)
stalls = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, MOST_LATE_MS // 3)), max_size=2)


def behind(talk: Talk) -> list[int]:
    """Where the sentence after each sentence begins."""
    return [*(begin_ms for begin_ms, _ in talk.spans[1:]), 10**6]


@always_alike
@given(plans, stalls, st.booleans(), st.booleans())
@example([Said(800, 3000), Said(0, 3000), Said(0, 3000)], [(2000, 6000)], False, True)
@example([Said(0, 301, 300), Said(0, 300, 300), Said(800, 2000)], [(302, 1818)], False, False)
@example([Said(0, 500), Said(0, 500), Said(800, 2000)], [(200, 3000)], False, False)
@example([Said(800, 600), Said(4000, 300), Said(1500, 900), Said(1500, 3000)], [(1300, 3000)], True, True)
def test_no_audio_of_a_later_sentence_is_taken_for_one(
    plan: list[Said], stalls: list[tuple[int, int]], noise: bool, pieces: bool
) -> None:
    """However long the server stalls: so a loss at any moment sends again all that has no text."""
    talk = Talk(plan, stalls, noise=noise)
    for (begin_ms, end_ms), next_ms in zip(talk.estimates(pieces=pieces), behind(talk), strict=True):
        assert begin_ms <= end_ms <= next_ms


@always_alike
@given(st.lists(st.builds(Said, st.integers(800, 4000), st.integers(1000, 4000)), min_size=1, max_size=5), stalls)
def test_estimates_are_not_too_late_either_where_the_server_gives_no_lengths(
    plan: list[Said], stalls: list[tuple[int, int]]
) -> None:
    """Such a server ends sentences at pauses."""
    talk = Talk(plan, stalls)
    for (begin_ms, end_ms), next_ms in zip(talk.estimates(stamps=False), behind(talk), strict=True):
        assert begin_ms <= end_ms <= next_ms


@always_alike
@given(st.lists(st.builds(Said, st.integers(800, 4000), st.integers(700, 6000)), min_size=1, max_size=6))
def test_a_prompt_server_is_placed_within_a_second_or_so(plan: list[Said]) -> None:
    """What is sent again after a loss stays little."""
    talk = Talk(plan, [])
    for (begin_ms, _), (first_ms, _) in zip(talk.estimates(), talk.spans, strict=True):
        assert first_ms - begin_ms <= FIRST_TEXT_MS


@always_alike
@given(st.lists(st.builds(Said, st.integers(2500, 6000), st.integers(3000, 6000)), min_size=1, max_size=8))
def test_sound_that_is_no_speech_does_not_add_up(plan: list[Said]) -> None:
    """The pieces of a sentence tell that the server is not late, and its end where it ends."""
    talk = Talk(plan, [], noise=True)
    for (begin_ms, _), (first_ms, _) in zip(talk.estimates(), talk.spans, strict=True):
        assert first_ms - begin_ms <= 2 * FIRST_TEXT_MS


def test_a_server_that_has_caught_up_is_prompt_again() -> None:
    """Four pieces at the pace of the audio say so; and no server is taken for later than sound is waited for."""
    late = Talk([Said(0, 40_000), Said(0, 3000)], [(1000, 30_000)])
    first, second = late.estimates()
    assert first[0] == 0
    assert second[0] <= late.spans[1][0]
    times = SentenceTimes(RATE)
    times.sent(LOUD * 60_000)
    assert times.begin() == 60_000 - FIRST_TEXT_MS - MOST_LATE_MS


def test_sound_before_the_last_text_is_not_where_the_next_sentence_begins() -> None:
    """A cough after a sentence, before its text, is not where the next one begins."""
    times = SentenceTimes(RATE)
    for loud_ms in (900, 600, 600, 600):
        times.sent(LOUD * loud_ms)
        times.begin()
    times.sent(LOUD * 300 + QUIET * 350 + LOUD * 100 + QUIET * 1240)
    assert times.end("x", 3000, finishing=False) == (0, 3000)
    times.sent(QUIET * 1310 + LOUD * 900)
    assert times.begin() == 6000
