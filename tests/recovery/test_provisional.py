"""What this machine has heard stands for undecided audio only, and each word of it is given out once at most."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.events import Word
from asrcli.core.provisional_event import Provisional
from asrcli.recovery.ledger import Ledger
from asrcli.recovery.provisional import LocalSentence, LocalText, ProvisionalText
from asrcli.recovery.spans import Spans, length

END_MS = 1000
SPANS = st.tuples(st.integers(0, END_MS - 1), st.integers(1, 300)).map(lambda s: (s[0], min(END_MS, sum(s))))


def sentence(number: int, begin_ms: int, end_ms: int, *, words: bool, is_open: bool = False) -> LocalSentence:
    """A sentence of three words with names of their own."""
    names = [f"{number}{letter}" for letter in "abc"]
    step_ms = (end_ms - begin_ms) // 3
    timed = [Word(name, begin_ms + at * step_ms, begin_ms + (at + 1) * step_ms) for at, name in enumerate(names)]
    return LocalSentence(str(number), begin_ms, end_ms, " ".join(names), tuple(timed) if words else (), is_open)


def test_a_final_cuts_a_sentence_between_its_words() -> None:
    """What the final covers is withdrawn, the other words stay; where there are no word times it is all or nothing."""
    ledger, local = Ledger(0), ProvisionalText()
    local.update(sentence(1, 0, 300, words=True), ledger.undecided)
    local.update(sentence(2, 300, 600, words=False), ledger.undecided)
    ledger.add_final(0, 220)
    assert local.decide(ledger.undecided, END_MS) == [Provisional("1", 220, 300, "1c")]
    ledger.add_final(220, 310)
    assert local.decide(ledger.undecided, END_MS) == [
        Provisional("1", 220, 300, ""),
        Provisional("2", 310, 600, "2a 2b 2c"),
    ]
    ledger.add_silence(400, 600)
    assert local.decide(ledger.undecided, END_MS) == [Provisional("2", 310, 600, "")]


def test_of_two_parts_that_are_undecided_the_longer_one_stays() -> None:
    """A sentence is shown in one piece."""
    words = [Word(name, 100 * at, 100 * (at + 1)) for at, name in enumerate("abcde")]
    for begin_ms, end_ms, rest in [(310, 390, (0, 310, "a b c")), (110, 190, (190, 500, "c d e"))]:
        ledger, local = Ledger(0), ProvisionalText()
        local.update(LocalSentence("1", 0, 500, "a b c d e", tuple(words)), ledger.undecided)
        ledger.add_final(begin_ms, end_ms)
        assert local.decide(ledger.undecided, END_MS) == [Provisional("1", *rest)]


def test_a_gap_takes_the_words_of_the_quiet_around_it() -> None:
    """A recognizer lets words begin and end in quiet, which a gap leaves out."""
    local = ProvisionalText([sentence(1, 0, 300, words=True)])
    heard, withdrawn = local.take(0, 400, (120, 260))
    assert heard == LocalText("1a 1b 1c", ((120, 260),))
    assert withdrawn == [Provisional("1", 0, 300, "")]
    assert local.take(0, 400, (0, 400)) == (LocalText("", ()), [])


def test_a_word_whose_middle_is_the_border_of_two_gaps_belongs_to_the_second() -> None:
    """And to no other."""
    local = ProvisionalText([sentence(1, 0, 300, words=True)])
    assert local.take(0, 150, (0, 150)) == (LocalText("1a", ((0, 150),)), [Provisional("1", 150, 300, "1b 1c")])
    assert local.take(150, 300, (150, 300))[0] == LocalText("1b 1c", ((150, 300),))


def test_what_follows_an_open_sentence_that_a_gap_has_taken_is_dropped() -> None:
    """Its recognizer repeats the words from the beginning of the sentence."""
    local = ProvisionalText()
    local.update(sentence(1, 0, 300, words=False, is_open=True), lambda *span: [span])
    local.take(0, 200, (0, 200))
    assert local.update(sentence(1, 0, 700, words=False), lambda *span: [span]) == []
    assert local.sentences == ()


def test_open_sentences_are_finished_when_their_recognizer_ends() -> None:
    """Those of an earlier session stay as they are."""
    local = ProvisionalText([sentence(1, 0, 90, words=False, is_open=True), sentence(2, 90, 99, words=False)])
    assert local.end_open("2") == []
    assert local.end_open("1") == [Provisional("1", 0, 90, "1a 1b 1c")]
    assert [each.text for each in local.clear()] == ["", ""]
    assert local.sentences == ()


Step = Callable[[Ledger, ProvisionalText, int], tuple[list[Provisional], LocalText | None]]


def _hear(span: tuple[int, int], words: bool, is_open: bool) -> Step:
    def step(ledger: Ledger, local: ProvisionalText, number: int) -> tuple[list[Provisional], LocalText | None]:
        return local.update(sentence(number, *span, words=words, is_open=is_open), ledger.undecided), None

    return step


def _decide(kind: str, span: tuple[int, int]) -> Step:
    def step(ledger: Ledger, local: ProvisionalText, number: int) -> tuple[list[Provisional], LocalText | None]:
        del number
        (ledger.add_final if kind == "final" else ledger.add_silence)(*span)
        return local.decide(ledger.undecided, END_MS), None

    return step


def _lose(span: tuple[int, int]) -> Step:
    def step(ledger: Ledger, local: ProvisionalText, number: int) -> tuple[list[Provisional], LocalText | None]:
        del number
        events, taken = [], Spans()
        texts = []
        around = ledger.undecided(*span)
        for gap in ledger.add_gap(*span):
            part = next(part for part in around if part[0] <= gap[0] and gap[1] <= part[1])
            heard, changed = local.take(*part, gap)
            ledger.add_local(heard.spans)
            events += changed
            texts.append(heard.text)
            for piece in heard.spans:
                taken.add(*piece)
                assert gap[0] <= piece[0] < piece[1] <= gap[1]
        events += local.decide(ledger.undecided, END_MS)
        return events, LocalText(" ".join(texts), tuple(taken))

    return step


STEPS = st.one_of(
    st.builds(_hear, SPANS, st.booleans(), st.booleans()),
    st.builds(_decide, st.sampled_from(["final", "silence"]), SPANS),
    st.builds(_lose, SPANS),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=20), st.lists(SPANS, max_size=3))
def test_provisional_text_stands_for_undecided_audio_and_is_lost_once(
    steps: list[Step], quiet: list[tuple[int, int]]
) -> None:
    """In any order of hearing, finals, silence and gaps; and the account adds up, with local_ms a part of lost_ms."""
    ledger, local = Ledger(0), ProvisionalText()
    for span in quiet:
        ledger.quiet.add(*span)
    shown: dict[str, Provisional] = {}
    lost: list[str] = []
    for number, step in enumerate(steps):
        events, heard = step(ledger, local, number)
        for event in events:
            shown[event.key] = event
            if not event.text:
                del shown[event.key]
        assert list(shown.values()) == [each.event for each in local.sentences]
        for event in shown.values():
            assert ledger.undecided(event.begin_ms, event.end_ms) == [(event.begin_ms, event.end_ms)]
        lost += heard.text.split() if heard is not None else []
        assert not set(lost) & {word for event in shown.values() for word in event.text.split()}
    assert len(lost) == len(set(lost))
    totals = ledger.totals(END_MS)
    assert totals.final_ms + totals.silence_ms + totals.lost_ms + totals.open_ms == END_MS
    assert 0 <= totals.local_ms <= totals.lost_ms
    assert totals.local_ms == length(ledger.local)


def test_a_span_between_two_middles_of_words_takes_none_of_them() -> None:
    """Each word lies where its middle is."""
    local = ProvisionalText([sentence(1, 0, 300, words=True)])
    assert local.take(60, 140, (60, 140))[0] == LocalText("", ())
