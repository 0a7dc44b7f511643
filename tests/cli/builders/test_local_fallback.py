"""What --fallback refuses before a run begins, and what it takes."""

import pytest

from asrcli.cli.builders.local_fallback import fallback_of
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.fallback import FallbackName
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import EngineUnavailable, UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.recognizers import registry

MODEL = "fun-asr-realtime"
ENGLISH = RecognitionSettings(MODEL, languages=("en",))
REFUSED = {
    "no language": ({"recognition": RecognitionSettings(MODEL)}, "without --language: the recognizer on this machine"),
    "another language": ({"recognition": RecognitionSettings(MODEL, languages=("zh",))}, "with --language zh"),
    "one of several": ({"recognition": RecognitionSettings(MODEL, languages=("en", "zh"))}, "with --language zh"),
    "local": ({"service": ConnectionOptions(local=True)}, "with --local"),
    "no reconnecting": ({"retries": RetryOptions(reconnect=False)}, "without reconnecting"),
    "no retries": ({"retries": RetryOptions(retries=0)}, "without reconnecting"),
    "passthrough": ({"passthrough": True}, "with --passthrough"),
    "a prompt": ({"model": "qwen3-omni-flash-realtime"}, "answers no prompts"),
    "a translation": (
        {"recognition": RecognitionSettings(MODEL, languages=("en",), translate="zh", transcription=False)},
        "with --translation-only",
    ),
}


def fallback(
    model: str = MODEL,
    recognition: RecognitionSettings = ENGLISH,
    service: ConnectionOptions | None = None,
    retries: RetryOptions | None = None,
    *,
    passthrough: bool = False,
) -> object:
    """What --fallback local makes."""
    asked = (recognition, service or ConnectionOptions(url="ws://test"), retries or RetryOptions())
    return fallback_of(FallbackName.LOCAL, MODELS[model], *asked, passthrough)


@pytest.mark.parametrize(("given", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_run_that_it_cannot_help_is_refused(given: dict[str, object], problem: str) -> None:
    """In one line that names the option."""
    with pytest.raises(UsageError, match="--fallback local") as caught:
        fallback(**given)  # type: ignore[arg-type]
    assert problem in str(caught.value)


def test_an_engine_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, before the run."""
    monkeypatch.setattr(registry, "find_spec", {}.get)
    with pytest.raises(EngineUnavailable, match="not installed") as caught:
        fallback()
    assert "pip install" in str(caught.value)


def test_what_it_can_help_is_taken() -> None:
    """Nothing is started for it; without the option there is none."""
    made = fallback(recognition=RecognitionSettings(MODEL, languages=("en",), translate="zh"))
    assert made is not None
    nothing = fallback_of(
        None, MODELS[MODEL], RecognitionSettings(MODEL), ConnectionOptions(local=True), RetryOptions()
    )
    assert nothing is None
