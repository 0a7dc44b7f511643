"""What is sent to a model, and what a user is told before the first word."""

from dataclasses import replace

import pytest

from asrcli.core.errors import UsageError
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model
from asrcli.dashscope.context import CHARACTERS, MESSAGES, TRANSCRIPT_MESSAGES
from asrcli.dashscope.model_selection import find_model
from asrcli.dashscope.preparation import (
    as_local_model,
    check_host,
    check_local_model,
    fit_context,
    prepare_recognition,
)

FUN = MODELS["fun-asr-realtime"]
QWEN_AUDIO = find_model("qwen-audio-3.1-asr-flash-streaming")
ONE_SENTENCE = next(model for model in MODELS.values() if model.one_sentence)
WORKSPACE = next(model for model in MODELS.values() if model.workspace_only)
UNKNOWN = find_model("qwen9-asr-realtime")


def prepared(
    model: Model, asked: RecognitionSettings | None = None, /, **more: bool
) -> tuple[RecognitionSettings, list[str]]:
    """The settings that are sent, and the notices, with everything switched off that is not said."""
    switches = {"local": False, "force": False, "uses_transcript_context": False, **more}
    return prepare_recognition(model, asked or RecognitionSettings(model.name), "", **switches)


def test_the_embedded_recognizer_takes_hot_words_under_any_name_of_its_wire() -> None:
    """Also where the model of that name takes none; other wires stay as they are."""
    bare = replace(FUN, takes=FUN.takes - {"hotwords"})
    assert "hotwords" in as_local_model(replace(QWEN_AUDIO, takes=frozenset())).takes
    other = next(model for model in MODELS.values() if not model.traits.context_messages)
    assert as_local_model(other) == replace(other, languages=())
    assert as_local_model(bare).takes >= bare.takes


def test_the_languages_of_a_model_of_the_service_do_not_bind_the_embedded_recognizer() -> None:
    """A model that the user has added may know others, and more of them; it refuses what it does not know."""
    asked = RecognitionSettings(FUN.name, languages=("yue", "zh", "en"))
    with pytest.raises(UsageError, match="takes at most 1"):
        prepared(FUN, asked)
    recognition, _ = prepared(as_local_model(FUN), asked, local=True)
    assert recognition.languages == ("yue", "zh", "en")


def test_a_name_that_no_model_has_is_refused_by_the_embedded_recognizer_too() -> None:
    """It would accept any; a mistake in the name should not be found out at the first paid run."""
    check_local_model(FUN)
    with pytest.raises(UsageError, match=f"model {UNKNOWN.name} with local: no model of the service"):
        check_local_model(UNKNOWN)


@pytest.mark.parametrize(
    ("name", "url", "region", "refused"),
    [
        (WORKSPACE.name, "wss://dashscope.aliyuncs.com", "cn-beijing", True),
        (WORKSPACE.name, "wss://ws-1.cn-beijing.maas.aliyuncs.com", "cn-beijing", False),
        (WORKSPACE.name, "ws://127.0.0.1:8090", "", False),
        (FUN.name, "wss://dashscope.aliyuncs.com", "cn-beijing", False),
        (UNKNOWN.name, "wss://dashscope.aliyuncs.com", "cn-beijing", False),
    ],
)
def test_a_model_of_workspaces_is_refused_at_a_shared_host(name: str, url: str, region: str, refused: bool) -> None:
    """A host of one's own may offer anything."""
    connection = ConnectionSettings(url=url, region=region)
    if refused:
        with pytest.raises(UsageError, match=f"{name} is available only at the host of a workspace"):
            check_host(name, connection)
    else:
        check_host(name, connection)


def test_what_the_embedded_recognizer_would_ignore_is_refused_unless_forced() -> None:
    """All of it in one line."""
    asked = RecognitionSettings(QWEN_AUDIO.name, context=("x",))
    with pytest.raises(UsageError, match="context and context_from_transcript has no effect on the embedded"):
        prepared(QWEN_AUDIO, asked, local=True, uses_transcript_context=True)
    sent, notices = prepared(QWEN_AUDIO, asked, local=True, force=True)
    assert (sent.context, notices) == (("x",), [])


def test_a_model_for_one_sentence_is_for_push_to_talk() -> None:
    """Or for whoever insists."""
    with pytest.raises(UsageError, match=f"{ONE_SENTENCE.name} transcribes one sentence and ends; for a talk"):
        prepared(ONE_SENTENCE)
    for way in ("push_to_talk", "force"):
        sent, notices = prepared(ONE_SENTENCE, **{way: True})
        assert sent.model == ONE_SENTENCE.name
        assert notices


def test_the_cut_of_the_context_is_reported_after_the_notices_of_the_model() -> None:
    """Nothing is left out silently."""
    asked = RecognitionSettings(QWEN_AUDIO.name, context=("x" * (CHARACTERS * MESSAGES + 1),))
    sent, notices = prepared(QWEN_AUDIO, asked)
    assert sum(map(len, sent.context)) == CHARACTERS * MESSAGES
    assert notices[-1].startswith("context: 2,000 of 2,001 characters fit")
    assert prepared(FUN)[1] == []


def test_the_last_sentences_of_the_transcript_take_room_from_the_context() -> None:
    """On a wire that carries messages; a model of another is refused with the names of those that take them."""
    asked = RecognitionSettings(QWEN_AUDIO.name, context=("x" * CHARACTERS * MESSAGES,))
    sent, cut = fit_context(QWEN_AUDIO, asked, uses_transcript_context=True)
    assert len(sent.context) == MESSAGES - TRANSCRIPT_MESSAGES
    assert cut
    realtime = next(model for model in MODELS.values() if not model.traits.context_messages)
    with pytest.raises(UsageError, match=f"no effect on {realtime.name}; models that take it: .*{QWEN_AUDIO.name}"):
        fit_context(realtime, asked, uses_transcript_context=True)
    corpus = RecognitionSettings(realtime.name, context=("a", "b"))
    assert fit_context(realtime, corpus, uses_transcript_context=False)[0].context == ("a\nb",)
