"""Audio for which no sentence was opened: when it counts as silence, and when it does not yet."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.recovery.quiet_settlement import ALIVE_S, MANY, QUIET_S, SOUND_S, QuietSettlement


def one_second(*, quiet: bool) -> QuietSettlement:
    """A second of audio, sent at time 0."""
    settlement = QuietSettlement()
    for number in range(10):
        settlement.sent(number * 100, number * 100 + 100, 0.0, quiet=quiet)
    return settlement


def reached(
    settlement: QuietSettlement, now: float, *, arrived: float = 1e9, alive: float = 1e9, open_ms: int | None = None
) -> int:
    """Return up to where it is settled."""
    return max([end_ms for _, end_ms, _ in settlement.take_settled(now, arrived, alive, open_ms)], default=0)


def test_quiet_settles_seconds_after_a_service_took_it() -> None:
    """However far the service is behind: quiet has no speech."""
    assert reached(one_second(quiet=True), QUIET_S - 0.1) == 0
    assert reached(one_second(quiet=True), QUIET_S) == 1000


def test_sound_settles_later_than_quiet() -> None:
    """A service may open a sentence late."""
    assert reached(one_second(quiet=False), 1.0 + SOUND_S - 0.6) == 0
    assert reached(one_second(quiet=False), 1.0 + SOUND_S) == 1000


def test_a_connection_on_which_nothing_arrives_settles_nothing() -> None:
    """The service may be dead, and may have taken nothing."""
    assert reached(one_second(quiet=True), 100.0, arrived=-1.0) == 0
    assert reached(one_second(quiet=False), 100.0, alive=ALIVE_S - 0.1) == 0
    assert reached(one_second(quiet=False), 100.0, alive=ALIVE_S) == 1000


@given(st.integers(0, 2 * MANY), st.booleans())
def test_audio_that_was_not_sent_is_not_settled_with_what_was(count: int, quiet: bool) -> None:
    """A jump between two chunks is a gap or a pause, which is never counted as silence that a service has taken."""
    settlement = QuietSettlement()
    for number in range(count):  # so many spans that others are joined
        settlement.sent(number * 1000, number * 1000 + 500, 0.0, quiet=number % 2 == 0)
    settlement.sent(5_000_000, 5_000_100, 0.0, quiet=quiet)
    settlement.sent(5_000_200, 5_000_300, 0.0, quiet=quiet)
    spans = settlement.take_settled(1e9, 1e9, 1e9, None)
    assert [(begin_ms, end_ms) for begin_ms, end_ms, _ in spans] == [
        *((number * 1000, number * 1000 + 500) for number in range(count)),
        (5_000_000, 5_000_100),
        (5_000_200, 5_000_300),
    ]


def test_a_pause_of_the_process_is_no_time_in_which_a_service_was_heard() -> None:
    """After it, what was sent before waits as long as if it had been sent then."""
    settlement = one_second(quiet=False)
    for now in (1.0, 4.0, 104.0, 108.0):  # suspended for 100 s
        settlement.awake(now)
    assert reached(settlement, 100.0 + SOUND_S) == 0
    assert reached(settlement, 101.0 + SOUND_S, alive=109.9) == 0
    assert reached(settlement, 101.0 + SOUND_S, alive=110.0) == 1000


def test_an_open_sentence_settles_by_its_text_alone() -> None:
    """Nothing is settled from its start on."""
    assert reached(one_second(quiet=True), 100.0, open_ms=500) == 500
    assert reached(one_second(quiet=True), 100.0, open_ms=0) == 0


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.floats(0, 30)), max_size=40), st.floats(0, 100))
def test_each_piece_is_settled_once_and_in_order(pieces: list[tuple[int, bool, float]], later_s: float) -> None:
    """For all lengths and times; in the end all of it is settled."""
    settlement, at_ms, now = QuietSettlement(), 0, 0.0
    found: list[tuple[int, int]] = []
    for length_ms, quiet, passed_s in pieces:
        settlement.sent(at_ms, at_ms + length_ms, now, quiet=quiet)
        at_ms, now = at_ms + length_ms, now + passed_s
        found += [(begin, end) for begin, end, _ in settlement.take_settled(now, now, now, None)]
    found += [(begin, end) for begin, end, _ in settlement.take_settled(now + later_s, 1e9, 1e9, None)]
    found += [(begin, end) for begin, end, _ in settlement.take_settled(1e6, 1e9, 1e9, None)]
    assert [begin for begin, _ in found] == [0, *[end for _, end in found]][: len(found)]
    assert (found[-1][1] if found else 0) == at_ms


def test_hours_that_wait_are_remembered_in_long_steps() -> None:
    """Memory stays flat where a service says nothing; all of it is settled in the end, quiet with the sound around."""
    settlement, hours_ms = QuietSettlement(), 3 * 3_600_000
    for at_ms in range(0, hours_ms, 400):
        settlement.sent(at_ms, at_ms + 400, at_ms / 1000, quiet=at_ms % 1200 == 0)
    settled = settlement.take_settled(1e9, 1e9, 1e9, None)
    assert len(settled) < 2 * MANY
    assert [begin for begin, _, _ in settled] == [0, *[end for _, end, _ in settled[:-1]]]
    assert (settled[-1][1], settled[-1][2]) == (hours_ms, False)
