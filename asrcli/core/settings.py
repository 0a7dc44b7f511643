"""Immutable settings of recognition, connection and retries. No environment, no files."""

import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from asrcli.core.dataclass import dataclass, field
from asrcli.core.redaction import remember_key

DEFAULT_URL = "wss://dashscope.aliyuncs.com"
DEFAULT_MODEL = "fun-asr-realtime"
DEFAULT_MANUAL_MODEL = "qwen3-asr-flash-realtime"  # where the client ends utterances
FILE_RETRY_FOR_S = 300.0
KEY_VARIABLE = "DASHSCOPE_API_KEY"
MAX_CONNECTIONS = 64  # of a local server, unless the user says otherwise
NEW_PROCESS_GROUP = 0x200  # subprocess.CREATE_NEW_PROCESS_GROUP, which Windows alone has: such processes ignore Ctrl-C
SILENCE_MS = range(200, 6001)  # the service's bounds for the silence that ends a sentence


@dataclass(frozen=True)
class RecognitionSettings:
    """The options of a task. None or an empty value leaves the default of the service in place.

    Attributes:
        model: Name of the model; only the catalogue and the registry of wires interpret it.
        rate: Sample rate in Hz of the audio that is sent.
        languages: Codes of the languages that may be spoken; empty means that the service detects them.
        vad: The server decides where sentences end. False is manual mode: the client commits utterances.
        silence_ms: Silence that ends a sentence, from 200 to 6000 ms.
        threshold: Border between speech and noise, from -1.0 (all is speech) to 1.0 (most is noise).
        semantic: End sentences by meaning instead of by silence.
        heartbeat: Keep the task alive during long silence, as long as silent audio is sent.
        hotwords: Words to favour, each with its weight, for this task only.
        audio_format: The format of the bytes that are sent: pcm, or one that the service decodes.
        vocabulary_id: Id of a hot-word list of the service.
        phrase_id: Id of a hot-word list of the oldest models.
        context: Texts that help recognition, oldest first.
        multi_threshold: End very long sentences earlier.
        vad_model: The model with which the server distinguishes speech from silence.
        prefix_ms: How much audio before the detected speech is added to it.
        punctuation: Write punctuation marks.
        itn: Write numbers as digits.
        disfluency: Leave out filler words.
        keep_dialect: Write dialect words as they are spoken.
        interim: Send partial results, where a model does not send them by default.
        masked: Words that are replaced by asterisks.
        dropped: Words that are left out.
        system_filter: Apply the service's own list of filtered words.
        translate: Code of the language to translate into.
        transcription: Send the transcript beside a translation.
        prompt: The instructions for a model that answers prompts.
        side_transcript: Have a second model transcribe the speech, beside the answer.
        temperature, top_p, top_k, max_tokens, seed: Sampling parameters of an answer.
        extra: Parameters under the names of the service, sent unchanged.
        parameters: Values of the parameters without a field here, by the names of their rows in
            `dashscope/parameters.py`. A parameter needs a field only where code reads it by name.
        wire: The wire to speak, where the user has named one; else the model says it.
    """

    model: str
    rate: int = 16000
    languages: tuple[str, ...] = ()
    vad: bool = True
    silence_ms: int | None = None
    threshold: float | None = None
    semantic: bool | None = None
    heartbeat: bool | None = None
    hotwords: tuple[tuple[str, int], ...] = ()
    audio_format: str = "pcm"
    vocabulary_id: str = ""
    phrase_id: str = ""
    context: tuple[str, ...] = ()
    multi_threshold: bool | None = None
    vad_model: str = ""
    prefix_ms: int | None = None
    punctuation: bool | None = None
    itn: bool | None = None
    disfluency: bool | None = None
    keep_dialect: bool | None = None
    interim: bool | None = None
    masked: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    system_filter: bool | None = None
    translate: str = ""
    transcription: bool | None = None
    prompt: str = ""
    side_transcript: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    seed: int | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    parameters: tuple[tuple[str, Any], ...] = ()
    wire: str = ""

    def value(self, name: str) -> Any:
        """The value of a parameter, from its field or from `parameters`; None if it is in neither."""
        return getattr(self, name, dict(self.parameters).get(name))

    def with_values(self, values: Mapping[str, Any]) -> "RecognitionSettings":
        """These settings with other values of parameters, each in its field or in `parameters`."""
        own = {each.name for each in fields(self)}
        other = dict(self.parameters) | {name: value for name, value in values.items() if name not in own}
        kept = tuple((name, value) for name, value in other.items() if value not in (None, "", ()))
        return replace(self, **{name: value for name, value in values.items() if name in own}, parameters=kept)

    @property
    def both_texts(self) -> bool:
        """Whether the service sends both a transcript and a translation."""
        return bool(self.translate) and self.transcription is not False


@dataclass(frozen=True)
class Secret:
    """An API key that is not shown by accident: only `reveal` returns the text."""

    _text: str = field(repr=False)

    def __post_init__(self) -> None:
        remember_key(self._text)

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"

    def reveal(self) -> str:
        """The text of the key, for the code that sends it."""
        return self._text


def apart_from_terminal(system: str = sys.platform) -> dict[str, Any]:
    """The arguments of `subprocess.Popen` for a process that Ctrl-C in our terminal does not reach."""
    if system == "win32":
        return {"creationflags": NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def without_key(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a program that has no use for the key of the service.

    Everything that runs under the account can read the environment of a process, and programs hand theirs on.
    """
    return {name: value for name, value in environment.items() if name != KEY_VARIABLE}


@dataclass(frozen=True)
class ConnectionSettings:
    """The service to connect to: its base URL and the key; None for a server that requires no key.

    Attributes:
        region: The region of the URL, for messages; empty if it is not known.
        headers: Headers that are sent with each handshake and request, beside the key.
        proxy: The address of a proxy; None takes the proxy of the environment.
        ca: A file of certificates that are trusted beside those of the system.
        insecure_tls: Do not check the certificate of the server. Its user has been warned.
        other_service: The server is not the service's: it gets no key but one that is given for it.
        connect_timeout_s: How long to wait for the connection, and then for the service to be ready.
        idle_timeout_s: How long to wait for the next message after the audio has ended.
        stall_timeout_s: How long no byte may be received and none may be sent before the connection counts as lost.
        keepalive_s: Interval of the pings.
    """

    url: str = DEFAULT_URL
    key: Secret | None = None
    region: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    proxy: str | None = None
    ca: str | None = None
    insecure_tls: bool = False
    other_service: bool = False
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
    stall_timeout_s: float = 30.0
    keepalive_s: float = 15.0


@dataclass(frozen=True)
class RetrySettings:
    """How a lost connection is replaced.

    Attributes:
        limit: How often the same audio is sent again without progress; None means no limit, 0 means never.
        wait_s: The longest wait before the first attempt; it doubles with each attempt; the wait is random below it.
        catch_up: Speed of sending missed audio, in multiples of real time; None means as fast as possible.
        retry_for_s: How long an outage may last; None means no limit.
        last_words_s: The same where there was no limit, once no more audio follows.
    """

    limit: int | None = 0
    wait_s: float = 0.5
    catch_up: float | None = None
    retry_for_s: float | None = None
    last_words_s: float = FILE_RETRY_FOR_S

    def of(self, *, realtime: bool, pace: float | None, can_wait: bool) -> "RetrySettings":
        """These settings for a source.

        Args:
            realtime: The audio arrives as it is spoken. An outage may then last without limit, because somebody may
                still speak; with a file it may last five minutes, unless the user said otherwise.
            pace: The speed of sending a file or a pipe, in multiples of real time; None means as fast as possible.
            can_wait: The source has no device that records meanwhile. Its audio is then never sent slower than `pace`.
        """
        retry_for_s = self.retry_for_s
        if retry_for_s is None and not realtime:
            retry_for_s = FILE_RETRY_FOR_S
        catch_up = self.catch_up
        if can_wait and pace is None:
            catch_up = None
        elif can_wait and pace is not None:
            catch_up = max(self.catch_up or pace, pace)
        return replace(self, retry_for_s=retry_for_s, catch_up=catch_up)
