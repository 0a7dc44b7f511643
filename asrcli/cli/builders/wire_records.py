"""From options to a message record that is written, and from its file to one that is read."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from asrcli import __version__
from asrcli.cli.builders.open_outputs import failures_at_end
from asrcli.cli.builders.text_files import bytes_of, opened_file
from asrcli.cli.console import print_message
from asrcli.core.errors import OutputError, SourceError, UsageError, system_reason
from asrcli.core.printable import quantity
from asrcli.protocol.record_members import MEMBER
from asrcli.protocol.wire_record import WireRecord, read_record
from asrcli.runs.wire_recording import WireRecorder

if TYPE_CHECKING:
    from asrcli.core.settings import RecognitionSettings

MOST_BYTES = 2 << 30
Reader = TypeVar("Reader")


def recording(
    stack: ExitStack,
    record: Path,
    wire: str,
    recognition: "RecognitionSettings",
    *,
    keep_audio: bool,
) -> WireRecorder:
    """The record of a run, which the stack completes. It raises an OutputError at its end if messages found no room.

    Raises:
        UsageError: the file holds something else than a record, or another run writes it.
        OutputError: the file cannot be created.
    """
    _check(record)
    about = {
        "program": f"asr {__version__}",
        "python": sys.version.split()[0],
        "system": sys.platform,
        "at": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "audio": keep_audio,
    }
    try:
        recorder = WireRecorder(
            record, about, wire, recognition, keep_audio=keep_audio, report=lambda text: print_message(f"asr: {text}")
        )
    except BlockingIOError:
        raise UsageError(f"--record {record} is written by another run now", "choose another name") from None
    except OSError as exc:
        raise OutputError(str(record), system_reason(exc).lower()) from exc
    stack.enter_context(failures_at_end(lambda: recorder.failures))
    stack.callback(recorder.close)  # before the other: only now it is known whether all found room
    return recorder


@contextmanager
def open_record(path: Path, reader: Callable[[str, WireRecord], Reader]) -> Iterator[Reader]:
    """What a reader makes of a record, which it is given with its name; print what of the record is missing.

    The record is open until the end, because nobody holds it whole: `reader` reads it once.

    Raises:
        SourceError: it cannot be read, is no record, or a newer version has written it.
    """
    name = str(path)
    try:
        file = opened_file(path, MOST_BYTES)
    except (OSError, ValueError) as exc:
        raise SourceError(name, getattr(exc, "strerror", None) or "not a valid file name") from exc
    if file is None:
        raise SourceError(name, f"longer than {MOST_BYTES >> 30} GB")
    with file:
        record = read_record(name, file)
        made = reader(name, record)
        if record.damaged:
            print_message(f"asr: {path}: {quantity(record.damaged, 'damaged part')} left out; the rest is used")
        if record.members.cut:
            print_message(f"asr: {path}: its end is cut off; the rest is used")
        yield made


def _check(record: Path) -> None:
    if str(record) == "-":
        raise UsageError("--record - is standard output, and a record is a file", "choose another name")
    try:
        if record.is_symlink():  # whoever may write to the folder could have put it there
            raise UsageError(f"--record {record} is a symbolic link, and a record is a file", "choose another name")
        if record.is_fifo():  # written later, it could not hold up the run for a reader
            raise UsageError(f"--record {record} is a pipe, and a record is a file", "choose another name")
        if record.exists() and not record.is_file() and not record.is_dir():
            raise UsageError(f"--record {record} is a device, and a record is a file", "choose another name")
        if record.is_file() and bytes_of(record, len(MEMBER))[0][: len(MEMBER)] not in {b"", MEMBER}:
            raise UsageError(f"--record {record} exists, and is not a message record", "choose another name")
    except OSError:
        return  # opening it for writing reports the error
