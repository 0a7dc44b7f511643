"""The models that the user has added: a folder for each, with its manifest. Adds, lists and removes them.

A manifest names the folder of the model's files: one that was unpacked beside the manifest, or one of the user's own,
which is only pointed to and never changed. A model gets its name in one step, when it is whole and has been tried.
"""

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import EngineUnavailable, OutputError, UsageError, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.journal.lock import LOCK, JournalLock, in_use
from asrcli.protocol.language_codes import language_name
from asrcli.recognizers.model_folder import open_model, size_mb
from asrcli.recognizers.registry import RecognizerInfo, RunsIn
from asrcli.recognizers.sherpa_hotwords import HotWordSpelling, hotword_spelling

if TYPE_CHECKING:
    from asrcli.core import whole_writes
else:  # most runs make no folder
    whole_writes = LazyModule("asrcli.core.whole_writes")

MANIFEST = "model.json"
FILES = "files"  # the folder of an unpacked model, beside its manifest
NEW = ".new-"  # prefix of a folder that is not finished
LEFT_S = 86_400  # one without a lock that is older was left behind by a process that was killed
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", re.ASCII)
CODE = re.compile(r"[a-z]{2,3}", re.ASCII)


@dataclass(frozen=True)
class Manifest:
    """What is kept about a model.

    Attributes:
        source: The address or path that it came from.
        folder: The folder of its files, absolute; empty for the one beside the manifest.
        languages: The codes of the languages that it hears; empty when nobody said.
        sha256: The checksum of the archive; empty for a folder.
    """

    source: str
    folder: str = ""
    languages: tuple[str, ...] = ()
    sha256: str = ""


@dataclass
class AddedModels:
    """The models of the user.

    Attributes:
        rows: The recognizers by name.
        problems: One sentence for each folder that cannot be used.
    """

    rows: dict[str, RecognizerInfo] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def default_folder() -> Path:
    """Return where models are kept: among the data of this user's programs."""
    try:
        return user_data_path("asrcli", appauthor=False) / "models"
    except RuntimeError:  # no home directory
        return Path(os.sep, ".local", "share", "asrcli", "models")


class ModelStore:
    """The models in a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()
        self._lock = JournalLock(self.folder)  # of the folder that is being made

    def models(self, taken: Collection[str] = ()) -> AddedModels:
        """Return the row of each model. None may have a name that is in `taken`. Nothing is loaded."""
        added = AddedModels()
        for path in self._paths():
            try:
                if path.name in taken:
                    raise ValueError("there is another recognizer of that name")
                added.rows[path.name] = _row(path, _read(path / MANIFEST))
            except (OSError, ValueError, TypeError) as exc:
                reason = system_reason(exc)
                added.problems.append(f"the model {path.name} in {self.folder} cannot be used: {reason}")
        return added

    def sources(self) -> set[str]:
        """Return the addresses and paths that models were added from."""
        found = set()
        for path in self._paths():
            with suppress(OSError, ValueError, TypeError):
                found.add(_read(path / MANIFEST).source)
        return found - {""}

    def check_free(self, name: str, taken: Collection[str]) -> None:
        """Check that a model may get this name.

        Raises:
            UsageError: it is no name for a model, or there is an engine of that name.
        """
        if not NAME.fullmatch(name) or name.endswith("."):
            raise UsageError(f"{name!r} cannot be the name of an engine", "use letters, digits, dots and hyphens")
        if name in taken or (self.folder / name).exists():
            raise UsageError(f"there is an engine {name}", f"asr engines remove {name}, or choose another name")

    def find(self, name: str) -> Path:
        """Return the folder of a model.

        Raises:
            UsageError: there is none of that name.
        """
        path = self.folder / name
        if not NAME.fullmatch(name) or not (path / MANIFEST).is_file() or path.is_symlink():
            names = ", ".join(each.name for each in self._paths()) or "none"
            raise UsageError(f"no model {name} was added", f"added: {names}")
        return path

    def remove(self, name: str) -> None:
        """Remove a model; a folder of the user's own stays.

        Raises:
            UsageError: there is none of that name.
            OutputError: it cannot be removed.
        """
        path = self.find(name)
        with self.new_folder() as new:
            try:
                going = path.rename(new / "gone")
                shutil.rmtree(going)
            except OSError as exc:
                raise OutputError(str(path), system_reason(exc)) from exc

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """A folder for a model that is being added or removed; it is gone at the end of the block, unless it was kept.

        A lock in it says that its program is alive: what a killed program has left goes with the next change.

        Raises:
            OutputError: it cannot be made.
        """
        try:
            whole_writes.make_private(self.folder)
            self.tidy()
            new = Path(tempfile.mkdtemp(prefix=NEW, dir=self.folder))
            self._lock = JournalLock(new)
            self._lock.take()
        except OSError as exc:
            raise OutputError(str(self.folder), system_reason(exc)) from exc
        try:
            yield new
        finally:
            self._lock.release()
            shutil.rmtree(new, ignore_errors=True)

    def keep(self, new: Path, name: str, manifest: Manifest) -> RecognizerInfo:
        """Give a new folder its manifest and its name; returns its row.

        Raises:
            OutputError: it cannot be written, or somebody else has just added one of that name.
        """
        path = self.folder / name
        try:
            with (new / MANIFEST).open("x", encoding="utf-8") as file:
                json.dump(asdict(manifest), file, ensure_ascii=False, indent=1)
                file.flush()
                whole_writes.sync(os.fsync, file.fileno())
            self._lock.release()
            (new / LOCK).unlink()
            new.rename(path)
        except OSError as exc:
            raise OutputError(str(path), system_reason(exc)) from exc
        return _row(path, manifest)

    def _paths(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir())
        except OSError:
            return []

    def tidy(self) -> None:
        """Remove what programs have left that were killed while they added or removed a model."""
        with suppress(OSError):
            for path in self.folder.glob(f"{NEW}*"):
                # One without a lock is about to get it, or its name.
                is_left = (path / LOCK).exists() and not in_use(path)
                if not path.is_symlink() and (is_left or time.time() - path.stat().st_mtime > LEFT_S):
                    shutil.rmtree(path, ignore_errors=True)


def checked_languages(text: str | None) -> tuple[str, ...]:
    """Return the language codes of a list with commas.

    Raises:
        UsageError: one of them is no code.
    """
    codes = tuple(dict.fromkeys(code.strip().lower() for code in (text or "").split(",") if code.strip()))
    for code in codes:
        if not CODE.fullmatch(code):
            raise UsageError(f"{code!r} is not a language code", "write codes as zh,en")
    return codes


def _read(path: Path) -> Manifest:
    """Return a manifest.

    Raises:
        OSError: it cannot be read; ValueError, TypeError: it is no manifest.
    """
    value = json.loads(path.read_text("utf-8"))
    if not isinstance(value, Mapping):
        raise TypeError(f"{MANIFEST} is not a manifest")
    texts = {key: value.get(key, "") for key in ("source", "folder", "sha256")}
    languages = value.get("languages", [])
    if not isinstance(languages, list) or not all(isinstance(each, str) for each in (*languages, *texts.values())):
        raise TypeError(f"{MANIFEST} is not a manifest")
    return Manifest(**texts, languages=tuple(languages))


def _row(path: Path, manifest: Manifest) -> RecognizerInfo:
    folder = Path(manifest.folder) if manifest.folder else path / FILES
    kind = ""
    streaming = True
    lacks = ""
    spelling: HotWordSpelling | str = ""
    try:
        found = open_model(folder)
        kind, streaming = found.kind.name, found.kind.streaming
        spelling = hotword_spelling(folder, found)
    except EngineUnavailable as exc:
        lacks = exc.reason
    except OSError as exc:
        lacks = f"the tokens in {folder} cannot be read: {system_reason(exc)}"
    languages = {code: language_name(code) for code in manifest.languages}
    heard = ", ".join(languages.values()) or "languages not stated"
    return RecognizerInfo(
        name=path.name,
        module="asrcli.recognizers.sherpa",
        summary=f"embedded recognizer ({path.name}): {heard}, a model that was added, offline",
        description=f"{heard}, {'a streaming' if streaming else 'a whole-sentence'} model that was added, offline",
        runs_in=RunsIn.WORKERS,
        model=kind,
        licence="Apache-2.0 (sherpa-onnx)",
        size_mb=size_mb(folder),
        hotwords=isinstance(spelling, HotWordSpelling),
        no_hotwords=spelling if isinstance(spelling, str) else "",
        can_write=spelling.can_write if isinstance(spelling, HotWordSpelling) else None,
        languages=languages or None,
        word_times=True,
        estimated_times=not streaming,
        packages=() if lacks else ("sherpa_onnx",),
        requirement="" if lacks else "asrcli[local]",
        install=f"asr engines remove {path.name}" if lacks else "",
        lacks=lacks,
        model_folder=str(folder),
    )
