"""The kind of a model: told from the names of its files, as the documented archives have them, and from metadata."""

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.recognizers.model_catalogue import DOCUMENTED
from asrcli.recognizers.model_downloads import checked_sum
from asrcli.recognizers.onnx_metadata import NotOnnx, read_metadata
from asrcli.recognizers.sherpa_kinds import UnknownKind, identify
from asrcli.transport.download import check_address
from tests.support.tiny_models import zipformer_ctc

STREAMS = {"model_type": "zipformer2", "decode_chunk_len": "32"}
PARTS = ("encoder", "decoder", "joiner")
EPOCH = {part: f"{part}-epoch-99-avg-1.int8.onnx" for part in PARTS}


@pytest.mark.parametrize(
    ("names", "metadata", "kind", "files"),
    [
        ([*EPOCH.values(), "encoder-epoch-99-avg-1.onnx", "tokens.txt", "bpe.model", "test_wavs/0.wav"], STREAMS,
         "transducer", EPOCH | {"tokens": "tokens.txt"}),
        ([f"sub/{name}" for name in (*EPOCH.values(), "tokens.txt")], STREAMS, "transducer",
         {"tokens": "sub/tokens.txt"}),
        (["encoder.int8.onnx", "decoder.int8.onnx", "encoder.onnx", "tokens.txt"], {"model_type": "paraformer"},
         "streaming-paraformer", {"encoder": "encoder.int8.onnx"}),
        (["tiny-encoder.onnx", "tiny-decoder.onnx", "tiny-tokens.txt"], {"model_type": "whisper-tiny"}, "whisper",
         {"tokens": "tiny-tokens.txt"}),
        (["ctc-epoch-20-avg-1-chunk-16-left-128.onnx", "tokens.txt"], STREAMS, "zipformer2-ctc", {}),
        (["model.onnx", "tokens.txt"], {"cache_last_channel_dim1": "1"}, "nemo-ctc", {}),
        (["model-streaming.onnx", "tokens.txt"], {"chunk_size": "16", "left_chunks": "4"}, "wenet-ctc", {}),
        (["model.int8.onnx", "tokens.txt"], {"model_type": "sense_voice_ctc", "lfr_window_size": "7"},
         "sense-voice", {}),
        (["model.int8.onnx", "tokens.txt"], {"lfr_window_size": "7"}, "paraformer", {"paraformer": "model.int8.onnx"}),
        (["encoder_adaptor.int8.onnx", "llm.int8.onnx", "embedding.int8.onnx", "Qwen3-0.6B/vocab.json"], {},
         "funasr-nano", {"tokenizer": "Qwen3-0.6B"}),
        (["conv_frontend.onnx", "encoder.int8.onnx", "decoder.int8.onnx", "tokenizer/vocab.json"], {}, "qwen3-asr",
         {"tokenizer": "tokenizer", "encoder": "encoder.int8.onnx"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_kind_is_recognized_by_its_files(
    names: list[str], metadata: dict[str, str], kind: str, files: Mapping[str, str]
) -> None:
    """Also in a subfolder, and with the smaller of two files for one role."""
    found = identify(names, lambda _: metadata)
    assert found.kind.name == kind
    assert files.items() <= found.files.items()
    assert found.files.keys() == found.kind.roles.keys()


@pytest.mark.parametrize(
    ("names", "metadata", "said"),
    [
        ([], {}, "it has no files"),
        (["model.onnx"], {}, "tokens.txt is missing beside model.onnx"),
        (["am.onnx", "tokens.txt"], {}, "names of its .onnx files are not those of a model: am.onnx"),
        (["a/zh.tar.bz2", "README.md"], {}, "an archive, a/zh.tar.bz2, and no .onnx file: add or unpack the archive"),
        (["config.json", "model.safetensors"], {}, "model.safetensors is PyTorch weights, and only .onnx files can be"),
        (["ggml-tiny.gguf", "tokens.txt"], {}, "weights for llama.cpp"),
        (["a.txt", "b.txt", "c.txt", "d.txt"], {}, "no .onnx file, only a.txt, b.txt, c.txt and 1 more"),
        (["model.onnx", "tokens.txt"], {"comment": "speaker recognition"}, "says of itself: speaker recognition"),
        ([*EPOCH.values(), "tokens.txt"], {"comment": "non-streaming zipformer2", "chunk_size": "1"}, "non-streaming"),
    ],
)
def test_what_is_no_kind_says_what_is_wrong(names: list[str], metadata: dict[str, str], said: str) -> None:
    """What is missing, or what the file says that came nearest; and what can be used."""
    with pytest.raises(UnknownKind, match=said) as error:
        identify(names, lambda _: metadata)
    assert ("known kinds: qwen3-asr" if metadata else "encoder, decoder and joiner") in error.value.hint


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """A model file can hold anything, and nothing else is raised."""
    with contextlib.suppress(NotOnnx):
        assert isinstance(read_metadata(io.BytesIO(data)), dict)


def test_the_documented_models_have_addresses_by_https_and_no_checksum_that_nobody_computed() -> None:
    """One row each, with the languages that it hears."""
    for name, model in DOCUMENTED.items():
        check_address(model.url)
        assert model.url.endswith(f"/asr-models/{name}.tar.bz2")
        assert model.languages
        assert checked_sum(model.sha256) == model.sha256


def test_a_model_file_tells_its_metadata_and_that_its_end_is_missing(tmp_path: Path) -> None:
    """Wherever it was cut; what only looks like a model file is none."""
    whole = (zipformer_ctc(tmp_path) / "model.onnx").read_bytes()
    assert read_metadata(io.BytesIO(whole))["decode_chunk_len"] == "32"
    for size in range(0, len(whole) - 400, 97):  # the metadata stands at the end, field by field
        with pytest.raises(NotOnnx):
            read_metadata(io.BytesIO(whole[:size]))
    for noise in (b"\x08\x00" * 20_000, b"\x0a" + b"\xff" * 20, b"%PDF-1.7 something else"):
        with pytest.raises(NotOnnx, match="no ONNX file"):
            read_metadata(io.BytesIO(noise))
