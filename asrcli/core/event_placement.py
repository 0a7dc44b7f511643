"""Where events lie: moves them to another timeline, labels them with a speaker, says what they decide. Pure."""

from dataclasses import replace

from asrcli.core.events import (
    Event,
    Final,
    Finished,
    Gap,
    LiveEvent,
    Partial,
    Reconnecting,
    SpeechStarted,
    SpeechStopped,
    Word,
)
from asrcli.core.provisional_event import Provisional


def shift_event(event: Event, offset_ms: int) -> Event:
    """The event with its times moved later by `offset_ms`; the same event where that is 0."""
    if not offset_ms:
        return event
    if isinstance(event, SpeechStarted):
        return replace(event, begin_ms=event.begin_ms + offset_ms)
    if isinstance(event, SpeechStopped):
        return replace(event, end_ms=event.end_ms + offset_ms)
    if isinstance(event, Partial):
        return replace(event, begin_ms=event.begin_ms + offset_ms, words=_shifted(event.words, offset_ms))
    if isinstance(event, Gap):
        return replace(event, begin_ms=event.begin_ms + offset_ms, end_ms=event.end_ms + offset_ms)
    if isinstance(event, Final):
        return shift_final(event, offset_ms)
    return event


def shift_final(final: Final, offset_ms: int) -> Final:
    """The final with its times moved later by `offset_ms`."""
    begin_ms, end_ms, sure_ms = final.begin_ms + offset_ms, final.end_ms + offset_ms, final.sure_ms
    if sure_ms is not None:
        sure_ms += offset_ms
    words = _shifted(final.words, offset_ms)
    return replace(final, begin_ms=begin_ms, end_ms=end_ms, words=words, sure_ms=sure_ms)


def _shifted(words: tuple[Word, ...], offset_ms: int) -> tuple[Word, ...]:
    return tuple(
        Word(word.text, word.begin_ms + offset_ms, word.end_ms + offset_ms, word.punctuation, word.estimated)
        for word in words
    )


def clamp_event(event: Event, begin_ms: int, end_ms: int) -> Event:
    """The event with its times cut to the span from `begin_ms` to `end_ms`; the same event where all are inside."""

    def inside(time_ms: int) -> int:
        return max(begin_ms, min(time_ms, end_ms))

    if isinstance(event, SpeechStarted | SpeechStopped):
        return _clamped_mark(event, begin_ms, end_ms)
    if isinstance(event, Partial):
        first_ms = inside(event.begin_ms)
        words = _clamped(event.words, first_ms, end_ms)
        if words is event.words and first_ms == event.begin_ms:
            return event  # a copy of it costs more than the check
        return replace(event, begin_ms=first_ms, words=words)
    if isinstance(event, Final):
        first_ms = inside(event.begin_ms)
        last_ms = max(first_ms, inside(event.end_ms))
        words = _clamped(event.words, first_ms, last_ms)
        sure_ms = event.sure_ms
        if sure_ms is not None:
            sure_ms = inside(sure_ms)
        cut = (first_ms, last_ms, sure_ms)
        if words is event.words and cut == (event.begin_ms, event.end_ms, event.sure_ms):
            return event
        return replace(event, begin_ms=first_ms, end_ms=last_ms, words=words, sure_ms=sure_ms)
    if isinstance(event, Gap):
        first_ms = inside(event.begin_ms)
        last_ms = max(first_ms, inside(event.end_ms))
        if (first_ms, last_ms) == (event.begin_ms, event.end_ms):
            return event
        return replace(event, begin_ms=first_ms, end_ms=last_ms)
    return event


def decided_until_ms(final: Final) -> int:
    """Up to where a final decides audio: its end, or less where that is a guess. Behind its end it decides nothing."""
    if final.sure_ms is None:
        return final.end_ms
    return min(final.sure_ms, final.end_ms)


def _clamped_mark(mark: SpeechStarted | SpeechStopped, begin_ms: int, end_ms: int) -> SpeechStarted | SpeechStopped:
    at_ms = mark.begin_ms if isinstance(mark, SpeechStarted) else mark.end_ms
    if begin_ms <= at_ms <= end_ms:
        return mark
    inside_ms = max(begin_ms, min(at_ms, end_ms))
    if isinstance(mark, SpeechStarted):
        return replace(mark, begin_ms=inside_ms)
    return replace(mark, end_ms=inside_ms)


def _clamped(words: tuple[Word, ...], begin_ms: int, end_ms: int) -> tuple[Word, ...]:
    for word in words:
        if not begin_ms <= word.begin_ms <= word.end_ms <= end_ms:
            break
    else:
        return words
    placed = []
    for word in words:
        word_begin_ms = max(begin_ms, min(word.begin_ms, end_ms))
        placed.append(replace(word, begin_ms=word_begin_ms, end_ms=max(word_begin_ms, min(word.end_ms, end_ms))))
    return tuple(placed)


def label_event(event: Event, speaker: str) -> Event:
    """The event of a speaker: the label goes into its key, so that keys of different speakers never collide."""
    if not speaker:
        return event
    if isinstance(event, SpeechStarted | SpeechStopped):
        return replace(event, key=f"{speaker}:{event.key}")
    if isinstance(event, Partial):  # as most events are; `replace` takes three times as long
        return Partial(
            f"{speaker}:{event.key}", event.begin_ms, event.settled, event.unsettled, event.words, event.language,
            event.emotion, speaker, event.translation, event.translated_into,
        )  # fmt: skip
    if isinstance(event, Final | Provisional):
        return replace(event, key=f"{speaker}:{event.key}", speaker=speaker)
    if isinstance(event, Gap | Finished | Reconnecting | LiveEvent):
        return replace(event, speaker=speaker)
    return event
