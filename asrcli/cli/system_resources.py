"""What the system gives this process: standard streams, files, memory, text; and the errors if it is too little."""

import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import output_error
from asrcli.core.errors import NO_TEMPORARY_FOLDER, TMPDIR, AsrError, UsageError, system_reason
from asrcli.core.redaction import remember_key
from asrcli.core.settings import KEY_VARIABLE

LEAST_FILES = 32  # that a run has open at once, with the recognizer of this machine
MOST_CAUSES = 20  # errors that are looked at, each of which led to the one before
STANDARD_STREAMS = range(3)  # their numbers
DAY_S = 86_400
FILES = "this program may have no more files and connections open", "raise the limit (ulimit -n)"
MEMORY = "the system gives this program no more memory", "end other programs, or raise the limit (ulimit -v)"
THREADS = (
    "the system allows no more threads or processes",
    "end other programs, or raise the limits (ulimit -u, ulimit -v)",
)
FOLDER = "the current folder is not there any more", "change to one that is there (cd)"
BYTES = "the command line holds bytes that are no text here", "check the encoding of the terminal, and LANG"
_PROBLEMS = {errno.EMFILE: FILES, errno.ENFILE: FILES, errno.ENOMEM: MEMORY}
DISK = "check the disk, or the connection to it, and run the command again"
ACCESS = "look what keeps this program from using it, and run the command again"
# That a file is missing, or is something else, may be a mistake of this program: it is no trouble of a disk.
_MISTAKES = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.EBADF}
_OF_DISKS = {errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ESTALE}
# Where EAGAIN says that no process can be started.
_STARTS_PROCESSES = ("subprocess.py", "popen_fork.py", "popen_spawn_posix.py")
# What the loader of libraries and the interpreter say, which have no number for it.
_SENTENCES = {
    "too many open files": FILES,
    "cannot allocate memory": MEMORY,
    "failed to map segment": MEMORY,
    "bad_alloc": MEMORY,
    "can't start new thread": THREADS,
    "can't allocate lock": MEMORY,
    "no usable temporary directory": (NO_TEMPORARY_FOLDER, TMPDIR),
}

SIZES = ("COLUMNS", "LINES")  # environment variables with the size of the terminal

_shortages: list[UsageError] = []  # that were found
reported: set[str] = set()  # what was printed of threads; it is not printed again where the program ends for it


def correct_environment() -> None:
    """Take zeros for no size of the terminal, and UTC for a time zone that is a day or more away from it.

    Some terminals, and programs that start others, say so where they know no size. The system accepts such a TZ, but
    Python can make no local time of it. If TZ is not a time zone at all, the system uses UTC itself.
    """
    for name in SIZES:
        if not os.environ.get(name, "1").strip("0"):
            del os.environ[name]
    if abs(time.localtime().tm_gmtoff) >= DAY_S:
        os.environ["TZ"] = "UTC0"
        if sys.platform != "win32":
            time.tzset()


def screen_environment(screen: TextIO) -> dict[str, str]:
    """Return the environment for what redraws lines of a terminal: without a size, if the terminal knows its own.

    What `docker exec -e COLUMNS=...` or a shell that exports it says is wrong once the window has another size, and a
    line that is wider than calculated leaves remains on the screen.
    """
    environment = dict(os.environ)
    with suppress(OSError, ValueError):
        for name, size in zip(SIZES, os.get_terminal_size(screen.fileno()), strict=True):
            if size:
                environment.pop(name, None)
    return environment


def hold_standard_streams() -> None:
    """Open the null device instead of standard streams that are closed.

    A file that is opened later would get their numbers, and what a C library prints would be written into it.
    """
    for number in STANDARD_STREAMS:
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free


def remember_environment_key() -> None:
    """Hide the key of the environment in all texts from now on, also where it was pasted for something else."""
    remember_key(os.environ.get(KEY_VARIABLE, "").strip())


def check_open_files() -> None:
    """Make sure that this process may have as many files open as a run has, where the system has a limit.

    Raises:
        UsageError: it may not.
    """
    if sys.platform == "win32":  # which has no such limit
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= LEAST_FILES:
        return
    if hard != resource.RLIM_INFINITY and hard < LEAST_FILES:
        problem = f"this program may have only {hard} files and connections open, and needs {LEAST_FILES}"
        raise UsageError(problem, FILES[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (LEAST_FILES, hard))


def shortage(error: BaseException) -> UsageError | None:
    """What the system gives too little of, or does not give as text, where this error, or one that led to it, says so.

    None for any other error.
    """
    problem = _shortage(error)
    if problem is not None:
        _shortages.append(problem)
    return problem


def _shortage(error: BaseException) -> UsageError | None:
    for each in _causes(error):
        if isinstance(each, MemoryError):
            return UsageError(*MEMORY)
        if isinstance(each, OSError) and each.errno in _PROBLEMS:
            return UsageError(*_PROBLEMS[each.errno])
        if isinstance(each, UnicodeEncodeError) and _is_given(each.object[each.start : each.end]):
            return UsageError(*BYTES)
        if isinstance(each, FileNotFoundError) and not _has_current_folder():
            return UsageError(*FOLDER)
        if isinstance(each, BlockingIOError) and _starts_process(each):
            return UsageError(*THREADS)
        if isinstance(each, RuntimeError | ImportError | OSError):
            sentence = str(each).lower()
            for part, problem in _SENTENCES.items():
                if part in sentence:
                    return UsageError(*problem)
    return None


def trouble(error: BaseException) -> UsageError | None:
    """What the system gives too little of, as `shortage`, or which file it does not let this program use.

    None for any other error. Of a disk in the network, or one that is broken, any call can fail, also where a file was
    there a moment ago.
    """
    if (problem := shortage(error)) is not None or not isinstance(error, OSError):
        return problem
    if error.errno in _OF_DISKS:
        what = error.filename or "a file cannot be read or written"
        return UsageError(f"{what}: {system_reason(error).lower()}", DISK)
    if error.filename is not None and error.errno not in _MISTAKES:
        return UsageError(f"{error.filename}: {system_reason(error).lower()}", ACCESS)
    return None


def problem_of(error: Exception) -> AsrError:
    """What an error is that no command has caught: too little of something, a file, or standard output.

    Raises:
        Exception: the error again, if it is another one.
    """
    if (problem := shortage(error)) is not None:
        return problem
    if isinstance(error, OSError):
        if error.filename is not None:
            return UsageError(f"{error.filename}: {system_reason(error)}")
        return output_error(error)
    raise error


def report_threads() -> None:
    """From now on print what ends a thread as one line. The thread that waits for it reports it, or goes on.

    Once the system has given too little, print nothing of destructors: those of the standard library fail where an
    object was made in part, as an event loop without its sockets.
    """
    usual = sys.unraisablehook
    sys.unraisablehook = lambda about: None if _shortages else usual(about)

    def failed(about: threading.ExceptHookArgs) -> None:
        error = about.exc_value or about.exc_type()
        problem: object = trouble(error)
        if problem is None:
            name = getattr(about.thread, "name", "")
            kind = type(about.exc_value).__name__
            problem = (
                f"internal error in thread {name}: {kind}: {about.exc_value}; run again with --debug and report it"
            )
        reported.add(str(problem))
        print_message(f"asr: {problem}")

    threading.excepthook = failed


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that led to it."""
    found: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _is_given(text: str) -> bool:
    """Whether an argument or a variable has it: bytes that are no text come as lone surrogates from there."""
    return any(text in given for given in (*sys.argv, *os.environ.values()))


def _has_current_folder() -> bool:
    """Whether the current folder is still there: another program can remove it."""
    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return False
    return True


def _starts_process(error: BaseException) -> bool:
    """Whether an error was raised while a process was started."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(_STARTS_PROCESSES):
            return True
        trace = trace.tb_next
    return False
