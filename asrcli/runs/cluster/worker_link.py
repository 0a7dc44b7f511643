"""What a worker of a Dask cluster has to do with the client of a batch: it reports, and it shares its connections."""

from collections.abc import Callable
from typing import Any

WAIT_S = 2.0  # how long a worker waits for a connection before it looks whether the input was stopped


class WorkerLink:
    """For all inputs of one batch in one worker process; made in the thread of a task.

    Args:
        topic: The name of the batch in the cluster.
        streams: How many connections all workers may use at once.
    """

    def __init__(self, topic: str, streams: int) -> None:
        from distributed import Semaphore, get_worker

        self._topic = topic
        self._worker = get_worker()
        self._streams = Semaphore(max_leases=streams, name=topic)
        self.address: str = self._worker.address

    def say(self, message: dict[str, Any]) -> None:
        """Send a message to the client. The scheduler keeps it, so nothing secret may be in it."""
        self._worker.log_event(self._topic, message | {"worker": self.address})

    def take(self, is_over: Callable[[], bool]) -> bool:
        """Wait for a connection that this worker may use; False if nobody needs it any more."""
        while not self._streams.acquire(timeout=WAIT_S):
            if is_over():
                return False
        return True

    def give_back(self) -> None:
        """Let another worker use a connection."""
        self._streams.release()


def own_address() -> str:
    """The address of the worker that runs this thread."""
    from distributed import get_worker

    return str(get_worker().address)
