"""Models of a few kilobytes that sherpa-onnx runs like real ones: they have learned nothing, and tell tones apart.

The "network" compares the energy in three bands of the spectrum with the rest, and writes a token for each tone. So the
loading, the streaming states, the times and the end of a sentence are the real ones, and what is heard is known.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.support.tone import silence

TOKENS = ("▁do", "▁re", "▁mi")
CHINESE = ("你", "好", "吗")
PITCHES = (1000, 2000, 4000)  # hertz
BANDS = ((24, 32), (40, 48), (56, 64))  # the same, in bins of the spectrum
BINS = 80
STEPS = 8  # results that a piece of audio has
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
Tensor = tuple[str, int, Sequence[int | str]]


def tones(*numbers: int, ms: int = 400, pause_ms: int = 200) -> bytes:
    """Tones, each with a pause after it. Their level swells, as a voice does."""
    noise = np.random.default_rng(1)
    pcm = b""
    for number in numbers:
        time = np.arange(16 * ms) / 16000
        swell = 0.6 + 0.4 * np.sin(2 * math.pi * 4 * time)
        sound = 0.3 * swell * np.sin(2 * math.pi * PITCHES[number] * time) + 1e-4 * noise.standard_normal(len(time))
        pcm += (32767 * sound).astype("<i2").tobytes() + silence(pause_ms)
    return pcm


@cache
def song() -> bytes:
    """Do re mi, and after a pause mi do; they begin at 1000, 1600, 2200, 4000 and 4600 ms."""
    return silence(1000) + tones(0, 1, 2) + silence(1200) + tones(2, 0) + silence(1000)


def zipformer_ctc(folder: Path, tokens: Sequence[str] = TOKENS) -> Path:
    """A streaming CTC model."""
    weights, bias = _bands(len(tokens) + 3, quiet=-6.0)
    inputs, outputs, nodes, constants = _states()
    nodes += [
        *_pooled("x"),
        *_scores("pooled", "scores"),
        helper.make_node("LogSoftmax", ["scores"], ["log_probs"], axis=-1),
    ]
    constants |= {"weights": weights, "bias": bias}
    results: Tensor = ("log_probs", FLOAT, ["N", STEPS, len(tokens) + 3])
    _save(
        _made(folder) / "model.onnx",
        nodes,
        [("x", FLOAT, ["N", 45, BINS]), *inputs],
        [results, *outputs],
        constants,
        _ZIPFORMER,
    )
    return _with_tokens(folder, tokens)


def transducer(folder: Path, tokens: Sequence[str] = TOKENS) -> Path:
    """A streaming transducer: encoder, decoder and joiner."""
    size = len(tokens) + 3
    weights, bias = _bands(size, quiet=-6.0)
    inputs, outputs, nodes, constants = _states()
    nodes += [*_pooled("x"), *_scores("pooled", "encoder_out")]
    constants |= {"weights": weights, "bias": bias}
    sound: Tensor = ("encoder_out", FLOAT, ["N", STEPS, size])
    _save(
        _made(folder) / "encoder.onnx",
        nodes,
        [("x", FLOAT, ["N", 45, BINS]), *inputs],
        [sound, *outputs],
        constants,
        {**_ZIPFORMER, "joiner_dim": size},
    )
    again = np.zeros((size, size), np.float32)  # a tone that goes on is written once
    for number in range(3, size):
        again[number, number] = -40
    _save(
        folder / "decoder.onnx",
        [
            helper.make_node("Gather", ["y", "newest"], ["last"], axis=1),
            helper.make_node("Gather", ["again", "last"], ["decoder_out"]),
        ],
        [("y", INT64, ["N", 2])],
        [("decoder_out", FLOAT, ["N", size])],
        {"again": again, "newest": np.array(1)},
        {"context_size": 2, "vocab_size": size},
    )
    _save(
        folder / "joiner.onnx",
        [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])],
        [("encoder_out", FLOAT, ["N", size]), ("decoder_out", FLOAT, ["N", size])],
        [("logit", FLOAT, ["N", size])],
        {},
        {"joiner_dim": size},
    )
    return _with_tokens(folder, tokens)


def sense_voice(folder: Path, tokens: Sequence[str] = CHINESE) -> Path:
    """A model of whole sentences: it reads seven frames of the spectrum at once, six further each time."""
    size = len(tokens) + 3
    weights, bias = _bands(size, quiet=14.0)  # the samples are whole numbers here
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axis"], ["frame"]),
        *_scores("frame", "heard"),
        helper.make_node("Concat", ["about", "heard"], ["logits"], axis=1),
        *[helper.make_node("Identity", [name], [f"{name}_unread"]) for name in ("x_length", "language", "text_norm")],
    ]
    constants = {"weights": weights, "bias": bias, "from": np.array([0]), "to": np.array([BINS]), "axis": np.array([2])}
    constants["about"] = np.eye(size, dtype=np.float32)[[[1, 2, 1, 2]]] * 50  # four tokens about the audio come first
    told: list[Tensor] = [(name, TensorProto.INT32, ["N"]) for name in ("x_length", "language", "text_norm")]
    means = ",".join(["0"] * 7 * BINS)
    about = {"model_type": "sense_voice_ctc", "vocab_size": size, "normalize_samples": 0, "lfr_window_size": 7}
    about |= {"lfr_window_shift": 6, "with_itn": 14, "without_itn": 15, "neg_mean": means}
    about |= {"inv_stddev": ",".join(["1"] * 7 * BINS)}
    about |= {f"lang_{code}": number for number, code in enumerate(("auto", "zh", "en", "ja", "ko", "yue"))}
    _save(
        _made(folder) / "model.int8.onnx",
        nodes,
        [("x", FLOAT, ["N", "T", 7 * BINS]), *told],
        [("logits", FLOAT, ["N", "L", size])],
        constants,
        about,
    )
    return _with_tokens(folder, tokens)


_ZIPFORMER = {
    "model_type": "zipformer2",
    "version": 1,
    "encoder_dims": 4,
    "query_head_dims": 4,
    "value_head_dims": 4,
    "num_heads": 1,
    "num_encoder_layers": 1,
    "cnn_module_kernels": 3,
    "left_context_len": 4,
    "T": 45,
    "decode_chunk_len": 32,
}
_STATES: list[Tensor] = [
    ("cached_key_0", FLOAT, [4, "N", 4]),
    ("cached_nonlin_attn_0", FLOAT, [1, "N", 4, 3]),
    ("cached_val1_0", FLOAT, [4, "N", 4]),
    ("cached_val2_0", FLOAT, [4, "N", 4]),
    ("cached_conv1_0", FLOAT, ["N", 4, 1]),
    ("cached_conv2_0", FLOAT, ["N", 4, 1]),
    ("embed_states", FLOAT, ["N", 128, 3, 19]),
    ("processed_lens", INT64, ["N"]),
]


def _states() -> tuple[list[Tensor], list[Tensor], list[Any], dict[str, Any]]:
    """What a streaming zipformer keeps between two pieces: here it is handed on as it is."""
    nodes = [helper.make_node("Identity", [name], [f"new_{name}"]) for name, _, _ in _STATES]
    return (
        _STATES,
        [(f"new_{name}", kind, shape) for name, kind, shape in _STATES],
        nodes,
        {
            "from": np.array([0]),
            "to": np.array([32]),
            "axis": np.array([1]),
            "groups": np.array([0, STEPS, 4, BINS]),
        },
    )


def _bands(size: int, quiet: float) -> tuple[Any, Any]:
    """Weights and bias of the scores: how far a band is above the limit at which the blank token wins."""
    weights, bias = np.zeros((BINS, size), np.float32), np.full(size, -50, np.float32)
    bias[0] = quiet
    for number, (low, high) in enumerate(BANDS, 3):
        weights[low:high, number] = 1 / (high - low)
        bias[number] = 0
    return weights, bias


def _pooled(name: str) -> list[Any]:
    """The mean of each four frames."""
    return [
        helper.make_node("Slice", [name, "from", "to", "axis"], ["piece"]),
        helper.make_node("Reshape", ["piece", "groups"], ["grouped"]),
        helper.make_node("ReduceMean", ["grouped"], ["pooled"], axes=[2], keepdims=0),
    ]


def _scores(name: str, result: str) -> list[Any]:
    return [helper.make_node("MatMul", [name, "weights"], ["raw"]), helper.make_node("Add", ["raw", "bias"], [result])]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _with_tokens(folder: Path, tokens: Sequence[str]) -> Path:
    lines = [f"{token} {number}\n" for number, token in enumerate(("<blk>", "<sos/eos>", "<unk>", *tokens))]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")
    return folder


def _save(
    path: Path,
    nodes: Sequence[Any],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    constants: Mapping[str, Any],
    metadata: Mapping[str, object],
) -> None:
    graph = helper.make_graph(
        list(nodes),
        "tones",
        [helper.make_tensor_value_info(*tensor) for tensor in inputs],
        [helper.make_tensor_value_info(*tensor) for tensor in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    helper.set_model_props(model, {key: str(value) for key, value in metadata.items()})
    onnx.save(model, str(path))
