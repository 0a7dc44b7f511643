"""The actions of `asr vocab` on the hot-word lists of an account: read words, ask the service, print."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from asrcli.cli.builders.text_files import read_text_file
from asrcli.cli.options.confirmation import confirm
from asrcli.cli.render.hotword_tables import HotWordListPrinter
from asrcli.core.errors import AsrError, ServiceRefused, UsageError, combine_errors
from asrcli.core.printable import quantity
from asrcli.core.settings import ConnectionSettings
from asrcli.dashscope.hotword_list_client import HotWordLists
from asrcli.dashscope.hotwords import HotWord, check_hotwords, check_prefix, limits_of, parse_hotwords, prefix_of
from asrcli.dashscope.model_selection import find_model
from asrcli.dashscope.validation import model_notices
from asrcli.protocol.http import hotword_lists
from asrcli.transport.http_client import HttpClient

DEFAULT_PREFIX = "asr"


def connect(connection: ConnectionSettings, printer: HotWordListPrinter) -> HotWordLists:
    """The hot-word lists of the account that the key belongs to."""
    client = HttpClient(connection)

    def post(request: Any) -> Any:
        # Only requests that read are repeated: the service may have made a list, or deleted one, before the reply was
        # lost, and a second update would come too soon.
        reads_only = isinstance(request, hotword_lists.BrowseLists | hotword_lists.QueryList)
        return client.post(
            hotword_lists.HOTWORD_LISTS_PATH, hotword_lists.write_request(request), repeatable=reads_only
        )

    return HotWordLists(post, lambda: datetime.now().astimezone(), time.sleep, printer.message)


def print_all(lists: HotWordLists, printer: HotWordListPrinter, prefix: str | None) -> None:
    """Print the lists, or those whose IDs have this prefix.

    Raises:
        UsageError: it is no prefix.
    """
    if prefix is not None:
        prefix = check_prefix(prefix)
    printer.print_all(lists.all(prefix or ""))


def create(
    lists: HotWordLists,
    printer: HotWordListPrinter,
    files: Sequence[str],
    words: str | None,
    model: str,
    prefix: str | None,
    wait: bool | None,
) -> None:
    """Create a list and print its ID.

    Raises:
        UsageError: the words or the prefix are not valid.
    """
    file = word_file("create", files, words)
    hotwords = check_hotwords(read_words(file, words), limits_of(model))
    vocabulary_id = lists.create(model, _prefix(file, prefix), hotwords)
    _print_notices(printer, model, "created", hotwords)
    _print_id_when_ready(lists, printer, vocabulary_id, "created", wait)


def sync(
    lists: HotWordLists,
    printer: HotWordListPrinter,
    files: Sequence[str],
    words: str | None,
    model: str,
    prefix: str | None,
    wait: bool | None,
    *,
    replace: bool,
) -> None:
    """Make the list with this prefix hold exactly these words, and print its ID.

    Raises:
        UsageError: there is no name to find the list by, or the words or the prefix are not valid.
    """
    file = word_file("sync", files, words)
    if not _stem(file) and prefix is None:
        raise UsageError("sync finds its list by a name, and there is none", "give it one with --prefix")
    hotwords = check_hotwords(read_words(file, words), limits_of(model))
    name = _prefix(file, prefix)
    vocabulary_id, done = lists.sync(model, name, hotwords, patient=bool(wait), replace=replace)
    _print_notices(printer, model, done, hotwords)
    _print_id_when_ready(lists, printer, vocabulary_id, done, wait)


def update(
    lists: HotWordLists, printer: HotWordListPrinter, names: Sequence[str], words: str | None, wait: bool | None
) -> None:
    """Replace the words of a list; `names` are its ID and the file with the words.

    Raises:
        UsageError: there is no ID, or the words are not valid.
    """
    if not names:
        raise UsageError("update needs an ID", "asr vocab list has them")
    new_words = read_words(word_file("update", names[1:], words), words)
    current = lists.query(names[0])
    hotwords = check_hotwords(new_words, limits_of(current.model))
    lists.update(current, hotwords, patient=bool(wait))
    printer.message(f"updated: {quantity(len(hotwords), 'word')}, for {current.model}")
    _print_id_when_ready(lists, printer, current.id, "updated", wait)


def delete(lists: HotWordLists, printer: HotWordListPrinter, ids: Sequence[str], *, yes: bool) -> None:
    """Delete lists, after a question unless `yes`.

    Raises:
        UsageError: there is no ID, or the answer is no.
        ServiceRefused: a list cannot be deleted; the others are.
    """
    if not ids:
        raise UsageError("delete needs an ID", "asr vocab list has them")
    confirm(f"delete {', '.join(ids)}", yes=yes)
    failures: list[AsrError] = []
    for vocabulary_id in dict.fromkeys(ids):
        try:
            lists.delete(vocabulary_id)
        except ServiceRefused as exc:  # it may not exist; the others may
            failures.append(exc)
        else:
            printer.print_done(vocabulary_id, "deleted")
    if failures:
        raise combine_errors(failures)


def word_file(action: str, files: Sequence[str], words: str | None) -> str:
    """The file that the words come from; empty if they stand on the command line.

    Raises:
        UsageError: the words come from two places, or from none.
    """
    if words is not None and files:
        raise UsageError("--words with FILE: words come from one of them")
    if words is None and len(files) != 1:
        raise UsageError(f"{action} takes one FILE, or --words")
    return next(iter(files), "")


def read_words(file: str, words: str | None) -> tuple[HotWord, ...]:
    """The words of the command line, or else of the file.

    Raises:
        UsageError: the file cannot be read, or a line of it holds no hot word.
    """
    if words is None:
        words = read_text_file(file, file)
    return parse_hotwords(words)


def _stem(file: str) -> str:
    """The name of a file up to its first dot; empty for standard input and for words on the command line."""
    if file == "-":
        return ""
    return Path(file).name.partition(".")[0]


def _prefix(file: str, prefix: str | None) -> str:
    stem = _stem(file)
    if stem and prefix is None:
        return check_prefix(prefix_of(stem))
    return check_prefix(prefix or DEFAULT_PREFIX)


def _print_notices(printer: HotWordListPrinter, model: str, done: str, hotwords: Sequence[HotWord]) -> None:
    for notice in model_notices(find_model(model)):
        printer.message(notice)
    printer.message(f"{done}: {quantity(len(hotwords), 'word')}, for {model}")


def _print_id_when_ready(
    lists: HotWordLists, printer: HotWordListPrinter, vocabulary_id: str, done: str, wait: bool | None
) -> None:
    """Print the ID as soon as the list can be used. If waiting for that fails, print it anyway."""
    try:
        if wait is not False:
            lists.settle(vocabulary_id)
    finally:
        printer.print_done(vocabulary_id, done)
