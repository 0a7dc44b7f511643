"""What a transcription of the Python API leaves behind in its process: threads, and files that are open."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator

import asrcli
from tests.support.counted import counted

AT_ONCE_S = 10.0  # on a busy machine; idle it takes a tenth of a second, and `endless` lasts for fifteen


def endless() -> Iterator[bytes]:
    """Counted audio as a device gives it, without an end."""
    data = counted(3000)
    for at in range(0, len(data), 3200):
        time.sleep(0.005)
        yield data[at : at + 3200]


def resources() -> tuple[list[str], int]:
    """The threads of this process, except for the one that all connections share, and how many files it has open."""
    names = sorted(thread.name for thread in threading.enumerate() if thread.name != "io")
    return names, len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the folder itself is one of them each time


def assert_back_to(before: tuple[list[str], int]) -> None:
    """All that has begun since then has ended, or does so at once."""
    until = time.monotonic() + AT_ONCE_S
    while begun_since(before) != (Counter(), 0) and time.monotonic() < until:
        time.sleep(0.01)
    assert begun_since(before) == (Counter(), 0)


def begun_since(before: tuple[list[str], int]) -> tuple[Counter[str], int]:
    """The threads that are new, and how many files: what earlier tests left may end meanwhile."""
    names, files = resources()
    return Counter(names) - Counter(before[0]), max(0, files - before[1])


def warm(url: str) -> tuple[list[str], int]:
    """Begin what is begun once in a process and stays; what there is when the rest of it has ended."""
    for _ in asrcli.transcribe(counted(2), url=url, pace="max"):
        pass
    earlier, now = None, resources()
    while now != earlier or "receive" in now[0]:
        time.sleep(0.2)
        earlier, now = now, resources()
    return now
