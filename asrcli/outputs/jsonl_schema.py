"""The published shape of the JSON Lines output, version 1, as a JSON Schema. Data only.

Within a version, fields and event types may be added, but never removed or changed in meaning: readers must ignore what
they do not know.
"""

from typing import Any

VERSION = 1

_MS = {"type": "integer", "minimum": 0}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_MAYBE_COUNT = {"type": ["integer", "null"], "minimum": 0}
_MAYBE_MS = {"type": ["integer", "null"], "minimum": 0}

_WORD = {
    "type": "object",
    "properties": {
        "text": _TEXT,
        "begin_ms": _MS,
        "end_ms": _MS,
        "punctuation": _TEXT,
        "estimated": {
            "const": True,
            "description": "the times of this word are not from the recognizer: they are estimated",
        },
    },
    "required": ["text", "begin_ms", "end_ms"],
}
_WHOSE = {"speaker": {**_TEXT, "description": "label of the source, if several are transcribed at once"}}
_INTO = {
    "translation": {**_TEXT, "description": "the sentence in another language, as far as it is translated"},
    "translated_into": {**_TEXT, "description": "the language of the translation"},
}
_SPOKEN = {"words": {"type": "array", "items": _WORD}, "language": _TEXT, "emotion": _TEXT, **_WHOSE, **_INTO}
_HEARD = {"heard": {**_TEXT, "description": "the side transcript: what was said, if text is the answer to a prompt"}}
_ESTIMATED = {"estimated": {"const": True, "description": "the service left out times of this sentence: estimated"}}
_ENGINE = {"engine": {**_TEXT, "description": "the recognizer that a local server names; absent for the service"}}
_NUMBER = {"type": "integer", "minimum": 1, "description": "counted from 1 through the run"}


def _event(name: str, description: str, required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "title": name,
        "description": description,
        "properties": {"type": {"const": name}, **required, **optional},
        "required": ["type", *required],
    }


_EVENTS = [
    _event(
        "begin",
        "a source begins and the service is ready for it",
        {"version": {"const": VERSION}, "source": _TEXT, "model": _TEXT, "task_id": _TEXT, "begin_ms": _MS},
        {"duration_ms": _MS, **_WHOSE, **_ENGINE},
    ),
    _event(
        "partial",
        "a sentence so far; replaces the last partial of the same sentence; text is settled and unsettled joined",
        {"sentence": _NUMBER, "begin_ms": _MS, "text": _TEXT, "settled": _TEXT, "unsettled": _TEXT},
        _SPOKEN,
    ),
    _event(
        "final",
        "a finished sentence; it comes once and does not change",
        {"sentence": _NUMBER, "begin_ms": _MS, "end_ms": _MS, "text": _TEXT},
        {**_SPOKEN, **_HEARD, **_ESTIMATED},
    ),
    _event(
        "provisional",
        "never a final: what the recognizer on this machine has heard while the service was away; "
        "replaces the last one with the same key; an empty text withdraws it, because a final or a gap took its place",
        {
            "provisional": {"const": True},
            "key": _TEXT,
            "begin_ms": _MS,
            "end_ms": _MS,
            "text": _TEXT,
            "open": {"type": "boolean", "description": "the sentence goes on; written with the partials only"},
        },
        _WHOSE,
    ),
    _event(
        "gap",
        "audio without text",
        {"begin_ms": _MS, "end_ms": _MS, "reason": _TEXT},
        {"local_text": {**_TEXT, "description": "what the recognizer on this machine has heard in it"}, **_WHOSE},
    ),
    _event(
        "pause",
        "from here on the user wants nothing transcribed; muted: the microphone is off, the conversation goes on",
        {"begin_ms": _MS, "muted": {"type": "boolean"}},
        _WHOSE,
    ),
    _event(
        "resume",
        "the pause that began at begin_ms is over",
        {"begin_ms": _MS, "end_ms": _MS, "muted": {"type": "boolean"}},
        _WHOSE,
    ),
    _event(
        "reconnect",
        "the connection is lost; open partials become void",
        {"attempt": {"type": "integer", "minimum": 1}, "wait_ms": _MS, "reason": _TEXT},
        _WHOSE,
    ),
    _event(
        "notice",
        "something a person may want to know",
        {"level": {"enum": ["debug", "info", "warning"]}, "text": _TEXT},
        {},
    ),
    _event(
        "end",
        "the last line: the account of the run; audio_ms = covered_ms + lost_ms, summed over all sources",
        {
            "audio_ms": _MS,
            "covered_ms": _MS,
            "lost_ms": _MS,
            "sentences": _COUNT,
            "reconnects": _COUNT,
            "billed_s": {"type": ["number", "null"], "description": "as the service counts; null where it does not"},
            "first_text_ms": {**_MAYBE_MS, "description": "first audio sent to first text, on the clock"},
            "final_after_stop_ms": {**_MAYBE_MS, "description": "end of the audio to the last final, on the clock"},
            "elapsed_ms": _MS,
        },
        {
            "paused_ms": {**_MS, "description": "time of pauses; not part of audio_ms"},
            "final_ms": {**_MS, "description": "audio that finals cover"},
            "silence_ms": {**_MS, "description": "audio without words; audio_ms = final_ms + silence_ms + lost_ms"},
            "local_ms": {**_MS, "description": "the part of lost_ms for which the gaps have local_text"},
            "live": {"type": "boolean", "description": "the audio was live and could not wait"},
            "longest_outage_ms": {
                **_MS,
                "description": "from the loss of a connection until the service was ready again",
            },
            "input_tokens": {**_MAYBE_COUNT, "description": "as the service counts; null where it does not"},
            "output_tokens": _MAYBE_COUNT,
            "cost": {
                "type": ["number", "null"],
                "minimum": 0,
                "description": "price of what the service counted, in CNY",
            },
            "resent_ms": {**_MS, "description": "audio that was sent again after a loss, counted each time"},
            "dropped": {**_COUNT, "description": "finals that repeated earlier ones, and were dropped"},
            "model": {**_TEXT, "description": "the model, or the recognizer on this machine, that transcribed it"},
            **_ENGINE,
            "wall_ms": {**_MS, "description": "time in which any source was captured; simultaneous sources count once"},
            "at_once": {**_COUNT, "description": "how many sources (devices, channels) were captured at the same time"},
            "longest_catch_up_ms": {
                **_MS,
                "description": "from the loss of a connection until no audio was waiting any more",
            },
        },
    ),
]

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "asr JSON Lines, version 1",
    "description": "One object per line. Times are milliseconds on the one timeline of the run.",
    "oneOf": _EVENTS,
}
