"""A folder with the files of a model: which model it is, and whether its files are whole. Loads nothing."""

import os
from pathlib import Path

from asrcli.core.errors import EngineUnavailable, system_reason
from asrcli.recognizers.onnx_metadata import NotOnnx, read_metadata
from asrcli.recognizers.sherpa_kinds import FoundModel, UnknownKind, identify

MOST_FILES = 10_000
DEEPEST = 4  # folders inside each other
AGAIN = "fetch or unpack the model again"
LFS = b"version https://git-lfs"


class ModelUnusable(EngineUnavailable):
    """What was named as a model is none that can be used; `reason` names the place, `hint` says what would help."""

    def __str__(self) -> str:
        return f"{self.reason}; {self.hint}"


def open_model(folder: Path) -> FoundModel:
    """Return the model in a folder, after a look at each of its files.

    Raises:
        ModelUnusable: there is none of a known kind, or one of its files is cut off or cannot be read.
    """
    try:
        found = identify(_names(folder), lambda name: _metadata(folder / name))
    except UnknownKind as exc:
        raise ModelUnusable(f"{folder} contains no usable model: {exc}", exc.hint) from None
    except OSError as exc:
        raise ModelUnusable(f"{folder} cannot be read: {system_reason(exc)}", "check the folder") from exc
    for path in (folder / name for name in found.files.values()):
        if path.suffix == ".onnx":
            _metadata(path)
        elif path.is_file() and not path.stat().st_size:
            raise ModelUnusable(f"{path} is empty", AGAIN)
    return found


def size_mb(folder: Path) -> int:
    """Return what the files of a folder take, in megabytes, rounded up; 0 if it cannot be read."""
    try:
        return -(-sum((folder / name).stat().st_size for name in _names(folder)) // 1_000_000)
    except OSError:
        return 0


def _names(folder: Path) -> list[str]:
    """Return the paths of the files in a folder, relative, with slashes. Links to folders are not followed.

    Raises:
        OSError: the folder cannot be read.
    """
    os.scandir(folder).close()  # os.walk is silent about a folder that cannot be read
    names: list[str] = []
    for where, folders, files in os.walk(folder):
        inside = Path(where).relative_to(folder)
        if len(inside.parts) >= DEEPEST:
            folders.clear()
        names += [(inside / name).as_posix() for name in files if (Path(where) / name).is_file()]
        if len(names) > MOST_FILES:
            raise OSError(f"it holds more than {MOST_FILES} files")
    return names


def _metadata(path: Path) -> dict[str, str]:
    """Return what a file of a model says of itself.

    Raises:
        ModelUnusable: it is no ONNX file, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(LFS)) == LFS:
                raise ModelUnusable(f"{path} only points to the file of the model", "fetch that: git lfs pull")
            return read_metadata(file)
    except NotOnnx as exc:
        raise ModelUnusable(f"{path} is damaged: {exc}", AGAIN) from None
    except OSError as exc:
        raise ModelUnusable(f"{path} cannot be read: {system_reason(exc)}", "check the rights of that file") from exc
