"""The table of the link: every state has its rows, and no happening leads nowhere."""

import itertools

import pytest

from asrcli.recovery.link import Action, Happening, Input, Link, step

# Draining begins when the input has ended, so that pair does not exist.
ALIVE = [pair for pair in itertools.product(Link, Input) if pair != (Link.DRAINING, Input.OPEN)]
ALIVE = [(link, audio) for link, audio in ALIVE if link is not Link.CLOSED]


@pytest.mark.parametrize(("link", "audio"), ALIVE)
def test_a_lost_connection_is_recovered_in_every_state(link: Link, audio: Input) -> None:
    """Wherever a link is lost: back to the end of what is final, wait, ask again."""
    assert walk(link, (audio, Happening.LOST), (audio, Happening.RETRY), (audio, Happening.READY)) == (
        Link.UP,
        [Action.RECOVER, Action.START, Action.NOTHING],
    )


@pytest.mark.parametrize(("link", "audio"), ALIVE)
def test_without_hope_every_state_gives_up(link: Link, audio: Input) -> None:
    """What no final covers is then named as a gap."""
    assert step(link, audio, Happening.HOPELESS) == (Link.CLOSED, Action.GIVE_UP)


def test_a_finish_that_was_asked_before_the_loss_is_asked_again() -> None:
    """Behind the audio that is sent again."""
    ended = [Happening.LOST, Happening.RETRY, Happening.READY, Happening.SPENT, Happening.FINISHED]
    assert walk(Link.DRAINING, *((Input.ENDED, happening) for happening in ended)) == (
        Link.CLOSED,
        [Action.RECOVER, Action.START, Action.NOTHING, Action.FINISH, Action.CLOSE],
    )


def walk(link: Link, *steps: tuple[Input, Happening]) -> tuple[Link, list[Action]]:
    """Where the steps lead, and what was to be done on the way."""
    actions = []
    for audio, happening in steps:
        link, action = step(link, audio, happening)
        actions.append(action)
    return link, actions


def test_an_ordinary_task_walks_the_table() -> None:
    """Resting, dialling, up, draining, closed, with one start, one finish and one close."""
    assert walk(
        Link.RESTING,
        (Input.OPEN, Happening.SPEECH),
        (Input.OPEN, Happening.READY),
        (Input.ENDED, Happening.SPENT),
        (Input.ENDED, Happening.FINISHED),
    ) == (Link.CLOSED, [Action.START, Action.NOTHING, Action.FINISH, Action.CLOSE])


@pytest.mark.parametrize("audio", Input)
def test_a_sentence_that_is_to_end_early_renews_the_task(audio: Input) -> None:
    """Also when the input has ended meanwhile: what waits behind the cut has a task of its own."""
    assert walk(Link.UP, (audio, Happening.CUT), (audio, Happening.FINISHED), (audio, Happening.SPEECH)) == (
        Link.DIALLING,
        [Action.FINISH, Action.REST, Action.START],
    )


@pytest.mark.parametrize("link", [Link.DIALLING, Link.UP, Link.RENEWING])
@pytest.mark.parametrize("audio", Input)
def test_a_task_with_nothing_to_hear_ends_in_rest(link: Link, audio: Input) -> None:
    """And rest ends with the input, or with speech."""
    assert walk(link, (audio, Happening.IDLE)) == (Link.RESTING, [Action.REST])
    assert step(Link.RESTING, Input.ENDED, Happening.SPENT) == (Link.CLOSED, Action.CLOSE)
    assert step(Link.RESTING, Input.OPEN, Happening.SPENT) == (Link.RESTING, Action.NOTHING)


@pytest.mark.parametrize(("audio", "happening"), list(itertools.product(Input, Happening)))
def test_a_closed_link_stays_closed(audio: Input, happening: Happening) -> None:
    """Late words change nothing."""
    assert step(Link.CLOSED, audio, happening) == (Link.CLOSED, Action.NOTHING)
