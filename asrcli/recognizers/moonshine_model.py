"""The Moonshine tiny model in memory: audio to text, whole pieces only, by sherpa-onnx. One thread."""

import array
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.errors import EngineUnavailable
from asrcli.core.install_advice import install_extra
from asrcli.recognizers.moonshine_weights import DECODER, ENCODER, TOKENIZER, checked_files, token_lines

MODEL_RATE = 16000
SHORTEST_S = 0.5  # less audio is padded with silence: the model makes "You" of shorter pieces


class MoonshineModel:
    """Loads in 0.4 s and takes 170 MB. It reads 1 s of audio in 40 ms, 15 s in 400 ms.

    Raises:
        EngineUnavailable: sherpa-onnx is not installed, or a file of the model is not the right one.
    """

    def __init__(self) -> None:
        files = checked_files()
        try:
            import sherpa_onnx
        except ImportError as exc:
            raise EngineUnavailable(f"sherpa-onnx cannot be loaded: {exc}", install_extra("local")) from exc
        with as_file("".join(token_lines(files[TOKENIZER].read_bytes()))) as tokens:
            self._recognizer: Any = sherpa_onnx.OfflineRecognizer.from_moonshine_v2(
                encoder=os.fspath(files[ENCODER]),
                decoder=os.fspath(files[DECODER]),
                tokens=tokens,
                num_threads=1,
            )
        self.text(bytes(MODEL_RATE * SAMPLE_BYTES))  # the first call takes longer than the others

    def text(self, pcm: bytes) -> str:
        """Return what the model writes for up to 15 s of s16le at 16 kHz. More makes it repeat itself without end."""
        samples = array.array("h", pcm)
        if sys.byteorder == "big":
            samples.byteswap()
        samples.extend([0] * (int(SHORTEST_S * MODEL_RATE) - len(samples)))
        stream = self._recognizer.create_stream()
        stream.accept_waveform(MODEL_RATE, [sample / 32768 for sample in samples])
        self._recognizer.decode_stream(stream)
        return str(stream.result.text).strip()


@contextmanager
def as_file(text: str) -> Iterator[str]:
    """The path of a file that holds this text and goes with the block. Nobody else can write to it.

    It is in memory where the system has such files: a full disk must not keep the recognizer from running.
    """
    if sys.platform == "linux" and hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("asr-tokens"), "wb") as file:
            file.write(text.encode("ascii"))
            file.flush()
            if Path(path := f"/proc/self/fd/{file.fileno()}").exists():
                yield path
                return
    with TemporaryDirectory(prefix="asr-tokens.") as folder:
        tokens = Path(folder, "tokens.txt")
        tokens.write_text(text, "ascii")
        yield os.fspath(tokens)
