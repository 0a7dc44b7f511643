"""Refuses at the start of a task what the service refuses, and logs what the service would ignore."""

from collections.abc import Iterator

from asrcli.core.client_commands import StartTask
from asrcli.core.errors import SettingError, shorten
from asrcli.core.interfaces import ServerCodec
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model
from asrcli.dashscope.parameters import BY_NAME
from asrcli.dashscope.setting_errors import SettingsConflict
from asrcli.dashscope.validation import check_ranges, given_options
from asrcli.protocol.registry import REALTIME_PATH
from asrcli.server.limits import ServerLimits
from asrcli.server.log_filter import log

NOT_AT_THIS_PATH = "no model {} of the service is known at this path: the service may refuse it"
NO_SUCH_MODEL = "Model can not be found."
# The models that take this parameter send finals only unless it is on, and refuse what other models ignore.
CHOICE = "interim"


def task_refusal(start: StartTask, codec: ServerCodec, limits: ServerLimits) -> tuple[str, str] | None:
    """Return the code and the words with which the service refuses a task; None if it begins it.

    What the service would ignore is logged. A lenient server refuses nothing and logs nothing.
    """
    if limits.lenient:
        return None
    refusal = None
    if codec.fatal_errors:  # what the service refuses is known of this wire only
        refusal = _refusal(start, codec.path)
    if refusal is None:
        for warning in task_warnings(start.recognition, codec.path):
            log.warning("%s", warning)
    return refusal


def _refusal(start: StartTask, path: str) -> tuple[str, str] | None:
    if start.objection:
        return "InvalidParameter", start.objection
    recognition = start.recognition
    model = MODELS.get(recognition.model)
    if model is None or model.traits.path != path:
        return "ModelNotFound", NO_SUCH_MODEL
    if model.rates and not min(model.rates) <= recognition.rate <= max(model.rates):
        rates = " ".join(map(str, model.rates))
        return "InvalidParameter", f"sample_rate {recognition.rate}: {model.name} takes {rates}"
    ignored = ", ".join(_ignored(model, recognition))
    if ignored and CHOICE in model.takes:
        return "InvalidParameter", f"{model.name} does not take {ignored}"
    return None


def close_code(codec: ServerCodec) -> int:
    """Return the code with which a connection is closed after a failure."""
    if codec.fatal_errors:
        return 1000  # every failure ends a connection of this wire, so that such an end is a usual one
    return 1011


def task_warnings(recognition: RecognitionSettings, path: str) -> Iterator[str]:
    """Yield what the service would ignore, or may refuse, of a task at this path; of an unknown model only its name."""
    model = MODELS.get(recognition.model)
    if model is None or model.traits.path != path:
        if path == REALTIME_PATH:
            yield NOT_AT_THIS_PATH.format(shorten(recognition.model, 60))
        return
    if ignored := ", ".join(_ignored(model, recognition)):
        yield f"the service ignores {ignored} with the model {model.name}"
    if 0 < model.language_limit < len(recognition.languages):
        yield f"the service uses {model.language_limit} of {len(recognition.languages)} languages"
    try:
        check_ranges(recognition)
    except SettingError as exc:
        yield exc.sentence(_wire_name(model, exc.setting))
    except SettingsConflict as exc:
        yield exc.sentence(lambda name: _wire_name(model, name))


def sends_partials(recognition: RecognitionSettings) -> bool:
    """Return whether the results of open sentences are sent: where the client may choose, only if it asks for them."""
    model = MODELS.get(recognition.model)
    if model is not None and CHOICE in model.takes:
        return recognition.interim is True
    return recognition.interim is not False


def _ignored(model: Model, recognition: RecognitionSettings) -> Iterator[str]:
    for name in given_options(recognition):
        if name not in model.takes:
            yield _wire_name(model, name)


def _wire_name(model: Model, name: str) -> str:
    """The name of a parameter in the messages of the wire of the model."""
    return BY_NAME[name].paths.get(model.wire, name)
