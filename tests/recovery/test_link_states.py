"""The table of the link: every state has its rows, and every event has a defined result."""

import itertools

import pytest

from asrcli.recovery.link_states import InputState, LinkAction, LinkEvent, LinkState, step

# Draining begins when the input has ended, so that pair does not exist.
ALIVE = [pair for pair in itertools.product(LinkState, InputState) if pair != (LinkState.DRAINING, InputState.OPEN)]
ALIVE = [(link, audio) for link, audio in ALIVE if link is not LinkState.CLOSED]


@pytest.mark.parametrize(("link", "audio"), ALIVE)
def test_a_lost_connection_is_recovered_in_every_state(link: LinkState, audio: InputState) -> None:
    """In every state: go back to the end of the finals, wait, ask again."""
    assert walk(link, (audio, LinkEvent.LOST), (audio, LinkEvent.RETRY), (audio, LinkEvent.READY)) == (
        LinkState.UP,
        [LinkAction.RECOVER, LinkAction.START, LinkAction.NOTHING],
    )


@pytest.mark.parametrize(("link", "audio"), ALIVE)
def test_without_hope_every_state_gives_up(link: LinkState, audio: InputState) -> None:
    """Audio without a final is then reported as a gap."""
    assert step(link, audio, LinkEvent.HOPELESS) == (LinkState.CLOSED, LinkAction.NOTHING)


def test_a_finish_that_was_asked_before_the_loss_is_asked_again() -> None:
    """The second finish comes after the audio that is sent again."""
    ended = [LinkEvent.LOST, LinkEvent.RETRY, LinkEvent.READY, LinkEvent.ALL_SENT, LinkEvent.FINISHED]
    assert walk(LinkState.DRAINING, *((InputState.ENDED, event) for event in ended)) == (
        LinkState.CLOSED,
        [LinkAction.RECOVER, LinkAction.START, LinkAction.NOTHING, LinkAction.FINISH, LinkAction.NOTHING],
    )


def walk(link: LinkState, *steps: tuple[InputState, LinkEvent]) -> tuple[LinkState, list[LinkAction]]:
    """The state after the steps, and the actions on the way."""
    actions = []
    for audio, event in steps:
        link, action = step(link, audio, event)
        actions.append(action)
    return link, actions


def test_an_ordinary_task_walks_the_table() -> None:
    """Resting, dialling, up, draining, closed, with one start, one finish and one close."""
    assert walk(
        LinkState.RESTING,
        (InputState.OPEN, LinkEvent.SPEECH),
        (InputState.OPEN, LinkEvent.READY),
        (InputState.ENDED, LinkEvent.ALL_SENT),
        (InputState.ENDED, LinkEvent.FINISHED),
    ) == (LinkState.CLOSED, [LinkAction.START, LinkAction.NOTHING, LinkAction.FINISH, LinkAction.NOTHING])


@pytest.mark.parametrize("audio", InputState)
def test_a_sentence_that_is_to_end_early_renews_the_task(audio: InputState) -> None:
    """Also when the input has ended: the audio after the cut gets a task of its own."""
    assert walk(LinkState.UP, (audio, LinkEvent.CUT), (audio, LinkEvent.FINISHED), (audio, LinkEvent.SPEECH)) == (
        LinkState.DIALLING,
        [LinkAction.FINISH, LinkAction.REST, LinkAction.START],
    )


@pytest.mark.parametrize("link", [LinkState.DIALLING, LinkState.UP, LinkState.RENEWING])
@pytest.mark.parametrize("audio", InputState)
def test_a_task_with_nothing_to_hear_ends_in_rest(link: LinkState, audio: InputState) -> None:
    """Resting ends with the input, or with speech."""
    assert walk(link, (audio, LinkEvent.IDLE)) == (LinkState.RESTING, [LinkAction.REST])
    assert step(LinkState.RESTING, InputState.ENDED, LinkEvent.ALL_SENT) == (LinkState.CLOSED, LinkAction.NOTHING)
    assert step(LinkState.RESTING, InputState.OPEN, LinkEvent.ALL_SENT) == (LinkState.RESTING, LinkAction.NOTHING)


@pytest.mark.parametrize(("audio", "event"), list(itertools.product(InputState, LinkEvent)))
def test_a_closed_link_stays_closed(audio: InputState, event: LinkEvent) -> None:
    """Late events change nothing."""
    assert step(LinkState.CLOSED, audio, event) == (LinkState.CLOSED, LinkAction.NOTHING)
