"""Room for many connections, or inputs: the limit that the system sets for the open files of this process."""

import sys

from asrcli.core.errors import SettingError

PENDING_FILES = 256  # of connections that ask for nothing, and of single requests, beside as many as may be open
OTHER_FILES = 100  # beside connections: libraries, models, the pipes of worker processes, the log


def make_room(
    connections: int,
    setting: str = "max_connections",
    files_each: int = 1,
    other_files: int = OTHER_FILES,
    spare_files: int = 0,
) -> None:
    """Raise the limit of this process so that this many connections fit into it, where the system has such a limit.

    Args:
        connections: How many there can be at once.
        setting: What sets this number, for the error.
        files_each: How many files each of them has open.
        other_files: How many files are open beside them.
        spare_files: How many more there should be, if the system allows them.

    Raises:
        SettingError: the system lets no process have this many files open.
    """
    if sys.platform == "win32":  # it counts otherwise, and has room for more than its event loop can serve
        return
    import resource

    needed = connections * files_each + other_files
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed + spare_files
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        problem = f"needs {needed} open files, and the system allows {hard}"
        advice = f"at most {max(1, (hard - other_files) // files_each)}, or raise the limit (ulimit -n)"
        raise SettingError(setting, problem, advice, value=str(connections))
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
