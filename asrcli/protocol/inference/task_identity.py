"""Decides which messages of the inference wire belong to a task, even where a service respells the task id. Pure."""

from collections.abc import Container

ANSWERS = ("task-started", "task-failed")  # the events that may answer run-task


class TaskIdentity:
    """The ids of a task, and the ids of other tasks on its connection.

    Attributes:
        started: The service has answered run-task.
    """

    def __init__(self, task_id: str) -> None:
        self.started = False
        self._is_kept = False  # results have an id of this task: another id means another task
        self._spelled = task_id  # as the service spells it, in nearly every message
        self._ours = {_plain(task_id)}
        self._others: set[str] = set()

    @property
    def names(self) -> set[str]:
        """The ids of the task, without what their spelling may differ in."""
        return self._ours

    def concerns(self, name: str, task_id: str, *, alone: bool, retired: Container[str] = ()) -> bool:
        """Whether an event belongs to the task.

        Args:
            name: The name of the event.
            task_id: The id in the event, as the service spells it.
            alone: The connection has carried no other task: a result may have an id of the service's own, until one
                has come with an id of this task.
            retired: Ids of tasks whose connections were lost; their events are ignored. A service that gives all tasks
                the same id names it in its answer to the start, where nothing of a lost connection can come before.
        """
        if task_id == self._spelled and self._is_kept:
            return True
        plain_id = _plain(task_id)
        if not plain_id or plain_id in self._ours:
            self._spelled = task_id
            self._is_kept = self._is_kept or (bool(plain_id) and name not in ANSWERS)
            return True
        if plain_id in retired and not (alone and name == "task-started" and not self.started):
            return False
        if not self.started:  # before its answer, any other event is a late one of another task
            is_answer = name in ANSWERS
            (self._ours if is_answer else self._others).add(plain_id)
            return is_answer
        return alone and not self._is_kept and plain_id not in self._others


def _plain(task_id: str) -> str:
    """A task id in lower case, letters and digits only: a service may change case and hyphens."""
    return "".join(character for character in task_id.casefold() if character.isalnum())
