"""An input of a batch that lies in a store, as a private file on this machine while it is read."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from asrcli.core.errors import SourceError, bare_url
from asrcli.runs.batch.decisions import InputStamp
from asrcli.runs.batch.remote_store import RemoteStore, is_stored, is_web

if TYPE_CHECKING:
    from asrcli.cli.builders.sources import SourceBuilder
    from asrcli.runs.batch.active_input import BatchTask
    from asrcli.runs.batch.staging import Staging


@contextmanager
def fetched_input(
    task: "BatchTask", staging: "Staging", source_builder: "SourceBuilder"
) -> "Iterator[tuple[BatchTask, SourceBuilder]]":
    """The task with the path of a file on this machine, which is removed after the block; errors name the address.

    What is on this machine, or is a stream on the web, stays as it is.

    Raises:
        SourceError: the input cannot be fetched; errors of the block too.
        OutputError: no folder can be made for it.
    """
    url, stamp = task.given.path, task.row.stamp
    if not is_stored(url) or (is_web(url) and stamp == InputStamp()):
        yield task, source_builder
        return
    name = bare_url(url) if is_web(url) else task.given.identity
    suffix = re.search(r"\.\w{1,8}\Z", task.given.file_name)
    path = staging.fetched(task.row.path, suffix[0] if suffix else "")
    try:
        RemoteStore(url).fetch(path, stamp.size_bytes)
        # Journals tell files apart by their times.
        os.utime(path, ns=(stamp.mtime_ns or 0, stamp.mtime_ns or 0))
        yield replace(task, given=replace(task.given, path=str(path))), replace(source_builder, shown={str(path): name})
    except SourceError as exc:
        if exc.path == str(path):
            exc.path = name
        raise
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)
