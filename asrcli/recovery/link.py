"""When to start, finish, renew and give up: two axes, the link and the input, as one table. No clock, no socket."""

from enum import Enum, auto


class Link(Enum):
    """Where the task on the connection stands."""

    DIALLING = auto()  # the task is asked for; audio waits
    UP = auto()  # the service listens; audio flows
    RENEWING = auto()  # a sentence is to end here: the rest of its text is due, audio waits for the next task
    RESTING = auto()  # no task, and nothing to send: somebody may still speak
    DRAINING = auto()  # all audio is sent; the rest of the text is due
    WAITING = auto()  # the connection is lost; the next attempt is due at some time
    CLOSED = auto()


class Input(Enum):
    """Whether more audio will come."""

    OPEN = auto()
    ENDED = auto()


class Happening(Enum):
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


class Action(Enum):
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
_BOTH = (Input.OPEN, Input.ENDED)
_ROWS: tuple[tuple[Link, tuple[Input, ...], Happening, Link, Action], ...] = (
    (Link.DIALLING, _BOTH, Happening.READY, Link.UP, Action.NOTHING),  # the audio that waited goes first
    (Link.DIALLING, _BOTH, Happening.IDLE, Link.RESTING, Action.REST),
    (Link.UP, _BOTH, Happening.CUT, Link.RENEWING, Action.FINISH),
    (Link.UP, _BOTH, Happening.IDLE, Link.RESTING, Action.REST),
    (Link.UP, (Input.ENDED,), Happening.SPENT, Link.DRAINING, Action.FINISH),
    (Link.RENEWING, _BOTH, Happening.FINISHED, Link.RESTING, Action.REST),
    (Link.RENEWING, _BOTH, Happening.IDLE, Link.RESTING, Action.REST),
    (Link.RESTING, _BOTH, Happening.SPEECH, Link.DIALLING, Action.START),
    (Link.RESTING, (Input.ENDED,), Happening.SPENT, Link.CLOSED, Action.CLOSE),
    (Link.DRAINING, (Input.ENDED,), Happening.FINISHED, Link.CLOSED, Action.CLOSE),
    (Link.DRAINING, (Input.ENDED,), Happening.IDLE, Link.RESTING, Action.REST),
    (Link.DIALLING, _BOTH, Happening.LOST, Link.WAITING, Action.RECOVER),
    (Link.UP, _BOTH, Happening.LOST, Link.WAITING, Action.RECOVER),
    (Link.RENEWING, _BOTH, Happening.LOST, Link.WAITING, Action.RECOVER),
    (Link.DRAINING, (Input.ENDED,), Happening.LOST, Link.WAITING, Action.RECOVER),
    (Link.RESTING, _BOTH, Happening.LOST, Link.WAITING, Action.RECOVER),
    (Link.WAITING, _BOTH, Happening.LOST, Link.WAITING, Action.RECOVER),
    (Link.WAITING, _BOTH, Happening.RETRY, Link.DIALLING, Action.START),
    *((link, _BOTH, Happening.HOPELESS, Link.CLOSED, Action.GIVE_UP) for link in Link if link is not Link.CLOSED),
)
_TABLE = {(link, audio, happening): (to, action) for link, audios, happening, to, action in _ROWS for audio in audios}


def step(link: Link, audio: Input, happening: Happening) -> tuple[Link, Action]:
    """The next state of the link and what to do; a happening without a row changes nothing."""
    return _TABLE.get((link, audio, happening), (link, Action.NOTHING))
