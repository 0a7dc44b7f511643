"""Hot words for pocketsphinx: words it lacks are added, phrases are spotted beside the search. Its own decoder only."""

import re
import tempfile
from pathlib import Path
from typing import Any

from asrcli.core.events import Word

# How sure the spotter must be, by weight: the less a word is favoured, the surer.
THRESHOLDS = {1: "1e-5", 2: "1e-10", 3: "1e-15", 4: "1e-20", 5: "1e-30"}
ANY = "1e-40"  # of a super hot word
SHORTEST_PART = 3  # letters; shorter pieces make a word of anything


def parts(word: str) -> list[str]:
    """A hot word as the dictionary may know it: lower case, camel case and hyphens taken apart."""
    return re.findall(r"[a-z']+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).lower())


def pronunciation(word: str, lookup: Any) -> str | None:
    """The phones of a word, composed from words the dictionary has where it does not have this one."""
    return _pronounced(word, lookup, {})


def _pronounced(word: str, lookup: Any, known: dict[str, str | None]) -> str | None:
    """`known` are the ends of words that were tried: without it each would be tried again behind each beginning."""
    if word not in known:
        known[word] = lookup(word) or None
        for at in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
            if known[word]:
                break
            head = lookup(word[:at])
            tail = _pronounced(word[at:], lookup, known) if head else None
            known[word] = f"{head} {tail}" if head and tail else None
    return known[word]


class HotWordSpotter:
    """A keyword decoder beside the main one. `unpronounceable` are the hot words it could do nothing for."""

    def __init__(self, decoder: Any, hotwords: tuple[tuple[str, int], ...]) -> None:
        self.unpronounceable: list[str] = []
        self._spelled: dict[str, str] = {}  # phrase as the decoder knows it -> as the user wrote it
        self._thresholds: dict[str, str] = {}  # likewise
        added: list[tuple[str, str]] = []
        for hotword, weight in hotwords:
            pieces = parts(hotword)
            phones = {piece: pronunciation(piece, decoder.lookup_word) for piece in pieces}
            if not pieces or not all(phones.values()):
                self.unpronounceable.append(hotword)
                continue
            added += [(piece, str(phones[piece])) for piece in pieces if not decoder.lookup_word(piece)]
            self._spelled[" ".join(pieces)] = hotword
            self._thresholds[" ".join(pieces)] = THRESHOLDS.get(weight, ANY)
        for piece, phones_of_piece in added:  # this puts them into the language model too
            decoder.add_word(piece, phones_of_piece, True)
        self._decoder = self._made(added) if self._spelled else None

    def _made(self, added: list[tuple[str, str]]) -> Any:
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
        """The words of a sentence with what was spotted in its audio in place of what the search wrote there."""
        for hit in self._hits(pcm, base_ms):
            middle = [word for word in words if word.end_ms > hit.begin_ms and word.begin_ms < hit.end_ms]
            # A word that the hit only touches at its edge is not what was spotted.
            middle = [word for word in middle if _overlap_ms(word, hit) * 2 >= word.end_ms - word.begin_ms]
            if middle:
                at = words.index(middle[0])
                words = (*words[:at], hit, *words[at + len(middle) :])
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
