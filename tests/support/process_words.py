"""What other processes were started with."""

import psutil


def words_of(process: psutil.Process) -> str:
    """The command line of a process; empty where it ends just now, or has ended and its parent has not noticed yet."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
