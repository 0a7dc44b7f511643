"""Frozen settings: what to recognize, and whom to ask. Pure values and their checks, no environment, no files."""

from dataclasses import dataclass, field

DEFAULT_URL = "wss://dashscope.aliyuncs.com"
SILENCE_MS = range(200, 6001)  # the service's bounds for the silence that ends a sentence


@dataclass(frozen=True)
class Recognition:
    """What a task is asked to do. None leaves the service's default in place.

    Attributes:
        model: Name of the model, an opaque string to everything but the catalogue.
        rate: Samples a second on the wire.
        audio_format: What the bytes on the wire are: pcm, or what the service decodes itself.
        languages: Codes the speech may be in; empty lets the service find out.
        vad: The server cuts sentences. False is manual mode: the client commits utterances.
        silence_ms: Silence that ends a sentence, 200 to 6000.
        threshold: Speech against noise, -1.0 (all is speech) to 1.0 (most is noise).
        semantic: Cut sentences by meaning and not by silence.
        heartbeat: Keep the connection through long silence, as long as silent audio flows.
        hotwords: Words to favour, each with its weight.
        context: Texts to lean on, oldest first.
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


@dataclass(frozen=True)
class Secret:
    """An API key that does not show itself: only `reveal` gives the text."""

    _text: str = field(repr=False)

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"

    def reveal(self) -> str:
        """The key itself, for the one place that puts it into a header."""
        return self._text


@dataclass(frozen=True)
class Connection:
    """Whom to ask: the service's base URL and the key, None for a server that wants none.

    The timeouts bound waiting for the connection, for the service to be ready, for the next message once the audio has
    ended, and for any sign of life while audio flows: an answer to it, or to the pings that go out every `keepalive_s`.
    """

    url: str = DEFAULT_URL
    key: Secret | None = None
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
    stall_timeout_s: float = 30.0
    keepalive_s: float = 15.0
    pong_timeout_s: float = 15.0


@dataclass(frozen=True)
class Retries:
    """How a connection that is lost is made anew.

    Attributes:
        limit: Attempts in a row without progress: None for no limit, 0 for none.
        wait_s: Before the first attempt, at most; it doubles with each, and is drawn by chance.
        catch_up: How many times real time what was missed is sent; None is as fast as it is taken.
    """

    limit: int | None = 0
    wait_s: float = 0.5
    catch_up: float | None = None
