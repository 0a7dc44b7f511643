"""From --fallback to the recognizer that hears while the service is away."""

from typing import TYPE_CHECKING

from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.fallback import FallbackName
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asrcli.core.settings import RecognitionSettings
    from asrcli.dashscope.catalogue import Model
    from asrcli.runs.fallback import Fallback


def fallback_of(
    asked: FallbackName | None,
    model: "Model",
    recognition: "RecognitionSettings",
    connection_options: ConnectionOptions,
    retry_options: RetryOptions,
    passthrough: bool = False,
) -> "Fallback | None":
    """The recognizer that --fallback names; None without it. Nothing is started.

    Raises:
        UsageError: the run has no outage to bridge, or its text is none that this recognizer could give.
        EngineUnavailable: the recognizer is not installed.
    """
    if asked is None:
        return None
    name = f"--fallback {asked}"
    if connection_options.local:
        raise UsageError(f"{name} with --local: the embedded recognizer is asked already", "leave one of them out")
    if retry_options.retry_settings().limit == 0:
        raise UsageError(
            f"{name} without reconnecting: a lost connection ends the run", "leave out --no-reconnect or --retries 0"
        )
    if passthrough:
        raise UsageError(
            f"{name} with --passthrough: the embedded recognizer decodes no files", "leave one of them out"
        )
    if "prompt" in model.takes:
        raise UsageError(f"{name} with {model.name}: the embedded recognizer answers no prompts", "see asr models")
    if recognition.translate and not recognition.both_texts:
        raise UsageError(f"{name} with --translation-only: the embedded recognizer translates nothing")
    from asrcli.recognizers import registry
    from asrcli.runs.fallback import Fallback

    recognizer = registry.make()
    _check_language(name, recognizer.info.languages, recognition)
    return Fallback(recognizer, recognition)


def _check_language(name: str, known: "Mapping[str, str] | None", recognition: "RecognitionSettings") -> None:
    if known is None:
        return
    names = ", ".join(f"{language} ({code})" for code, language in known.items())
    hears = f"the recognizer on this machine hears {names} only"
    if not recognition.languages:
        advice = f"name the language: --language {next(iter(known))}"
        raise UsageError(f"{name} without --language: {hears}", advice)
    if foreign := set(recognition.languages) - set(known):
        raise UsageError(f"{name} with --language {min(foreign)}: {hears}")
