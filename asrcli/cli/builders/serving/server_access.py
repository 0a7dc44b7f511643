"""Who may use `asr serve`, and how it proves who it is: the keys of clients, and the certificate."""

import logging
import os
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from asrcli.cli.builders.api_key import read_key, warn_of_others
from asrcli.cli.builders.serving.certificate_dates import certificate_warning
from asrcli.cli.builders.text_files import read_text_file
from asrcli.cli.console import print_message
from asrcli.core.errors import AsrError, SettingError, UsageError, system_reason
from asrcli.server.api_keys import ApiKey, ApiKeys, parse_keys

KEPT = "%s; the keys stay as they were"

log = logging.getLogger("asrcli.server")


class ServerKeys:
    """The keys of clients, from one file with a key or from one with many.

    Args:
        key_file: The file of `--api-key-file`.
        keys_file: The file of `--keys`.
        warn: Called with a message if other users can read a file.

    Attributes:
        keys: The keys; None where every client is let in.

    Raises:
        UsageError: both files are named, or one cannot be read or contains no key.
    """

    def __init__(self, key_file: Path | None, keys_file: Path | None, warn: Callable[[str], None]) -> None:
        if key_file is not None and keys_file is not None:
            raise UsageError("--api-key-file with --keys: both say which keys are let in", "leave one out")
        self._keys_file = keys_file
        self.keys: ApiKeys | None = None
        if keys_file is not None:
            self.keys = ApiKeys(self._read(keys_file, warn))
        elif key_file is not None and (key := read_key(key_file, warn)) is not None:
            self.keys = ApiKeys([ApiKey("", key)])

    @property
    def reload(self) -> Callable[[], Callable[[], None]] | None:
        """Reads the file again, which may wait for a disk or a pipe, and returns what takes the keys.

        None if there is no file. If it cannot be read, the keys stay as they are.
        """
        if self._keys_file is None:
            return None
        return partial(self._read_again, self._keys_file)

    def _read_again(self, path: Path) -> Callable[[], None]:
        try:
            return partial(self._replace, path, self._read(path, _log_warning))
        except AsrError as exc:
            return partial(log.warning, KEPT, exc)

    def _replace(self, path: Path, found: list[ApiKey]) -> None:
        assert self.keys is not None  # noqa: S101  it was made from the same file
        try:
            self.keys.replace(found)
        except AsrError as exc:
            log.warning(KEPT, exc)
        else:
            log.info("keys: %d read from %s", len(found), path)

    @staticmethod
    def _read(path: Path, warn: Callable[[str], None]) -> list[ApiKey]:
        found = parse_keys(read_text_file(path, f"--keys {path}").splitlines(), str(path))
        with suppress(OSError):  # it is standard input, or was moved meanwhile
            warn_of_others(path, path.stat(), warn)
        return found


def _log_warning(message: str) -> None:
    log.warning("%s", message.removeprefix("asr: "))


def server_certificate(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return what a TLS server needs; None for a server without TLS.

    Raises:
        UsageError: a key without a certificate, or files that cannot be read or do not belong together.
    """
    if certificate is None:
        if key is not None:
            raise UsageError("--key without --cert: it is the private key of a certificate", "name both")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_refuse_password)
    except ssl.SSLError as exc:
        problem = "holds no certificate with its private key, in PEM form"
        if exc.reason == "KEY_VALUES_MISMATCH":
            problem = "belongs to another private key"
        raise SettingError("cert", problem, "name the key with --key", value=str(certificate)) from None
    except _EncryptedKey:
        raise SettingError(
            "cert", f"{key or certificate} has a password", "store the private key without one", value=str(certificate)
        ) from None
    except OSError as exc:
        # The system does not say which of the two it is.
        names = [path for path in (certificate, key) if path is not None and not os.access(path, os.R_OK)]
        if names == [key]:
            raise SettingError("key", system_reason(exc), value=str(key)) from None
        raise SettingError("cert", system_reason(exc), value=str(certificate)) from None
    return context


def print_warnings(warnings: Sequence[str], certificate: Path | None, *, quiet: bool) -> None:
    """Print warnings of the start, and log one for a certificate that is not valid, or not for long.

    With `quiet` the log is not shown on the screen, so that one is printed too.
    """
    for line in warnings:
        print_message(line)
    warning = ""
    if certificate is not None:
        warning = certificate_warning(certificate, time.time())
    if warning:
        log.warning("%s", warning)
    if warning and quiet:
        print_message(f"asr: {warning}")


class _EncryptedKey(Exception):
    """A private key that needs a password: a server that starts by itself has nobody to ask."""


def _refuse_password() -> str:
    raise _EncryptedKey
