"""When to start, finish and give up: two axes, the link and the input, as one small table. No clock, no socket."""

from enum import Enum, auto


class Link(Enum):
    """Where the connection stands."""

    DIALLING = auto()  # the task is asked for; audio waits
    UP = auto()  # the service listens; audio flows
    DRAINING = auto()  # all audio is sent; the rest of the text is due
    CLOSED = auto()


class Input(Enum):
    """Whether more audio will come."""

    OPEN = auto()
    ENDED = auto()


class Happening(Enum):
    """What can befall a link."""

    READY = auto()  # the service says that it listens
    SPENT = auto()  # the last audio has gone out
    FINISHED = auto()  # the service has said all it will say
    LOST = auto()  # broken, refused, silent: whatever ends a connection early


class Action(Enum):
    """What is to be done about it."""

    NOTHING = auto()
    FINISH = auto()  # ask for the rest
    CLOSE = auto()
    GIVE_UP = auto()  # name what no final covers as a gap, then close


# The seam of recovery: a lost link is given up here, whatever the input. The input has its own axis because a link
# lost while draining is another case than one lost while audio still comes.
_TABLE = {
    (Link.DIALLING, Input.OPEN, Happening.READY): (Link.UP, Action.NOTHING),
    (Link.DIALLING, Input.ENDED, Happening.READY): (Link.UP, Action.NOTHING),  # the audio that waited goes first
    (Link.UP, Input.ENDED, Happening.SPENT): (Link.DRAINING, Action.FINISH),
    (Link.DRAINING, Input.ENDED, Happening.FINISHED): (Link.CLOSED, Action.CLOSE),
    # A service may end a task by itself, at the end of its patience with silence, say: what it has not heard is lost.
    (Link.DIALLING, Input.OPEN, Happening.FINISHED): (Link.CLOSED, Action.GIVE_UP),
    (Link.DIALLING, Input.ENDED, Happening.FINISHED): (Link.CLOSED, Action.GIVE_UP),
    (Link.UP, Input.OPEN, Happening.FINISHED): (Link.CLOSED, Action.GIVE_UP),
    (Link.UP, Input.ENDED, Happening.FINISHED): (Link.CLOSED, Action.GIVE_UP),
    (Link.DIALLING, Input.OPEN, Happening.LOST): (Link.CLOSED, Action.GIVE_UP),
    (Link.DIALLING, Input.ENDED, Happening.LOST): (Link.CLOSED, Action.GIVE_UP),
    (Link.UP, Input.OPEN, Happening.LOST): (Link.CLOSED, Action.GIVE_UP),
    (Link.UP, Input.ENDED, Happening.LOST): (Link.CLOSED, Action.GIVE_UP),
    (Link.DRAINING, Input.ENDED, Happening.LOST): (Link.CLOSED, Action.GIVE_UP),
}


def step(link: Link, audio: Input, happening: Happening) -> tuple[Link, Action]:
    """The next state of the link and what to do; a happening without a row changes nothing."""
    return _TABLE.get((link, audio, happening), (link, Action.NOTHING))
