"""Frozen settings: what to recognize, and whom to ask. Pure values and their checks, no environment, no files."""

from dataclasses import dataclass, field, replace
from typing import Any

from asrcli.core.redaction import remember_key

DEFAULT_URL = "wss://dashscope.aliyuncs.com"
DEFAULT_MODEL = "fun-asr-realtime"
DEFAULT_MANUAL_MODEL = "qwen3-asr-flash-realtime"  # where the client ends utterances
FILE_RETRY_FOR_S = 300.0
SILENCE_MS = range(200, 6001)  # the service's bounds for the silence that ends a sentence


@dataclass(frozen=True)
class RecognitionSettings:
    """What a task is asked to do. None, or empty, leaves the service's default in place.

    Attributes:
        model: Name of the model, an opaque string to everything but the catalogue.
        rate: Samples a second on the wire.
        languages: Codes the speech may be in; empty lets the service find out.
        vad: The server cuts sentences. False is manual mode: the client commits utterances.
        silence_ms: Silence that ends a sentence, 200 to 6000.
        threshold: Speech against noise, -1.0 (all is speech) to 1.0 (most is noise).
        semantic: Cut sentences by meaning and not by silence.
        heartbeat: Keep the connection through long silence, as long as silent audio flows.
        hotwords: Words to favour, each with its weight, for this task alone.
        context: Texts to lean on, oldest first.
        audio_format: What the bytes on the wire are: pcm, or what the service decodes itself.
        vocabulary_id: A hot-word list that the service keeps.
        phrase_id: Its predecessor, of the oldest models.
        multi_threshold: Cut very long sentences earlier.
        vad_model: What the server tells speech from silence with.
        prefix_ms: Audio before the speech that belongs to it.
        punctuation: Write punctuation marks.
        itn: Write numbers in figures.
        disfluency: Leave out filler words.
        keep_dialect: Write words of a dialect as they are spoken.
        interim: Send sentences in the making too, where a model does not by itself.
        masked: Words to be written as asterisks.
        dropped: Words to be left out.
        system_filter: Apply the service's own list of such words.
        translate: The language to translate into.
        transcription: Write what was said, beside a translation.
        prompt: What a model that answers prompts is told to do with what it hears.
        side_transcript: Have another model write down what was said, beside the answer.
        temperature, top_p, top_k, max_tokens, seed: How an answer is sampled.
        extra: Parameters under the service's own names, sent as they are.
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
    context: tuple[str, ...] = ()
    audio_format: str = "pcm"
    vocabulary_id: str = ""
    phrase_id: str = ""
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

    @property
    def both_texts(self) -> bool:
        """Whether a translation comes beside the text."""
        return bool(self.translate) and self.transcription is not False


@dataclass(frozen=True)
class Secret:
    """An API key that does not show itself: only `reveal` gives the text."""

    _text: str = field(repr=False)

    def __post_init__(self) -> None:
        remember_key(self._text)

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"

    def reveal(self) -> str:
        """The key itself, for the one place that puts it into a header."""
        return self._text


@dataclass(frozen=True)
class ConnectionSettings:
    """Whom to ask: the service's base URL and the key, None for a server that wants none.

    The timeouts bound waiting for the connection, for the service to be ready, for the next message once the audio has
    ended, and for any sign of life: bytes that come, or bytes of ours that are taken. Pings go out every `keepalive_s`.

    Attributes:
        region: Where the key is tried, in words for a person; empty where nobody knows.
        headers: What is sent with each handshake and request beside the key.
        proxy: Its address; None takes what the environment names.
        ca: A file of certificates to trust beside those of the system.
    """

    url: str = DEFAULT_URL
    key: Secret | None = None
    region: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    proxy: str | None = None
    ca: str | None = None
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
    stall_timeout_s: float = 30.0
    keepalive_s: float = 15.0


@dataclass(frozen=True)
class RetrySettings:
    """How a connection that is lost is made anew.

    Attributes:
        limit: How often the same audio is sent again without progress: None for no limit, 0 for no attempt at all.
        wait_s: Before the first attempt, at most; it doubles with each, and is drawn by chance.
        catch_up: How many times real time what was missed is sent; None is as fast as it is taken.
        retry_for_s: How long an outage is waited out; None for no limit.
        last_words_s: The same where there was no limit, once no more audio comes.
    """

    limit: int | None = 0
    wait_s: float = 0.5
    catch_up: float | None = None
    retry_for_s: float | None = None
    last_words_s: float = FILE_RETRY_FOR_S

    def of(self, *, realtime: bool, pace: float | None) -> "RetrySettings":
        """The same for a source whose audio comes as it is spoken, or for a file that is sent at a pace.

        Where nothing else was said an outage is waited out without limit while somebody may speak, and for five
        minutes with a file. What is sent as fast as it is taken catches up so, too.
        """
        retry_for_s = FILE_RETRY_FOR_S if self.retry_for_s is None and not realtime else self.retry_for_s
        catch_up = self.catch_up if realtime or pace is None else max(self.catch_up or pace, pace)
        return replace(self, retry_for_s=retry_for_s, catch_up=catch_up if realtime or pace is not None else None)
