"""What the conversations of a server share."""

import asyncio
from collections.abc import Awaitable, Callable

from asrcli.core.dataclass import dataclass
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.scripted_answers import ScriptedAnswers
from asrcli.server.monitoring import ServerMetrics


@dataclass(frozen=True, slots=True)
class ServerServices:
    """What a conversation asks of its server.

    Attributes:
        answers: The translations and answers that the server gives.
        apply_lists: Returns a recognition with the hot words of its lists.
        begin_task: Counts a task; False if this client has begun too many.
        metrics: The figures of the server.
        long_message_turn: Held while a part of a message that takes long is read: one in a turn of the loop.
    """

    answers: ScriptedAnswers
    apply_lists: Callable[[RecognitionSettings], Awaitable[RecognitionSettings]]
    begin_task: Callable[[], bool]
    metrics: ServerMetrics
    long_message_turn: asyncio.Lock
