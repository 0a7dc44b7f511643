"""The raw exchange of the inference wire: run-task first, finish-task last. No I/O."""

from collections.abc import Callable

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.json_messages import part, text
from asrcli.protocol.raw_exchange import RawExchange, parsed, user_message


def inference_exchange(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """run-task and finish-task, or the user's own messages.

    A finish-task that is made here takes its task id from the run-task that the user gave.

    Raises:
        UsageError: a message of the user is not a JSON object.
    """
    codec = InferenceClient(recognition, new_id)
    if first:
        opening = [user_message("first", first)]
        codec.task_id = text(part(parsed("first", first), "header"), "task_id") or codec.task_id
    else:
        opening = codec.start()
    closing = codec.finish()
    if last:
        closing = [user_message("last", last)]
    return RawExchange(
        tuple(opening), tuple(closing), codec.audio, ready="task-started", over="task-finished", failed="task-failed"
    )
