"""Tells what kind of sherpa-onnx model a folder holds, from the names of its files and their metadata. Pure."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import PurePosixPath

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import shorten

Metadata = Mapping[str, str]
# What only models have that read audio as it comes: the sizes of their pieces and of what they keep between two.
STREAMING_KEYS = {"decode_chunk_len", "decode_chunk_size", "chunk_size", "cache_last_channel_dim1", "rnn_hidden_size"}


class UnknownKind(ValueError):
    """No kind of model that can be used: why, in words that stand after a folder's name, and what would help."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True)
class ModelKind:
    """A kind of model.

    Attributes:
        name: What people and transcripts call it.
        streaming: Whether it reads audio as it comes; others read whole sentences.
        roles: For each argument of sherpa-onnx, how the name of its file begins or ends, as a regular expression.
        fits: Whether the metadata of its first file is that of this kind.
    """

    name: str
    streaming: bool
    roles: Mapping[str, str]
    fits: Callable[[Metadata], bool] = lambda _: True


@dataclass(frozen=True)
class FoundModel:
    """A model in a folder: its kind, and the path of the file for each role, relative to the folder."""

    kind: ModelKind
    files: Mapping[str, str]


def _streams(metadata: Metadata) -> bool:
    return "non-streaming" not in metadata.get("comment", "") and bool(STREAMING_KEYS & metadata.keys())


def _is_streaming_paraformer(metadata: Metadata) -> bool:
    return "paraformer" in metadata.get("model_type", "") or "lfr_window_size" in metadata


def _is_whisper(metadata: Metadata) -> bool:
    return metadata.get("model_type", "").startswith("whisper") or "sot" in metadata


def _is_nemo(metadata: Metadata) -> bool:
    return "cache_last_channel_dim1" in metadata


def _is_zipformer(metadata: Metadata) -> bool:
    return _streams(metadata) and metadata.get("model_type", "") == "zipformer2"


def _is_wenet(metadata: Metadata) -> bool:
    return {"chunk_size", "left_chunks"} <= metadata.keys() or metadata.get("model_type", "") == "wenet_ctc"


def _is_sense_voice(metadata: Metadata) -> bool:
    return "sense_voice" in metadata.get("model_type", "") or "with_itn" in metadata


def _is_paraformer(metadata: Metadata) -> bool:
    return not _is_sense_voice(metadata) and _is_streaming_paraformer(metadata)


_TOKENS = r"(.*-)?tokens\.txt"
_MODEL = r"(model|ctc)([-_.].*)?\.onnx"
_ENCODER, _DECODER, _JOINER = (rf"(.*-)?{part}([-_.].*)?\.onnx" for part in ("encoder", "decoder", "joiner"))
# The first row that fits. One with more roles stands before one whose roles are a part of them.
KINDS = (
    ModelKind("qwen3-asr", streaming=False, roles={
        "conv_frontend": r"conv_frontend([-_.].*)?\.onnx", "encoder": _ENCODER, "decoder": _DECODER,
        "tokenizer": r".*/vocab\.json",
    }),
    ModelKind("funasr-nano", streaming=False, roles={
        "encoder_adaptor": r"encoder_adaptor([-_.].*)?\.onnx", "llm": r"llm([-_.].*)?\.onnx",
        "embedding": r"embedding([-_.].*)?\.onnx", "tokenizer": r".*/(vocab|tokenizer)\.json",
    }),
    ModelKind("transducer", streaming=True, fits=_streams, roles={
        "encoder": _ENCODER, "decoder": _DECODER, "joiner": _JOINER, "tokens": _TOKENS,
    }),
    ModelKind("streaming-paraformer", streaming=True, fits=_is_streaming_paraformer, roles={
        "encoder": _ENCODER, "decoder": _DECODER, "tokens": _TOKENS,
    }),
    ModelKind("whisper", streaming=False, fits=_is_whisper, roles={
        "encoder": _ENCODER, "decoder": _DECODER, "tokens": _TOKENS,
    }),
    ModelKind("nemo-ctc", streaming=True, fits=_is_nemo, roles={"model": _MODEL, "tokens": _TOKENS}),
    ModelKind("zipformer2-ctc", streaming=True, fits=_is_zipformer, roles={"model": _MODEL, "tokens": _TOKENS}),
    ModelKind("wenet-ctc", streaming=True, fits=_is_wenet, roles={"model": _MODEL, "tokens": _TOKENS}),
    ModelKind("sense-voice", streaming=False, fits=_is_sense_voice, roles={"model": _MODEL, "tokens": _TOKENS}),
    ModelKind("paraformer", streaming=False, fits=_is_paraformer, roles={"paraformer": _MODEL, "tokens": _TOKENS}),
)  # fmt: skip
LOOKED_FOR = "encoder, decoder and joiner, or encoder and decoder, or model (.onnx), each with tokens.txt"
ARCHIVES = (".tar.bz2", ".tar.gz", ".tgz", ".tar.xz", ".tar", ".zip", ".7z")
# Formats of other programs: the end of a file's name, and what such a file is.
FOREIGN = {
    ".safetensors": "PyTorch weights", ".pt": "PyTorch weights", ".pth": "PyTorch weights", ".ckpt": "PyTorch weights",
    ".gguf": "weights for llama.cpp", ".ggml": "weights for whisper.cpp", ".ort": "a model of onnxruntime's own format",
    ".tflite": "a TensorFlow model", ".pb": "a TensorFlow model", ".h5": "a Keras model", ".nemo": "a NeMo archive",
    ".mlmodel": "a Core ML model", ".mdl": "a Kaldi model", ".fst": "a Kaldi graph",
}  # fmt: skip


def identify(names: Collection[str], metadata_of: Callable[[str], Metadata]) -> FoundModel:
    """Return the model among files. The first folder that holds one counts, the top before its subfolders.

    Args:
        names: The paths of the files, relative, with slashes.
        metadata_of: Returns the metadata of one of them.

    Raises:
        UnknownKind: there is none.
    """
    folders = sorted({str(PurePosixPath(name).parent) for name in names}, key=lambda each: (each.count("/"), each))
    folders.sort(key=lambda each: each != ".")
    rejected = ""
    for folder in folders:
        inside = {name if folder == "." else name.removeprefix(f"{folder}/"): name for name in sorted(names)
                  if folder == "." or name.startswith(f"{folder}/")}  # fmt: skip
        for kind in KINDS:
            files = {role: _chosen(pattern, inside) for role, pattern in kind.roles.items()}
            if not all(files.values()):
                continue
            first = next(iter(files.values()))
            metadata = metadata_of(first)
            if kind.fits(metadata):
                return FoundModel(kind, {role: _argument(role, path) for role, path in files.items()})
            said = metadata.get("comment") or metadata.get("model_type") or "nothing"
            rejected = rejected or f"{first} is of another kind: it says of itself: {shorten(said, 60)}"
    if rejected:
        raise UnknownKind(rejected, f"known kinds: {', '.join(kind.name for kind in KINDS)}")
    raise UnknownKind(what_is_missing(names), f"name the folder of a sherpa-onnx model: {LOOKED_FOR}")


def what_is_missing(names: Collection[str]) -> str:
    """Return why the files of a folder are no model, in words that stand after the name of the folder."""
    if not names:
        return "it has no files"
    models = sorted(name for name in names if name.endswith(".onnx"))
    if models and not any(re.search(r"tokens\.txt$|(vocab|tokenizer)\.json$", name) for name in names):
        return f"tokens.txt is missing beside {models[0]}"
    if models:
        return f"the names of its .onnx files are not those of a model: {_some(models)}"
    if archives := sorted(name for name in names if name.endswith(ARCHIVES)):
        return f"it has an archive, {archives[0]}, and no .onnx file: add or unpack the archive"
    for name in sorted(names):
        if what := FOREIGN.get(PurePosixPath(name).suffix.lower()):
            return f"{name} is {what}, and only .onnx files can be run"
    return f"it has no .onnx file, only {_some(sorted(names))}"


def _some(names: Sequence[str]) -> str:
    shown = shorten(", ".join(names[:3]), 90)
    if len(names) > 3:
        shown += f" and {len(names) - 3} more"
    return shown


def _chosen(pattern: str, inside: Mapping[str, str]) -> str:
    """Return the file for a role: of several, the one with 8-bit weights, which is smaller and faster."""
    fitting = [name for name in inside if re.fullmatch(pattern, name)]
    best = min(fitting, key=lambda name: (".int8." not in name, name), default="")
    return inside.get(best, "")


def _argument(role: str, path: str) -> str:
    """Return what sherpa-onnx wants for a role: of a tokenizer the folder, of all others the file."""
    if role == "tokenizer":
        return str(PurePosixPath(path).parent)
    return path
