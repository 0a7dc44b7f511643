"""Tells what kind of sherpa-onnx model a folder holds, from the names of its files and their metadata. Pure."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

Metadata = Mapping[str, str]
# What only models have that read audio as it comes: the sizes of their pieces and of what they keep between two.
STREAMING_KEYS = {"decode_chunk_len", "decode_chunk_size", "chunk_size", "cache_last_channel_dim1", "rnn_hidden_size"}


class UnknownKind(ValueError):
    """No kind of model that can be used; the text names what was looked for."""


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
KIND_BY_NAME = {kind.name: kind for kind in KINDS}
LOOKED_FOR = "encoder, decoder and joiner, or encoder and decoder, or model (.onnx), each with tokens.txt"


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
            rejected = f"{first} says of itself: {said}"
    kinds = ", ".join(kind.name for kind in KINDS)
    raise UnknownKind(rejected + f"; known kinds: {kinds}" if rejected else f"no model: looked for {LOOKED_FOR}")


def _chosen(pattern: str, inside: Mapping[str, str]) -> str:
    """Return the file for a role: of several, the one with 8-bit weights, which is smaller and faster."""
    fitting = [name for name in inside if re.fullmatch(pattern, name)]
    best = min(fitting, key=lambda name: (".int8." not in name, name), default="")
    return inside.get(best, "")


def _argument(role: str, path: str) -> str:
    """Return what sherpa-onnx wants for a role: of a tokenizer the folder, of all others the file."""
    return str(PurePosixPath(path).parent) if role == "tokenizer" else path
