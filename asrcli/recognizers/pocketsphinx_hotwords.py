"""Hot words for pocketsphinx: adds missing words to its dictionary, and spots phrases with a second decoder."""

import re
import tempfile
from pathlib import Path
from typing import Any

from asrcli.core.events import Word

# How sure the spotter must be, by the weight of the hot word: the lower the weight, the surer.
THRESHOLDS = {1: "1e-5", 2: "1e-10", 3: "1e-15", 4: "1e-20", 5: "1e-30"}
SUPER_THRESHOLD = "1e-40"  # for a weight above the table: a super hot word
SHORTEST_PART = 3  # letters; with shorter parts any text could be composed


def parts(word: str) -> list[str]:
    """Return the parts of a hot word in lower case, split at camel case, hyphens and spaces."""
    return re.findall(r"[a-z']+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).lower())


def pronunciation(word: str, lookup: Any) -> str | None:
    """Return the phones of a word, composed of shorter words if the dictionary lacks it; None when that fails."""
    return _pronounced(word, lookup, {})


def _pronounced(word: str, lookup: Any, known: dict[str, str | None]) -> str | None:
    """`known` holds the endings that were tried: without it each would be tried again after each beginning."""
    if word not in known:
        known[word] = lookup(word) or None
        for at in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
            if known[word]:
                break
            head = lookup(word[:at])
            tail = None
            if head:
                tail = _pronounced(word[at:], lookup, known)
            known[word] = f"{head} {tail}" if head and tail else None
    return known[word]


class HotWordSpotter:
    """A keyword decoder beside the main one. `unpronounceable` lists the hot words that have no effect."""

    def __init__(self, decoder: Any, hotwords: tuple[tuple[str, int], ...]) -> None:
        self.unpronounceable: list[str] = []
        self._spelled: dict[str, str] = {}  # phrase in the decoder -> hot word as the user wrote it
        self._thresholds: dict[str, str] = {}  # phrase in the decoder -> its threshold
        added: list[tuple[str, str]] = []
        for hotword, weight in hotwords:
            pieces = parts(hotword)
            phones = {piece: pronunciation(piece, decoder.lookup_word) for piece in pieces}
            if not pieces or not all(phones.values()):
                self.unpronounceable.append(hotword)
                continue
            added += [(piece, str(phones[piece])) for piece in pieces if not decoder.lookup_word(piece)]
            self._spelled[" ".join(pieces)] = hotword
            self._thresholds[" ".join(pieces)] = THRESHOLDS.get(weight, SUPER_THRESHOLD)
        for piece, phones_of_piece in added:  # this adds them to the language model too
            decoder.add_word(piece, phones_of_piece, True)
        self._decoder = None
        if self._spelled:
            self._decoder = self._keyword_decoder(added)

    def _keyword_decoder(self, added: list[tuple[str, str]]) -> Any:
        import pocketsphinx

        decoder = pocketsphinx.Decoder(samprate=16000, loglevel="FATAL", lm=None)
        for piece, phones in added:
            decoder.add_word(piece, phones, True)
        with tempfile.TemporaryDirectory() as folder:
            keywords = Path(folder, "keywords")
            lines = (f"{phrase} /{threshold}/\n" for phrase, threshold in self._thresholds.items())
            keywords.write_text("".join(lines), encoding="utf-8")
            decoder.add_kws("hotwords", str(keywords))
            decoder.activate_search("hotwords")
        return decoder

    def corrected(self, words: tuple[Word, ...], pcm: bytes, base_ms: int) -> tuple[Word, ...]:
        """Return the words of a sentence; each spotted hot word replaces the words that the search found there."""
        for hit in self._hits(pcm, base_ms):
            replaced = [word for word in words if word.end_ms > hit.begin_ms and word.begin_ms < hit.end_ms]
            # A word that the hit only touches at its edge is not what was spotted.
            replaced = [word for word in replaced if _overlap_ms(word, hit) * 2 >= word.end_ms - word.begin_ms]
            if replaced:
                at = words.index(replaced[0])
                words = (*words[:at], hit, *words[at + len(replaced) :])
        return words

    def _hits(self, pcm: bytes, base_ms: int) -> list[Word]:
        if self._decoder is None:
            return []
        self._decoder.start_utt()
        self._decoder.process_raw(pcm)
        self._decoder.end_utt()
        return [
            Word(self._spelled[hit.word.strip()], base_ms + hit.start_frame * 10, base_ms + (hit.end_frame + 1) * 10)
            for hit in self._decoder.seg() or ()
            if hit.word.strip() in self._spelled
        ]


def _overlap_ms(word: Word, hit: Word) -> int:
    return min(word.end_ms, hit.end_ms) - max(word.begin_ms, hit.begin_ms)
