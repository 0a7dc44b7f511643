"""From --fallback to the recognizer that hears while the service is away."""

from typing import TYPE_CHECKING

from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.fallback import FallbackName
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import UsageError

if TYPE_CHECKING:
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
    """The recognizer that --fallback and --engine name; None without --fallback. Nothing is started.

    Raises:
        UsageError: the run has no outage to bridge, this recognizer could not give the text it asks for, or --engine
            has no effect.
        EngineUnavailable: the recognizer is not installed.
    """
    if asked is None:
        connection_options.check_engine()
        return None
    name = f"--fallback {asked}"
    if connection_options.local:
        raise UsageError(f"{name} with --local: the embedded recognizer is used already", "leave one of them out")
    if passthrough:
        raise UsageError(
            f"{name} with --passthrough: the embedded recognizer decodes no files", "leave one of them out"
        )
    from asrcli.runs.fallback import local_fallback

    return local_fallback(model, recognition, retry_options.retry_settings(), connection_options.engine)
