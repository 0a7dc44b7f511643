"""Sentences for which no translation comes, where only translations are wanted: they are not left out in silence."""

import json
from typing import Any

from asrcli.core.events import Event, Final, Notice
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import TranslationClient

GUMMY = "gummy-realtime-v1"


def result(**output: object) -> Text:
    """A result of the task."""
    header = {"task_id": "task-1", "event": "result-generated", "attributes": {}}
    return Text(json.dumps({"header": header, "payload": {"output": output, "usage": None}}))


def half(number: int, text: str, *, end: bool = False, lang: str = "") -> dict[str, Any]:
    """One text of a sentence."""
    times = {"begin_time": 0, "end_time" if end else "current_time": 900}
    return {"sentence_id": number, "text": text, "words": [], "sentence_end": end, "lang": lang, **times}


def hear(codec: TranslationClient, *messages: Text) -> list[Event]:
    """What the client makes of messages."""
    return [event for message in messages for event in codec.receive(message)]


def only_translated() -> TranslationClient:
    """A client that wants the translation and no transcript, with a second of audio sent."""
    codec = TranslationClient(RecognitionSettings(GUMMY, translate="en", transcription=False), lambda: "task-1")
    codec.start()
    codec.audio(bytes(32_000))
    return codec


def test_a_sentence_without_a_translation_is_not_left_out_in_silence() -> None:
    """Where only translations are wanted, nothing else shows it. Its number says that it is missing."""
    codec = only_translated()
    told = hear(
        codec,
        result(translations=[half(0, "Good.", end=True, lang="en")]),
        result(translations=[half(1, "To", end=False, lang="en")]),
        result(translations=[half(10**15, "Bye.", end=True, lang="en")]),
        result(translations=[half(3, "Late.", end=True, lang="en")]),
        result(translations=[half(0, "So.", end=True, lang="en") | {"sentence_id": None}]),
    )
    notices = [event.text for event in told if isinstance(event, Notice) and event.level == "warning"]
    assert notices == ["the service sent no translation for a sentence before this one: Bye."]
    assert [event.text for event in told if isinstance(event, Final)] == ["Good.", "Bye.", "Late.", "So."]


def test_open_sentences_are_not_taken_for_missing() -> None:
    """Sentences may end in another order."""
    told = hear(
        only_translated(),
        result(translations=[half(0, "Go", end=False, lang="en")]),
        result(translations=[half(1, "Bye.", end=True, lang="en")]),
        result(translations=[half(0, "Good.", end=True, lang="en")]),
    )
    assert [event for event in told if isinstance(event, Notice)] == []


def test_a_transcript_in_place_of_a_missing_translation_is_named() -> None:
    """A service that sends transcripts unasked."""
    codec = only_translated()
    told = hear(codec, result(transcription=half(0, "好。", end=True)))
    told += codec.receive(Text(json.dumps({"header": {"event": "task-finished", "task_id": "task-1"}, "payload": {}})))
    assert Notice("warning", "the service sent no translation for a sentence: its transcript is shown: 好。") in told
    assert [event.text for event in told if isinstance(event, Final)] == ["好。"]
