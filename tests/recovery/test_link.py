"""The table of the link: every state has its rows, and no happening leads nowhere."""

import itertools

import pytest

from asrcli.recovery.link import Action, Happening, Input, Link, step

# Draining begins when the input has ended, so that pair does not exist.
ALIVE = [pair for pair in itertools.product(Link, Input) if pair != (Link.DRAINING, Input.OPEN)]
ALIVE = [(link, audio) for link, audio in ALIVE if link is not Link.CLOSED]


@pytest.mark.parametrize(("link", "audio"), ALIVE)
def test_losing_the_connection_gives_up_in_every_state(link: Link, audio: Input) -> None:
    """Wherever a link is lost, what no final covers is named as a gap."""
    assert step(link, audio, Happening.LOST) == (Link.CLOSED, Action.GIVE_UP)


def test_an_ordinary_task_walks_the_table() -> None:
    """Dialling, up, draining, closed, with one finish and one close."""
    link, actions = Link.DIALLING, []
    for audio, happening in [
        (Input.OPEN, Happening.READY),
        (Input.ENDED, Happening.SPENT),
        (Input.ENDED, Happening.FINISHED),
    ]:
        link, action = step(link, audio, happening)
        actions.append(action)
    assert link is Link.CLOSED
    assert actions == [Action.NOTHING, Action.FINISH, Action.CLOSE]


@pytest.mark.parametrize("audio", Input)
def test_a_service_that_finishes_before_it_heard_all_is_a_loss(audio: Input) -> None:
    """An end nobody asked for is no end: audio may still wait."""
    assert step(Link.UP, audio, Happening.FINISHED) == (Link.CLOSED, Action.GIVE_UP)


@pytest.mark.parametrize(("audio", "happening"), list(itertools.product(Input, Happening)))
def test_a_closed_link_stays_closed(audio: Input, happening: Happening) -> None:
    """Late words change nothing."""
    assert step(Link.CLOSED, audio, happening) == (Link.CLOSED, Action.NOTHING)
