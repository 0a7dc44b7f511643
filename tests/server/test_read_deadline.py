"""A client that is silent for too long is noticed, whatever its earlier waits were."""

import asyncio

import pytest

from asrcli.server.read_deadline import ReadDeadline

SOON_S, NEVER_S = 0.02, 3600.0
WATCHED_S, PATIENCE_S = 0.1, 30.0  # where nothing may happen, and where something must


async def waited(*limits_s: float | None, within_s: float, last_ends: bool = False) -> bool:
    """Make waits that end at once, except the last; returns whether that was found to take too long."""
    try:
        async with asyncio.timeout(within_s), ReadDeadline() as deadline:
            for limit_s in limits_s:
                deadline.begin(limit_s)
                if limit_s is not limits_s[-1] or last_ends:
                    deadline.end()
            await asyncio.sleep(NEVER_S)
    except TimeoutError:
        return deadline._timeout.expired()
    return False


@pytest.mark.parametrize(
    ("limits_s", "too_long"),
    [
        ((SOON_S,), True),
        ((NEVER_S, SOON_S), True),  # the timer of the first is set for much later
        ((SOON_S / 2, SOON_S), True),  # that of the first goes off in the middle of the second
        ((SOON_S, NEVER_S), False),
        ((SOON_S, None), False),
        ((None,), False),
    ],
)
def test_only_the_wait_that_lasts_has_a_limit(limits_s: tuple[float | None, ...], *, too_long: bool) -> None:
    """The limit of an earlier wait ends no later one; a shorter limit counts although the timer was set for later."""
    within_s = PATIENCE_S if too_long else WATCHED_S
    assert asyncio.run(waited(*limits_s, within_s=within_s)) == too_long


def test_no_time_runs_while_a_message_is_handled() -> None:
    """A wait that has ended is not limited any more."""
    assert not asyncio.run(waited(SOON_S, within_s=WATCHED_S, last_ends=True))


@pytest.mark.parametrize(("is_waiting", "too_long"), [(True, True), (False, False)])
def test_a_wait_that_goes_on_can_get_another_limit(*, is_waiting: bool, too_long: bool) -> None:
    """As when the task of a client ends, whose end it could wait for as long as it took; not while nobody waits."""

    async def renewed() -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S if too_long else WATCHED_S), ReadDeadline() as deadline:
                deadline.begin(None)
                if not is_waiting:
                    deadline.end()
                deadline.renew(SOON_S)
                await asyncio.sleep(NEVER_S)
        except TimeoutError:
            return deadline._timeout.expired()
        return False

    assert asyncio.run(renewed()) == too_long
