"""The clock that microphones are measured by: it goes on while the machine sleeps and while this program is stopped."""

import sys
import time


def boot_time() -> float:
    """Seconds since some moment in the past, those included in which the machine slept.

    `time.monotonic` leaves out sleep on Linux and macOS, and counts the time in which the process alone is stopped.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
