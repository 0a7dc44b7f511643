"""The state table of the link: when to start, finish, renew and abandon a task. Uses no clock and no socket."""

from enum import Enum, auto


class LinkState(Enum):
    """The state of the task on the connection."""

    DIALLING = auto()  # the start of a task was requested; audio waits
    UP = auto()  # the service is ready; audio is sent
    RENEWING = auto()  # this task ends here: the rest of its text is due, audio waits for the next task
    RESTING = auto()  # no task, and no audio to send; more may come
    DRAINING = auto()  # all audio is sent; the rest of the text is due
    WAITING = auto()  # the connection is lost; the next attempt has a time
    CLOSED = auto()


class InputState(Enum):
    """Whether more audio will come."""

    OPEN = auto()
    ENDED = auto()


class LinkEvent(Enum):
    """What can happen to a link."""

    READY = auto()  # the service reports that it is ready
    CUT = auto()  # the task is to end here: after a sentence, before a jump, or when its lifetime is over
    SPEECH = auto()  # there is audio to send
    ALL_SENT = auto()  # the last audio has gone out
    FINISHED = auto()  # the service reports the end of a task that we asked to finish
    UNHEARD = auto()  # the same, but some of its audio was not processed and is sent again
    IDLE = auto()  # the service ended a task that had no speech
    LOST = auto()  # the connection broke, was refused or is silent; another attempt is due
    RETRY = auto()  # the time for the next attempt has come
    HOPELESS = auto()  # there will be no next attempt


class LinkAction(Enum):
    """What to do after an event."""

    NOTHING = auto()  # the new state is enough: a closed link ends the session
    START = auto()  # ask for a task
    FINISH = auto()  # ask for the rest of the text
    REST = auto()  # end the task, and begin another when there is audio to send
    RECOVER = auto()  # go back to the first undecided audio, and wait for the next attempt


# The input has its own axis because a link that is lost while draining is another case than one lost while audio still
# comes: a finish that was asked for before the loss is asked for again after the audio that is sent again.
_BOTH = (InputState.OPEN, InputState.ENDED)
_ROWS: tuple[tuple[LinkState, tuple[InputState, ...], LinkEvent, LinkState, LinkAction], ...] = (
    # Also after the end of the input: the waiting audio goes first.
    (LinkState.DIALLING, _BOTH, LinkEvent.READY, LinkState.UP, LinkAction.NOTHING),
    (LinkState.DIALLING, _BOTH, LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.UP, _BOTH, LinkEvent.CUT, LinkState.RENEWING, LinkAction.FINISH),
    (LinkState.UP, _BOTH, LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.UP, (InputState.ENDED,), LinkEvent.ALL_SENT, LinkState.DRAINING, LinkAction.FINISH),
    (LinkState.RENEWING, _BOTH, LinkEvent.FINISHED, LinkState.RESTING, LinkAction.REST),
    (LinkState.RENEWING, _BOTH, LinkEvent.UNHEARD, LinkState.RESTING, LinkAction.REST),
    (LinkState.RENEWING, _BOTH, LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.RESTING, _BOTH, LinkEvent.SPEECH, LinkState.DIALLING, LinkAction.START),
    (LinkState.RESTING, (InputState.ENDED,), LinkEvent.ALL_SENT, LinkState.CLOSED, LinkAction.NOTHING),
    (LinkState.DRAINING, (InputState.ENDED,), LinkEvent.FINISHED, LinkState.CLOSED, LinkAction.NOTHING),
    (LinkState.DRAINING, (InputState.ENDED,), LinkEvent.UNHEARD, LinkState.RESTING, LinkAction.REST),
    (LinkState.DRAINING, (InputState.ENDED,), LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.DIALLING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.UP, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.RENEWING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.DRAINING, (InputState.ENDED,), LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.RESTING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.WAITING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.WAITING, _BOTH, LinkEvent.RETRY, LinkState.DIALLING, LinkAction.START),
    *(
        (link, _BOTH, LinkEvent.HOPELESS, LinkState.CLOSED, LinkAction.NOTHING)
        for link in LinkState
        if link is not LinkState.CLOSED
    ),
)
_TABLE = {(link, state, event): (to, action) for link, states, event, to, action in _ROWS for state in states}


def step(link: LinkState, input_state: InputState, event: LinkEvent) -> tuple[LinkState, LinkAction]:
    """Return the next state of the link and what to do; an event without a row changes nothing."""
    return _TABLE.get((link, input_state, event), (link, LinkAction.NOTHING))
