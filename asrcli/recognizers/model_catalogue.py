"""The documented models of sherpa-onnx that can be fetched by name: one table. Pure.

They are archives of the GitHub release `asr-models` of k2-fsa/sherpa-onnx. Nobody has fetched them for this project,
so no row has a checksum: one belongs here only when somebody has computed it from the archive.
"""

from asrcli.core.dataclass import dataclass

ADDRESS = "https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models/{name}.tar.bz2"


@dataclass(frozen=True)
class DocumentedModel:
    """A model that can be fetched.

    Attributes:
        name: Its name, which the archive has too.
        languages: The codes of the languages that it hears.
        streaming: Whether it reads audio as it comes; others read whole sentences.
        sha256: The checksum of the archive; empty when nobody has computed it.
    """

    name: str
    languages: tuple[str, ...]
    streaming: bool
    sha256: str = ""

    @property
    def url(self) -> str:
        """The address of the archive."""
        return ADDRESS.format(name=self.name)


_ZH_EN = ("zh", "en")
_ROWS = (
    DocumentedModel("sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20", _ZH_EN, streaming=True),
    DocumentedModel("sherpa-onnx-streaming-paraformer-bilingual-zh-en", _ZH_EN, streaming=True),
    DocumentedModel("sherpa-onnx-streaming-paraformer-trilingual-zh-cantonese-en", ("zh", "yue", "en"), streaming=True),
    DocumentedModel("sherpa-onnx-streaming-zipformer-small-bilingual-zh-en-2023-02-16", _ZH_EN, streaming=True),
    DocumentedModel("sherpa-onnx-streaming-zipformer-ctc-multi-zh-hans-2023-12-13", ("zh",), streaming=True),
    DocumentedModel("sherpa-onnx-streaming-zipformer-zh-14M-2023-02-23", ("zh",), streaming=True),
    DocumentedModel(
        "sherpa-onnx-sense-voice-zh-en-ja-ko-yue-int8-2024-07-17", ("zh", "en", "ja", "ko", "yue"), streaming=False
    ),
    DocumentedModel("sherpa-onnx-funasr-nano-int8-2025-12-30", _ZH_EN, streaming=False),
    DocumentedModel("sherpa-onnx-qwen3-asr-0.6B-int8-2026-03-25", _ZH_EN, streaming=False),
)
DOCUMENTED = {row.name: row for row in _ROWS}
