"""The files of the Moonshine tiny model (English): where they are, and whether they are the ones that were measured.

They are inside the wheel moonshine-voice 0.0.73, whose package is only found and never imported: that would load 40 MB
of libraries and ask for a sound device. Later versions of the wheel do not have these files.
"""

import base64
import hashlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from asrcli.core.errors import EngineUnavailable

PACKAGE = "moonshine_voice"
VERSION = "0.0.73"
ENCODER, DECODER, TOKENIZER = "encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"
# Computed from the files in the wheel.
SHA256 = {
    ENCODER: "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    DECODER: "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    TOKENIZER: "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
INSTALL = f"install moonshine-voice {VERSION} again"
OLDEST_GLIBC = (2, 34)


def missing() -> str:
    """Return what is missing besides the packages, in words, or an empty string. Reads no file and imports nothing."""
    if find_spec("pocketsphinx") is None and find_spec("webrtcvad") is None:
        return "a voice detector (pocketsphinx or webrtcvad-wheels) is not installed"
    try:
        folder = model_folder()
    except EngineUnavailable as exc:
        return exc.reason
    return next(
        (f"moonshine-voice has no {name}: it is not {VERSION}" for name in SHA256 if not (folder / name).is_file()), ""
    )


def has_wheels() -> bool:
    """Return whether the packages have wheels for this system: elsewhere it would not help to install them."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    if sys.platform == "darwin":
        return machine == "arm64"
    if sys.platform == "win32":
        return machine == "AMD64"
    return machine in {"x86_64", "aarch64"} and _glibc() >= OLDEST_GLIBC


def model_folder() -> Path:
    """Return the folder of the model.

    Raises:
        EngineUnavailable: moonshine-voice is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EngineUnavailable("moonshine-voice is not installed", INSTALL)
    return Path(spec.origin).parent / "assets" / "tiny-en"


def checked_files() -> dict[str, Path]:
    """Return the path of each file by its name, after its checksum was compared: 44 MB are read.

    sherpa-onnx ends the whole process on a file that it cannot use, so nothing else may reach it.

    Raises:
        EngineUnavailable: a file is missing, cannot be read or is another one.
    """
    folder = model_folder()
    for name, expected in SHA256.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise EngineUnavailable(f"{folder / name} cannot be read: {exc.strerror}", INSTALL) from exc
        if found != expected:
            raise EngineUnavailable(f"{folder / name} is not the file of version {VERSION}", INSTALL)
    return {name: folder / name for name in SHA256}


def token_lines(tokenizer: bytes) -> list[str]:
    """Return the lines of the tokens file that sherpa-onnx wants, from the bytes of tokenizer.bin.

    Each entry is a length, in one byte or from 128 on in two, and a token. Each line is the token in base64 and its
    number.
    """
    lines: list[str] = []
    at = 0
    while at < len(tokenizer):
        size = tokenizer[at]
        at += 1
        if size >= 128:
            size += 128 * tokenizer[at] - 128
            at += 1
        lines.append(f"{base64.b64encode(tokenizer[at : at + size]).decode()} {len(lines)}\n")
        at += size
    return lines


def _glibc() -> tuple[int, ...]:
    """Return the version of the GNU C library; empty if there is another one."""
    if sys.platform == "win32":
        return ()
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        if name == "glibc":
            return tuple(map(int, version.split(".")))
        return ()
    except (ValueError, OSError):
        return ()
