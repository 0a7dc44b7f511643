"""The sentence object of the inference wire, read and written. Knows nothing of tasks and envelopes."""

from collections.abc import Iterator

from asrcli.events import Final, Partial, Word
from asrcli.protocol.parsing import Json, need, part, text, whole


def read(sentence: Json) -> Iterator[Partial | Final]:
    """What a sentence object says: itself, and the head of the next one where it carries that as `stash`.

    Raises:
        ProtocolError: no text.
    """
    spoken = _spoken(sentence)
    if spoken is not None:
        yield spoken
    stash = part(sentence, "stash")
    if text(stash, "text"):
        yield Partial(_key(stash), _begin(stash), "", text(stash, "text"), _words(stash))


def write(event: Partial | Final) -> Json:
    """The sentence object for an event, with every key the official SDK indexes."""
    final = isinstance(event, Final)
    settled = len(event.text if isinstance(event, Final) else event.settled)
    sentence = {
        "sentence_id": int(event.key),
        "begin_time": event.begin_ms,
        "end_time": event.end_ms if isinstance(event, Final) else None,
        "text": event.text,
        "words": list(_written_words(event.words, event.text, settled)),
        "sentence_begin": False,
        "sentence_end": final,
        "heartbeat": False,
    }
    return sentence | ({"emo_tag": event.emotion} if event.emotion else {})


def _spoken(sentence: Json) -> Partial | Final | None:
    said = need(sentence, "text", str)
    if sentence.get("heartbeat") or sentence.get("sentence_id") == 0:
        return None
    words = _words(sentence)
    begin_ms, end_ms = _begin(sentence), whole(sentence, "end_time")
    ended = sentence.get("sentence_end")
    if ended if isinstance(ended, bool) else end_ms is not None:
        if end_ms is None:
            end_ms = words[-1].end_ms if words else begin_ms
        return Final(_key(sentence), begin_ms, end_ms, said, words, "", text(sentence, "emo_tag"))
    if not said:
        return None  # sentence_begin and its like: nothing to show yet
    cut = _settled_length(said, sentence)
    return Partial(_key(sentence), begin_ms, said[:cut], said[cut:], words)


def _settled_length(said: str, sentence: Json) -> int:
    """How many characters of the text are words the server marks as fixed."""
    cut = 0
    for word in _word_objects(sentence):
        at = said.find(text(word, "text"), cut)
        if not word.get("fixed") or at < 0 or said[cut:at].strip():
            break
        cut = at + len(text(word, "text"))
        cut += len(text(word, "punctuation")) if said.startswith(text(word, "punctuation"), cut) else 0
    return cut


def _key(sentence: Json) -> str:
    number_on_wire = whole(sentence, "sentence_id")  # older answers have none; where it began tells them apart
    return f"at-{_begin(sentence)}" if number_on_wire is None else str(number_on_wire)


def _begin(sentence: Json) -> int:
    return whole(sentence, "begin_time") or 0


def _word_objects(sentence: Json) -> list[Json]:
    words = sentence.get("words")
    return [word for word in words if isinstance(word, dict)] if isinstance(words, list) else []


def _words(sentence: Json) -> tuple[Word, ...]:
    return tuple(
        Word(text(word, "text"), _begin(word), whole(word, "end_time") or _begin(word), text(word, "punctuation"))
        for word in _word_objects(sentence)
        if text(word, "text")
    )


def _written_words(words: tuple[Word, ...], said: str, settled: int) -> Iterator[Json]:
    at = 0
    for word in words:
        at = said.find(word.text, at) + len(word.text) + len(word.punctuation)
        yield {
            "begin_time": word.begin_ms,
            "end_time": word.end_ms,
            "text": word.text,
            "punctuation": word.punctuation,
            "fixed": at <= settled,
        }
