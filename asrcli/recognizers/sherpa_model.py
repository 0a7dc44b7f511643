"""A model of sherpa-onnx in memory, of whatever kind. It ends the whole process on a file that it cannot use."""

import array
import os
import sys
from pathlib import Path
from typing import Any

from asrcli.core.errors import EngineUnavailable
from asrcli.core.install_advice import install_extra
from asrcli.recognizers.model_folder import ModelUnusable
from asrcli.recognizers.sherpa_hotwords import HotWordSpelling
from asrcli.recognizers.sherpa_kinds import FoundModel
from asrcli.recognizers.voice_activity import VAD_RATE

# The function of sherpa-onnx that loads each kind.
STREAMING = {
    "transducer": "from_transducer",
    "streaming-paraformer": "from_paraformer",
    "zipformer2-ctc": "from_zipformer2_ctc",
    "nemo-ctc": "from_nemo_ctc",
    "wenet-ctc": "from_wenet_ctc",
}
WHOLE = {
    "sense-voice": "from_sense_voice",
    "funasr-nano": "from_funasr_nano",
    "qwen3-asr": "from_qwen3_asr",
    "whisper": "from_whisper",
    "paraformer": "from_paraformer",
}
SEVERAL_TEXTS = "modified_beam_search"
TOLD_LANGUAGE = {"sense-voice", "whisper"}  # they may be told the language; else they find it out


def load_recognizer(
    folder: Path, found: FoundModel, language: str = "", spelling: HotWordSpelling | None = None
) -> Any:
    """Load a model; returns a recognizer of sherpa-onnx. On a bad file the process ends at once, with code 255.

    With `spelling` it takes hot words: it then follows several texts at once, which takes longer.

    Raises:
        EngineUnavailable: sherpa-onnx is not installed.
        ModelUnusable: it refuses the model.
    """
    try:
        import sherpa_onnx
    except ImportError as exc:
        raise EngineUnavailable(f"sherpa-onnx cannot be loaded: {exc}", install_extra("local")) from exc
    name = found.kind.name
    paths: dict[str, Any] = {role: os.fspath(folder / path) for role, path in found.files.items()}
    more = {}
    if name in TOLD_LANGUAGE:
        more = {"language": language}
    if spelling is not None:
        more = {"decoding_method": SEVERAL_TEXTS, "modeling_unit": spelling.unit, "bpe_vocab": spelling.vocabulary}
    try:
        if found.kind.streaming:
            return getattr(sherpa_onnx.OnlineRecognizer, STREAMING[name])(**paths, **more, num_threads=1)
        return getattr(sherpa_onnx.OfflineRecognizer, WHOLE[name])(**paths, **more, num_threads=1)
    except (RuntimeError, ValueError, OSError, AssertionError) as exc:
        raise ModelUnusable(f"sherpa-onnx refuses the model in {folder}: {exc}", "use another model") from exc


def accept(stream: Any, pcm: bytes) -> None:
    """Give a stream s16le at 16 kHz."""
    samples = array.array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    stream.accept_waveform(VAD_RATE, [sample / 32768 for sample in samples])


class WholeModel:
    """A model that reads whole sentences."""

    def __init__(self, recognizer: Any) -> None:
        self._recognizer = recognizer

    def text(self, pcm: bytes) -> str:
        """Return what the model writes for up to 15 s of s16le at 16 kHz."""
        stream = self._recognizer.create_stream()
        accept(stream, pcm)
        self._recognizer.decode_stream(stream)
        return str(stream.result.text).strip()
