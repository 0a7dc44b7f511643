"""Room for many connections: the limit that the system sets for the open files of this process."""

from asrcli.core.errors import SettingError

OTHER_FILES = 100  # beside connections: libraries, models, the pipes of worker processes, the log


def make_room(connections: int) -> None:
    """Raise the limit of this process so that so many connections fit into it, where the system has such a limit.

    Raises:
        SettingError: the system lets no process have so many files open.
    """
    try:
        import resource
    except ImportError:  # Windows counts otherwise, and has room for more than its event loop can serve
        return
    needed = connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        problem = f"needs {needed} open files, and the system allows {hard}"
        advice = f"at most {max(1, hard - OTHER_FILES)}, or raise the limit (ulimit -n)"
        raise SettingError("max_connections", problem, advice, value=str(connections))
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
