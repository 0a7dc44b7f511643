"""The Python API: `transcribe` checks what is asked and returns it as a Transcription."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from asrcli.core.errors import MissingKey, SettingError, UsageError
from asrcli.core.events import Event, Notice
from asrcli.core.settings import DEFAULT_MODEL, ConnectionSettings, RecognitionSettings, RetrySettings, Secret
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.endpoints import EndpointRequest, region_of, requested_endpoint, resolve_endpoint
from asrcli.dashscope.model_selection import find_model
from asrcli.dashscope.preparation import as_local_model, check_host, check_local_model, prepare_recognition
from asrcli.protocol.addresses import endpoint
from asrcli.recognizers import factory
from asrcli.runs.audio_input import AudioInput, make_source
from asrcli.runs.fallback import LOCAL, Fallback, local_fallback
from asrcli.runs.local_service import check_local
from asrcli.runs.transcription import Request, Transcription

KEY_VARIABLE = "DASHSCOPE_API_KEY"
RETRIES = 5  # how often the same audio is sent again without progress
Pace = float | Literal["max"] | None


def transcribe(
    audio: AudioInput,
    *,
    model: str = DEFAULT_MODEL,
    languages: Iterable[str] = (),
    hotwords: Mapping[str, int] | None = None,
    context: Iterable[str] = (),
    translate: str = "",
    silence_ms: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    local: bool = False,
    engine: str = "",
    fallback: Literal["", "local"] = "",
    url: str = "",
    region: str = "",
    workspace: str = "",
    api_key: str | None = None,
    pace: Pace = None,
    retries: int | None = RETRIES,
    on_event: Callable[[Event], object] | None = None,
) -> Transcription:
    """Return the transcription of some audio, for a loop over its events. Nothing is sent before the first event.

        for event in asrcli.transcribe("talk.wav", local=True):
            if isinstance(event, asrcli.Final):
                print(event.text)

    Args:
        audio: A path or an address of anything with sound in it, a `microphone()`, `pcm(...)`, or an iterable of
            bytes, which is PCM at 16 kHz, mono, signed 16 bits, little-endian.
        model: A model of the service; `asr models` lists them.
        languages: Codes of the languages that are spoken.
        hotwords: Words to favour, each with a weight from 1 to 5.
        context: Texts whose words will occur.
        translate: The code of a language to translate into too.
        silence_ms: The silence that ends a sentence, from 200 to 6000 milliseconds.
        parameters: More parameters under the service's own names, sent as they are.
        local: Use a recognizer on this machine: no key, no network, English.
        engine: With `local` or `fallback`, the name of the recognizer; `asr engines` lists them. By default the best.
        fallback: "local": while the service is away, a recognizer on this machine gives `Provisional` events, and what
            never gets the service's text is in the `local_text` of its `Gap`. Name the language in `languages`.
        url: The address of another server; by default that of the service in `region`.
        region: Where the key was issued; by default `DASHSCOPE_REGION`, or cn-beijing.
        workspace: The workspace that the key belongs to.
        api_key: By default what `DASHSCOPE_API_KEY` holds. It is shown in no error, no repr and no log.
        pace: How many times real time a file is sent, or "max". By default 1, and "max" with `local`.
        retries: How often the same audio is sent again without progress after a lost connection; 0 is never.
        on_event: Called with each event before the loop gets it, in the same thread. What it raises ends the run.

    Raises:
        UsageError: what the model cannot do, or an address or a key that cannot be used. It names the setting.
            MissingKey: a service that wants a key, and none.
        SourceError: a file that cannot be read.

    The iteration raises what ended the run: ConnectFailed, ConnectionLost, ServiceRefused, SourceError, AudioLost, ...,
    each of them an AsrError, and what the iterable of PCM or `on_event` raises.
    """
    key = _secret(api_key)
    api_key = None  # no frame of ours keeps the text, which a debugger or a log could show
    found = find_model(model)
    recognizer = factory.find(engine or None) if local else None
    if local:
        check_local_model(found)
        found = as_local_model(found)
    elif engine and not fallback:
        raise UsageError(f"engine {engine} without local=True or fallback: a service has its own recognizers")
    asked = RecognitionSettings(
        model=found.name, rate=found.rate, languages=_texts("languages", languages),
        hotwords=tuple((hotwords or {}).items()), context=_texts("context", context), translate=translate,
        silence_ms=silence_ms, extra=tuple((parameters or {}).items()),
    )  # fmt: skip
    connection = None
    priced_in = ""
    if local:
        if url or region or workspace or key is not None:
            raise UsageError("local=True with url, region, workspace or api_key: the recognizer is on this machine")
    else:
        connection = _connection(EndpointRequest(url.strip(), region, workspace), key)
        check_host(found.name, connection)
        priced_in = connection.region
    recognition, told = prepare_recognition(found, asked, priced_in, local=local)
    if recognizer is not None:
        check_local(recognition, recognizer)
    request = Request(
        make_source(audio, found), found, recognition, connection, recognizer, _pace_factor(pace, local=local),
        RetrySettings(retries), tuple(Notice("warning", text) for text in told),
        _fallback(fallback, found, recognition, retries, engine, local=local),
    )  # fmt: skip
    return Transcription(request, on_event)


def _fallback(
    fallback: str, model: Model, recognition: RecognitionSettings, retries: int | None, engine: str, *, local: bool
) -> Fallback | None:
    if not fallback:
        return None
    if fallback != LOCAL:
        raise SettingError("fallback", f"only {LOCAL!r} is supported", value=repr(fallback))
    if local:
        raise UsageError("fallback with local=True: the recognizer on this machine is used already")
    return local_fallback(model, recognition, RetrySettings(retries), engine or None)


def _connection(asked: EndpointRequest, key: Secret | None) -> ConnectionSettings:
    """The connection that the arguments ask for; what they leave open comes from the variables of the official SDK."""
    there = resolve_endpoint(asked, requested_endpoint(os.environ))
    endpoint(there.url, "/")  # raises UsageError for an invalid address
    if key is None:
        key = _secret(os.environ.get(KEY_VARIABLE))
    if key is None and region_of(there.url):
        raise MissingKey
    if key is not None and not _is_usable(key):
        raise UsageError("the API key contains characters that are not allowed in a key", "copy only the key again")
    return ConnectionSettings(there.url, key, there.region, there.headers)


def _secret(text: str | None) -> Secret | None:
    """The key as a Secret; None for an empty text."""
    if not text or not text.strip():
        return None
    return Secret(text.strip())


def _is_usable(key: Secret) -> bool:
    return key.reveal().isascii() and key.reveal().isprintable() and " " not in key.reveal()


def _texts(name: str, values: Iterable[str]) -> tuple[str, ...]:
    if isinstance(values, str):  # its characters would be taken one by one
        raise UsageError(f"{name} is one text: put it into a list")
    return tuple(values)


def _pace_factor(pace: Pace, *, local: bool) -> float | None:
    """How many times real time a file is sent; None as fast as the other end takes it."""
    if pace == "max" or (pace is None and local):
        return None
    factor = 1.0
    if pace is not None:
        factor = float(pace)
    if not factor > 0:
        raise UsageError(f"pace {pace}: must be more than 0")
    return factor
