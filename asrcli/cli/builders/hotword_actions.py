"""The actions of `asr vocab` on the hot-word lists of an account: read words, ask the service, print."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from asrcli.cli.builders.text_files import read_text_file
from asrcli.cli.options.confirmation import confirm
from asrcli.cli.options.values import given_text
from asrcli.cli.render.hotword_tables import HotWordListPrinter
from asrcli.core.dataclass import dataclass
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


@dataclass(frozen=True)
class HotWordActions:
    """The actions on the lists of one account, with the options that several of them have.

    Attributes:
        lists: The lists of the account.
        printer: Prints lists, IDs and notices.
        words: The words of the command line; None if they come from a file.
        wait: What is waited for. True: the time that the service wants between two updates, and until a list is ready.
            None: until a list is ready. False: nothing.
    """

    lists: HotWordLists
    printer: HotWordListPrinter
    words: str | None = None
    wait: bool | None = None

    def print_all(self, prefix: str | None) -> None:
        """Print the lists, or those whose IDs have this prefix.

        Raises:
            UsageError: it is no prefix.
        """
        if prefix is not None:
            prefix = check_prefix(prefix)
        self.printer.print_all(self.lists.all(prefix or ""))

    def create(self, files: Sequence[str], model: str, prefix: str | None) -> None:
        """Create a list for a model and print its ID.

        Raises:
            UsageError: the words or the prefix are not valid.
        """
        file = word_file("create", files, self.words)
        hotwords = check_hotwords(read_words(file, self.words), limits_of(model))
        vocabulary_id = self.lists.create(model, _prefix(file, prefix), hotwords)
        self._print_notices(model, "created", hotwords)
        self._print_id_when_ready(vocabulary_id, "created")

    def sync(self, files: Sequence[str], model: str, prefix: str | None, *, replace: bool) -> None:
        """Make the list with this prefix hold exactly these words, and print its ID.

        Raises:
            UsageError: there is no name to find the list by, or the words or the prefix are not valid.
        """
        file = word_file("sync", files, self.words)
        if not _stem(file) and prefix is None:
            raise UsageError("sync finds a list by its name, and no name is given", "give it one with --prefix")
        hotwords = check_hotwords(read_words(file, self.words), limits_of(model))
        name = _prefix(file, prefix)
        vocabulary_id, done = self.lists.sync(model, name, hotwords, wait=bool(self.wait), replace=replace)
        self._print_notices(model, done, hotwords)
        self._print_id_when_ready(vocabulary_id, done)

    def update(self, names: Sequence[str]) -> None:
        """Replace the words of a list; `names` are its ID and the file with the words.

        Raises:
            UsageError: there is no ID, or the words are not valid.
        """
        if not names:
            raise UsageError("update needs an ID", "asr vocab list has them")
        new_words = read_words(word_file("update", names[1:], self.words), self.words)
        current = self.lists.query(names[0])
        hotwords = check_hotwords(new_words, limits_of(current.model))
        self.lists.update(current, hotwords, wait=bool(self.wait))
        self.printer.message(f"updated: {quantity(len(hotwords), 'word')}, for {current.model}")
        self._print_id_when_ready(current.id, "updated")

    def delete(self, ids: Sequence[str], *, yes: bool) -> None:
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
                self.lists.delete(vocabulary_id)
            except ServiceRefused as exc:  # it may not exist; the others may
                failures.append(exc)
            else:
                self.printer.print_done(vocabulary_id, "deleted")
        if failures:
            raise combine_errors(failures)

    def _print_notices(self, model: str, done: str, hotwords: Sequence[HotWord]) -> None:
        for notice in model_notices(find_model(model)):
            self.printer.message(notice)
        self.printer.message(f"{done}: {quantity(len(hotwords), 'word')}, for {model}")

    def _print_id_when_ready(self, vocabulary_id: str, done: str) -> None:
        """Print the ID as soon as the list can be used. If waiting for that fails, print it anyway."""
        try:
            if self.wait is not False:
                self.lists.settle(vocabulary_id)
        finally:
            self.printer.print_done(vocabulary_id, done)


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
    """The words of the command line, where @FILE reads them as in --hotwords, or else of the file.

    Raises:
        UsageError: the file cannot be read, or a line of it holds no hot word; or the @ before its name was forgotten.
    """
    if words is None:
        return parse_hotwords(read_text_file(file, file))
    return parse_hotwords(given_text("--words", words))


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
