"""Finds a recognizer by its name, also one of a plug-in or of a model that the user has added, and makes it."""

from importlib import import_module
from typing import TYPE_CHECKING

from asrcli.core.errors import UsageError
from asrcli.core.lazy_module import LazyModule
from asrcli.protocol.engine_header import engine_name
from asrcli.recognizers.registry import (
    RECOGNIZERS,
    RecognizerInfo,
    RecognizerOptions,
    RunsIn,
    check_installed,
    preferred,
)

if TYPE_CHECKING:
    from asrcli.recognizers import in_process, model_store, plugins, pool
    from asrcli.recognizers.interface import Recognizer
else:  # a name of the table needs neither plug-ins nor models; a recognizer runs in one of two ways
    in_process = LazyModule("asrcli.recognizers.in_process")
    model_store = LazyModule("asrcli.recognizers.model_store")
    plugins = LazyModule("asrcli.recognizers.plugins")
    pool = LazyModule("asrcli.recognizers.pool")


def find(name: str | None = None) -> RecognizerInfo:
    """Return the recognizer of that name: of this table, of a plug-in or an added model; without one the preferred one.

    Raises:
        UsageError: there is none of that name.
    """
    if name is None:
        return preferred()
    if name in RECOGNIZERS:
        return RECOGNIZERS[name]
    rows, problems = all_recognizers()
    if name in rows:
        return rows[name]
    raise UsageError(f"{name!r} is not one of {', '.join(rows)}", "; ".join(problems))


def find_heard_by(heard_by: str) -> RecognizerInfo | None:
    """Return the recognizer that a transcript names as the one that has heard it; None if it is not here.

    Its model may have another name now.
    """
    rows, _ = all_recognizers()
    for row in rows.values():
        if engine_name(row.heard_by) == heard_by:
            return row
    return rows.get(heard_by.split(" ", 1)[0])


def all_recognizers() -> tuple[dict[str, RecognizerInfo], list[str]]:
    """Return all recognizers by name, and one sentence for each that cannot be used. Nothing is loaded.

    A plug-in cannot have the name of one of ours, nor a model that was added the name of any other.
    """
    loaded = plugins.load_plugins(RECOGNIZERS)
    rows = RECOGNIZERS | loaded.rows
    added = model_store.ModelStore().models(rows)
    return rows | added.rows, loaded.problems + added.problems


def make(
    info: RecognizerInfo | None = None, options: RecognizerOptions | None = None, workers: int | None = None
) -> "Recognizer":
    """Return the recognizer of a row, by default the preferred one; its sessions are opened later.

    Args:
        info: The row.
        options: What the user chose.
        workers: Worker processes at most, one session in each; without it, as many as the cores carry. Not read by a
            recognizer that runs in this process.

    Raises:
        EngineUnavailable: the package that it needs is not installed.
        UsageError: one of the options cannot be used.
    """
    info = info or preferred()
    options = options or RecognizerOptions()
    if info.runs_in is RunsIn.WORKERS:
        return pool.WorkerPool(info, options, workers)
    check_installed(info)
    return in_process.InProcessRecognizer(info, import_module(info.module).load(options))
