"""When to start, finish, renew and give up: two axes, the link and the input, as one table. No clock, no socket."""

from enum import Enum, auto


class LinkState(Enum):
    """Where the task on the connection stands."""

    DIALLING = auto()  # the task is asked for; audio waits
    UP = auto()  # the service listens; audio flows
    RENEWING = auto()  # a sentence is to end here: the rest of its text is due, audio waits for the next task
    RESTING = auto()  # no task, and nothing to send: somebody may still speak
    DRAINING = auto()  # all audio is sent; the rest of the text is due
    WAITING = auto()  # the connection is lost; the next attempt is due at some time
    CLOSED = auto()


class InputState(Enum):
    """Whether more audio will come."""

    OPEN = auto()
    ENDED = auto()


class LinkEvent(Enum):
    """What can befall a link."""

    READY = auto()  # the service says that it listens
    CUT = auto()  # the sentence is to end here, and the wire has no other way
    SPEECH = auto()  # there is audio to send
    SPENT = auto()  # the last audio has gone out
    FINISHED = auto()  # the service has said all it will say
    IDLE = auto()  # the service ended a task that had nothing to hear
    LOST = auto()  # broken, refused, silent: whatever ends a connection early and may be better next time
    RETRY = auto()  # the time for the next attempt has come
    HOPELESS = auto()  # there will be no next attempt


class LinkAction(Enum):
    """What is to be done about it."""

    NOTHING = auto()
    START = auto()  # ask for a task
    FINISH = auto()  # ask for the rest
    REST = auto()  # put the task away, and go on when there is something to send
    RECOVER = auto()  # go back to where the finals end, and wait a little
    CLOSE = auto()
    GIVE_UP = auto()  # name what no final covers as a gap, then close


# The input has its own axis because a link that is lost while draining is another case than one lost while audio still
# comes: a finish that was asked for before the loss is asked for again behind the audio that is sent again.
_BOTH = (InputState.OPEN, InputState.ENDED)
_ROWS: tuple[tuple[LinkState, tuple[InputState, ...], LinkEvent, LinkState, LinkAction], ...] = (
    (LinkState.DIALLING, _BOTH, LinkEvent.READY, LinkState.UP, LinkAction.NOTHING),  # the audio that waited goes first
    (LinkState.DIALLING, _BOTH, LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.UP, _BOTH, LinkEvent.CUT, LinkState.RENEWING, LinkAction.FINISH),
    (LinkState.UP, _BOTH, LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.UP, (InputState.ENDED,), LinkEvent.SPENT, LinkState.DRAINING, LinkAction.FINISH),
    (LinkState.RENEWING, _BOTH, LinkEvent.FINISHED, LinkState.RESTING, LinkAction.REST),
    (LinkState.RENEWING, _BOTH, LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.RESTING, _BOTH, LinkEvent.SPEECH, LinkState.DIALLING, LinkAction.START),
    (LinkState.RESTING, (InputState.ENDED,), LinkEvent.SPENT, LinkState.CLOSED, LinkAction.CLOSE),
    (LinkState.DRAINING, (InputState.ENDED,), LinkEvent.FINISHED, LinkState.CLOSED, LinkAction.CLOSE),
    (LinkState.DRAINING, (InputState.ENDED,), LinkEvent.IDLE, LinkState.RESTING, LinkAction.REST),
    (LinkState.DIALLING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.UP, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.RENEWING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.DRAINING, (InputState.ENDED,), LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.RESTING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.WAITING, _BOTH, LinkEvent.LOST, LinkState.WAITING, LinkAction.RECOVER),
    (LinkState.WAITING, _BOTH, LinkEvent.RETRY, LinkState.DIALLING, LinkAction.START),
    *(
        (link, _BOTH, LinkEvent.HOPELESS, LinkState.CLOSED, LinkAction.GIVE_UP)
        for link in LinkState
        if link is not LinkState.CLOSED
    ),
)
_TABLE = {(link, audio, happening): (to, action) for link, audios, happening, to, action in _ROWS for audio in audios}


def step(link: LinkState, audio: InputState, happening: LinkEvent) -> tuple[LinkState, LinkAction]:
    """The next state of the link and what to do; a happening without a row changes nothing."""
    return _TABLE.get((link, audio, happening), (link, LinkAction.NOTHING))
