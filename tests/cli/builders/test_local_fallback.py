"""What --fallback refuses before a run begins, and what it takes."""

import pytest

from asrcli.cli.advice import described
from asrcli.cli.builders.local_fallback import fallback_of
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.fallback import FallbackName
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import EngineUnavailable, UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.recognizers import registry
from tests.support.requirements import needs_pocketsphinx

MODEL = "fun-asr-realtime"
ENGLISH = RecognitionSettings(MODEL, languages=("en",))
REFUSED = {
    "no language": ({"recognition": RecognitionSettings(MODEL)}, "the language is not named, and the recognizer"),
    "another language": (
        {"recognition": RecognitionSettings(MODEL, languages=("zh",))},
        "English (en) only, and not zh",
    ),
    "one of several": (
        {"recognition": RecognitionSettings(MODEL, languages=("en", "zh"))},
        "English (en) only, and not zh",
    ),
    "local": ({"service": ConnectionOptions(local=True)}, "with --local"),
    "no reconnecting": ({"retries": RetryOptions(reconnect=False)}, "lost connections are not restored"),
    "no retries": ({"retries": RetryOptions(retries=0)}, "lost connections are not restored"),
    "passthrough": ({"passthrough": True}, "with --passthrough"),
    "a prompt": ({"model": "qwen3-omni-flash-realtime"}, "answers no prompts"),
    "a translation": (
        {"recognition": RecognitionSettings(MODEL, languages=("en",), translate="zh", transcription=False)},
        "translates nothing",
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
    with pytest.raises(UsageError) as caught:
        fallback(**given)  # type: ignore[arg-type]
    assert described(caught.value).startswith("--fallback local")
    assert problem in described(caught.value)


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


@needs_pocketsphinx
def test_it_hears_with_the_engine_that_is_named() -> None:
    """Its languages are those that are checked; an engine for a service alone is refused."""
    made = fallback(service=ConnectionOptions(url="ws://test", engine="pocketsphinx"))
    assert getattr(made, "name", "") == "pocketsphinx en-us"
    anything = fallback(recognition=RecognitionSettings(MODEL), service=ConnectionOptions(url="u", engine="counting"))
    assert getattr(anything, "name", "") == "counting"
    service = ConnectionOptions(url="ws://test", engine="pocketsphinx")
    with pytest.raises(UsageError, match="--engine pocketsphinx without --local or --fallback local"):
        fallback_of(None, MODELS[MODEL], ENGLISH, service, RetryOptions())
