"""Hot words for models of sherpa-onnx: which models take them, and how they are written for one."""

from collections.abc import Sequence
from pathlib import Path

from asrcli.core.dataclass import dataclass
from asrcli.recognizers.sherpa_kinds import FoundModel
from asrcli.recognizers.text_units import is_spaceless

KIND = "transducer"  # the only kind that looks for several texts at once
VOCABULARY = "bpe.vocab"
WORD = "▁"  # begins a token with which a word begins
SCORE_A_WEIGHT = 0.5  # what a weight adds to each token of a word; sherpa-onnx's own score, 1.5, is that of weight 3
MARKS = dict.fromkeys(map(ord, ":#@/"), " ")  # they mean something to sherpa-onnx


@dataclass(frozen=True)
class HotWordSpelling:
    """How a model spells words.

    Attributes:
        unit: What sherpa-onnx calls its way: cjkchar, bpe or cjkchar+bpe.
        vocabulary: The path of the file with the pieces of words; empty where each character is a token.
        tokens: All that the model can write.
    """

    unit: str
    vocabulary: str
    tokens: frozenset[str]

    def can_write(self, hotword: str) -> bool:
        """Return whether the model has tokens for a hot word."""
        return not self.spelled([(hotword, 1)])[1]

    def spelled(self, hotwords: Sequence[tuple[str, int]]) -> tuple[str, tuple[str, ...]]:
        """Return hot words as sherpa-onnx wants them, and those that the model has no tokens for."""
        in_capitals = not any(token.islower() for token in self.tokens if not token.startswith("<"))
        lines, unknown = [], []
        for hotword, weight in hotwords:
            words = (hotword.upper() if in_capitals else hotword).translate(MARKS).split()
            if words and all(map(self._has, words)):
                lines.append(f"{' '.join(words)} :{weight * SCORE_A_WEIGHT}")
            else:
                unknown.append(hotword)
        return "/".join(lines), tuple(unknown)

    def _has(self, word: str) -> bool:
        """Return whether a word can be written: one that cannot would take the effect from all the others."""
        if f"{WORD}{word}" in self.tokens:
            return True
        letters = [character for character in word if not is_spaceless(character)]
        return self.tokens.issuperset(word) and (not letters or WORD in self.tokens)


def hotword_spelling(folder: Path, found: FoundModel) -> HotWordSpelling | str:
    """Return how a model spells hot words, or in words why it takes none.

    Raises:
        OSError: its tokens cannot be read.
    """
    if found.kind.name != KIND:
        return f"a model of the kind {found.kind.name} takes none"
    path = folder / found.files["tokens"]
    lines = path.read_text("utf-8", "replace").splitlines()
    tokens = frozenset(line.split()[0] for line in lines if line.strip())
    characters = any(len(token) == 1 and is_spaceless(token) for token in tokens)
    if not any(token.startswith(WORD) for token in tokens):
        return HotWordSpelling("cjkchar", "", tokens) if characters else "its tokens are no parts of words"
    vocabulary = path.with_name(VOCABULARY)
    if not vocabulary.is_file():
        return f"it has no {VOCABULARY}, which says how it spells words"
    return HotWordSpelling("cjkchar+bpe" if characters else "bpe", str(vocabulary), tokens)
