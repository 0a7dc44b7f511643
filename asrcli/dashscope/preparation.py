"""Prepares the options of a task: checks them against the model, cuts the context, fills in defaults. Pure."""

from dataclasses import replace

from asrcli.core.causes import Cause
from asrcli.core.errors import UsageError
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model, model_names
from asrcli.dashscope.context import MESSAGES, TRANSCRIPT_MESSAGES, fit_corpus, fit_messages
from asrcli.dashscope.setting_errors import SettingIgnored, SettingsConflict
from asrcli.dashscope.validation import check_recognition, ignored_settings, model_notices, unused_options_removed

MOST_LOCAL_LANGUAGES = 10  # the message that begins a task has a list of them


def as_local_model(model: Model) -> Model:
    """The model as the embedded recognizer has it: hot words have an effect under any name of the inference wire.

    Which languages it knows does not depend on the name.
    """
    local = replace(model, languages=())
    if not model.traits.context_messages:
        return local
    return replace(local, takes=model.takes | {"hotwords"}, language_limit=MOST_LOCAL_LANGUAGES)


def check_local_model(model: Model) -> None:
    """Refuse a name that no model of the service has; the embedded recognizer itself would accept any name.

    Raises:
        UsageError: the model is not in the catalogue.
    """
    if not model.known:
        problem = "no model of the service has this name"
        raise SettingsConflict(["model", "local"], problem, value=model.name, cause=Cause.UNKNOWN_MODEL)


def check_host(name: str, connection: ConnectionSettings) -> None:
    """Refuse a shared host of the service for a model that is available only at the host of a workspace.

    Raises:
        UsageError: the connection leads to a shared host.
    """
    model = MODELS.get(name)
    if model is not None and model.workspace_only and connection.region and ".maas." not in connection.url:
        raise UsageError(f"{name} is available only at the host of a workspace", cause=Cause.WORKSPACE_HOST)


def prepare_recognition(
    model: Model,
    asked: RecognitionSettings,
    region: str,
    *,
    local: bool,
    force: bool = False,
    uses_transcript_context: bool = False,
    push_to_talk: bool = False,
) -> tuple[RecognitionSettings, list[str]]:
    """The settings that are sent, and what a user should know about them before the first word.

    Raises:
        UsageError: what the model, or with `local` the embedded recognizer, cannot do or would ignore.
    """
    ignored = ignored_settings(asked)
    if uses_transcript_context:
        ignored.append("context_from_transcript")
    if local and ignored and not force:
        raise SettingIgnored(ignored, "the embedded recognizer", cause=Cause.EMBEDDED)
    check_recognition(model, asked, region, force=force)
    if model.one_sentence and not push_to_talk and not force:
        problem = f"{model.name} transcribes one sentence and ends"
        raise UsageError(problem, "for a talk there is gummy-realtime-v1", cause=Cause.ONE_SENTENCE)
    asked, cut = fit_context(model, asked, uses_transcript_context=uses_transcript_context)
    notices: list[str] = []
    if not local:
        notices += model_notices(model)
    if cut:
        notices.append(cut)
    return unused_options_removed(model, asked), notices


def fit_context(
    model: Model, recognition: RecognitionSettings, *, uses_transcript_context: bool
) -> tuple[RecognitionSettings, str]:
    """The context as the wire carries it, and what had to be left out of it, in words.

    Raises:
        UsageError: the last sentences are to be context, for a model that takes none in the middle of a task.
    """
    if uses_transcript_context and not (model.traits.context_messages and "context" in model.takes):
        takers = model_names(lambda row: row.traits.context_messages and "context" in row.takes)
        raise SettingIgnored(["context_from_transcript"], model.name, takers)
    if not model.traits.context_messages:
        fit = fit_corpus(recognition.context)
    else:
        most = MESSAGES
        if uses_transcript_context:
            most -= TRANSCRIPT_MESSAGES
        fit = fit_messages(recognition.context, most)
    return replace(recognition, context=fit.texts), fit.notice
