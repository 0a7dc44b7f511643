"""The keys that `asr login` keeps: in the keyring of the system, or in a file that only its user can read.

A file lists which service has a key and where it is; so a run of somebody who has no key there asks no keyring. A key
is kept for one service: a region, or the host of another address. It is sent nowhere else.
"""

import json
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_config_path

from asrcli.config.change_lock import changing
from asrcli.config.keyring_access import Keyring, KeyringUnusable, SystemKeyring
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import OutputError, UsageError, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import Secret
from asrcli.dashscope.endpoints import EndpointRequest

if TYPE_CHECKING:
    from asrcli.core import whole_writes
else:  # most runs make no folder
    whole_writes = LazyModule("asrcli.core.whole_writes")

APP = "asrcli"
VERSION = 1
MOST_BYTES = 1 << 20
NEW = ".keys-"  # how a file of keys is called until it is whole
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keys_file() -> Path:
    """Return the file that lists the keys, in the folder for configuration of this user.

    For a user without a home directory it is a path at the root, where no file can be made.
    """
    try:
        return user_config_path(APP, appauthor=False) / "keys.json"
    except RuntimeError:
        return Path(os.sep, ".config", APP, "keys.json")


@dataclass(frozen=True)
class KeptKeys:
    """What the file says. `keys` has the key of each service as text, None for one that is in the keyring.

    Attributes:
        region, workspace: Of the last login, for runs that name none.
    """

    region: str = ""
    workspace: str = ""
    keys: dict[str, str | None] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class KeyPlace:
    """Where a key is kept: `kept_in` in words; `reason` is why it is not the keyring, empty if it is."""

    kept_in: str
    reason: str = ""


class KeyStore:
    """The keys of this user. `path` and `keyring` are those of the system, unless a test has others."""

    def __init__(self, path: Path | None = None, keyring: Keyring | None = None) -> None:
        self.path = path or keys_file()
        self._keyring = keyring or SystemKeyring()

    def services(self) -> list[str]:
        """Return the services that have a key here.

        Raises:
            UsageError: the file cannot be used; says what to do.
        """
        return list(self._load().keys)

    def usual_endpoint(self) -> EndpointRequest:
        """Return region and workspace of the last login; nothing if there was none or the file cannot be used."""
        try:
            kept = self._load()
        except UsageError:  # the code that reads a key reports it; a run with another key needs none of this
            return EndpointRequest()
        return EndpointRequest(region=kept.region, workspace=kept.workspace)

    def read(self, service: str) -> tuple[Secret, str] | None:
        """Return the key for a service, and where it is kept, in words; None if none is kept.

        Raises:
            UsageError: the file or the keyring cannot be used; says what to do.
        """
        kept = self._load()
        if service not in kept.keys:
            return None
        key = kept.keys[service]
        if key is not None:
            return Secret(key), str(self.path)
        try:
            answer = self._keyring.read(service)
        except KeyringUnusable as exc:
            raise UsageError(
                f"the key for {service} is in the keyring: {exc}", "unlock it, or set DASHSCOPE_API_KEY"
            ) from None
        if answer.key is None:
            raise UsageError(f"the keyring no longer has the key for {service}", "asr login keeps it again")
        return answer.key, f"the keyring ({answer.backend})"

    def keep(self, service: str, key: Secret, endpoint: EndpointRequest) -> KeyPlace:
        """Keep a key: in the keyring if it can be used, else in the file.

        `endpoint` is what later runs ask; without a region they ask what they asked before.

        Raises:
            UsageError: the file cannot be used.
            OutputError: the file cannot be written.
        """
        kept = self._load()
        place, in_keyring = KeyPlace(str(self.path)), False
        try:
            answer = self._keyring.keep(service, key)
            # A back end that keeps nothing answers without an error.
            in_keyring = answer.key is not None and answer.key.reveal() == key.reveal()
            place = KeyPlace(f"the keyring ({answer.backend})")
            if not in_keyring:
                place = KeyPlace(str(self.path), f"the keyring ({answer.backend}) keeps nothing")
        except KeyringUnusable as exc:
            place = replace(place, reason=str(exc))
        try:
            with changing(self.path):  # only now: a keyring may ask the user for a password
                kept = self._load()
                usual = endpoint
                if not endpoint.region:
                    usual = EndpointRequest(region=kept.region, workspace=kept.workspace)
                keys = kept.keys | {service: None if in_keyring else key.reveal()}
                self._save(KeptKeys(usual.region, usual.workspace, keys))
        except BaseException:  # also Ctrl-C
            if in_keyring and service not in kept.keys:
                with suppress(KeyringUnusable):
                    self._keyring.forget(service)
            raise
        return place

    def forget(self, service: str) -> bool:
        """Remove the key for a service; return whether there was one.

        Raises:
            UsageError: the file or the keyring cannot be used; the key is then still listed.
            OutputError: the file cannot be written.
        """
        kept = self._load()
        if service not in kept.keys:
            with suppress(KeyringUnusable):  # a login that was killed may have left a key there that no list names
                self._keyring.forget(service)
            if self.path.parent.is_dir():
                with suppress(OSError), changing(self.path):
                    self._remove_left()
            return False
        if kept.keys[service] is None:
            try:
                self._keyring.forget(service)
            except KeyringUnusable as exc:
                raise UsageError(f"the key for {service} stays in the keyring: {exc}", "unlock it, try again") from None
        with changing(self.path):
            kept = self._load()
            rest = {name: key for name, key in kept.keys.items() if name != service}
            usual = ""
            if kept.region in rest:
                usual = kept.region
            self._save(KeptKeys(usual, kept.workspace if usual else "", rest))
        return True

    def _remove_left(self) -> None:
        """Remove what a program left that was killed before its file of keys was whole: there are keys in it."""
        for left in self.path.parent.glob(f"{NEW}*"):
            left.unlink(missing_ok=True)

    def _load(self) -> KeptKeys:
        try:
            data = self._bytes()
        except (FileNotFoundError, NotADirectoryError):  # also where HOME names a file
            return KeptKeys()
        except (OSError, ValueError) as exc:
            if isinstance(exc, PermissionError) and not os.access(self.path.parent, os.X_OK):
                return KeptKeys()  # the home of somebody else, as in many containers: this user has kept nothing there
            raise UsageError(f"{self.path}: {system_reason(exc)}") from None
        return _parsed(data, self.path)

    def _bytes(self) -> bytes:
        """Return the bytes of the file, if it is the user's own and nobody else can read it.

        Raises:
            OSError: it cannot be read.
            UsageError: others can read or could have written it.
        """
        with self.path.open("rb") as file:
            about = os.fstat(file.fileno())
            if hasattr(os, "geteuid") and about.st_uid not in {os.geteuid(), 0}:
                raise UsageError(f"{self.path}: belongs to another user", "move it away, then asr login")
            if os.name == "posix" and about.st_mode & OTHERS:
                advice = f"chmod 600 {self.path}, and think of a new key: they may have read this one"
                raise UsageError(f"{self.path}: other users of this machine can read the keys in it", advice)
            return file.read(MOST_BYTES)

    def _save(self, kept: KeptKeys) -> None:
        """Replace the file by a whole one that only its user can read; without a key in it, remove it."""
        try:
            self._remove_left()
            if not kept.keys:
                self.path.unlink(missing_ok=True)
                return
            whole_writes.make_private(self.path.parent)
            fd, new = tempfile.mkstemp(prefix=NEW, dir=self.path.parent)  # mode 0600
            try:
                with os.fdopen(fd, "w", encoding="utf-8") as file:
                    json.dump({"version": VERSION, **asdict(kept)}, file, indent=2)
                    file.flush()
                    whole_writes.sync(os.fsync, file.fileno())
                Path(new).replace(self.path)
            except BaseException:  # also Ctrl-C: there is a key in it
                with suppress(OSError):
                    Path(new).unlink()
                raise
        except OSError as exc:
            raise OutputError(str(self.path), f"{system_reason(exc)}; set DASHSCOPE_API_KEY instead") from None


def _parsed(data: bytes, path: Path) -> KeptKeys:
    """Return what the file says. The file is not quoted in an error: keys are in it."""
    advice = "move it away, then asr login"
    try:
        found: Any = json.loads(data)
    except json.JSONDecodeError as exc:
        raise UsageError(f"{path}: damaged at line {exc.lineno}, column {exc.colno}", advice) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: not a text file", advice) from None
    version = found.get("version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise UsageError(f"{path}: written by a newer version of asr", "use that one, or set DASHSCOPE_API_KEY")
    try:
        return _checked(found)
    except (TypeError, KeyError):
        raise UsageError(f"{path}: not a list of keys", advice) from None


def _checked(found: Any) -> KeptKeys:
    if found["version"] != VERSION:
        raise TypeError
    kept = KeptKeys(found["region"], found["workspace"], found["keys"])
    keys = kept.keys
    if not isinstance(keys, dict) or not all(key is None or isinstance(key, str) for key in keys.values()):
        raise TypeError
    if not (isinstance(kept.region, str) and isinstance(kept.workspace, str)):
        raise TypeError
    return kept
