"""The clock for microphones: it goes on while the machine sleeps and while this program is stopped."""

import sys
import time


def boot_time() -> float:
    """Return seconds since some moment in the past, including the time in which the machine slept.

    On Linux and macOS `time.monotonic` does not count sleep, but counts time in which only the process is stopped.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
