"""Which messages of the inference wire are about a task, when a service may spell its id in its own way. Pure."""

from collections.abc import Container

ANSWERS = ("task-started", "task-failed")  # what may answer run-task


class TaskIdentity:
    """What a task is called, and what other tasks on its connection are called.

    Attributes:
        started: The service has answered run-task.
    """

    def __init__(self, task_id: str) -> None:
        self.started = False
        self._ours, self._others = {_plain(task_id)}, set[str]()

    @property
    def names(self) -> set[str]:
        """What the task is called."""
        return self._ours

    def concerns(self, name: str, task_id: str, *, alone: bool, retired: Container[str] = ()) -> bool:
        """Whether a message of this name and id is about the task.

        Args:
            name: Of the event.
            task_id: As the service spells it.
            alone: Its connection has carried no other task.
            retired: What tasks of lost connections were called: what still comes of them is of no use.
        """
        said = _plain(task_id)
        if not said or said in self._ours:
            return True
        if said in retired:
            return False
        if not self.started:  # whatever else comes before the answer is late, and of another task
            (self._ours if name in ANSWERS else self._others).add(said)
            return name in ANSWERS
        return alone and said not in self._others


def _plain(task_id: str) -> str:
    """A task id without what its spelling may differ in."""
    return "".join(character for character in task_id.casefold() if character.isalnum())
