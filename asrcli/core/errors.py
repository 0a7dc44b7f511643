"""The tree of errors: fields that say what happened, and the one sentence a person reads. No exit codes.

AsrError
├── UsageError            options that contradict each other, or that the model cannot take
│   └── MissingKey        no API key for a service that wants one
├── SourceError           the audio: not there, not audio, not readable
├── OutputError           the transcript's destination: not writable, disk full
├── NobodyReads           the pipe we write to is closed: an end, and a quiet one
├── ConnectionTrouble     the wire
│   ├── ConnectFailed     never opened
│   ├── ConnectionLost    opened, then broke or fell silent
│   └── ProtocolError     the other end said what the protocol does not allow
├── ServiceRefused        the service said no, with a code of its own
├── AudioLost             the run came to its end, but not with all of the audio
│   └── Unaccounted       a journal whose figures disagree, or that holds audio without text (journal/audit.py)
├── BudgetReached         more would cost more than the user allows
├── EngineUnavailable     the embedded recognizer cannot run here
└── Several               some inputs of many failed, each for its own reason
"""

from typing import TYPE_CHECKING

from asrcli.core.redaction import bare_url, without_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bare_url", "without_secrets"]  # whoever words an error wants them with it
SHOWN_CHARACTERS = 120

# What to do about the service's own codes; the longest matching prefix wins.
ADVICE = {
    "AccessDenied": "ask for access to this model in the console, or use another model",
    "AllocationQuota": "the free quota is used up: switch on paid use in the console",
    "Arrearage": "the account is in arrears: settle it in the console",
    "CLIENT_ERROR": "the service heard nothing for too long: send silence with --heartbeat",
    "BadRequest.ResourceNotExist": "there is no such hot-word list here: asr vocab list has them",
    "ClientDisconnect": "the connection went before the task had ended: try again",
    "EmptyAudio": "the service received no usable audio: check the input",
    "InternalError": "a fault on the service's side: try again",
    "InvalidApiKey": "check the key; it works only in the region that issued it (--region)",
    "InvalidParameter": "an option does not suit this model: see the message",
    "Model.AccessDenied": "ask for access to this model in the console, or use another model",
    "ModelNotFound": "check --model; not every region offers every model",
    "ModelServiceFailed": "a fault on the service's side: try again",
    "NO_INPUT_AUDIO_ERROR": "the service detected no speech: check the input",
    "NO_VALID_AUDIO_ERROR": "the service could not use the audio: check that it is not silent",
    "insufficient_quota": "a limit of the account is reached: see its quota in the console",
    "invalid_request_error": "an option does not suit this model: see the message",
    "invalid_value": "an option does not suit this model: see the message",
    "limit_requests": "too many requests: wait a little, then try again",
    "limit_burst_rate": "too many requests: wait a little, then try again",
    "rate_limit": "too many requests: wait a little, then try again",
    "RequestTimeOut": "the service waited too long for speech: try --heartbeat",
    "SystemError": "a fault on the service's side: try again",
    "Throttling.AllocationQuota": "a limit of the account is reached; of hot-word lists there may be ten",
    "Throttling": "too many requests: wait a little, then try again",
}

KEY_TROUBLE = {"InvalidApiKey", "AccessDenied", "Model.AccessDenied", "ModelNotFound"}  # another region may fare better


def shorten(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text on one line, cut in the middle of nothing: at most `limit` characters with an ellipsis."""
    line = " ".join(without_secrets(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


class AsrError(Exception):
    """Base of everything a person is told in one line.

    Attributes:
        told: It has been told already, when it happened.
    """

    told = False

    @property
    def brief(self) -> str:
        """What happened, for somebody who need not do anything about it."""
        return str(self)


class UsageError(AsrError):
    """Options that cannot work together or with this model."""

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem, advice)
        self.problem, self.advice = problem, advice

    def __str__(self) -> str:
        return f"{self.problem}; {self.advice}" if self.advice else self.problem


class MissingKey(UsageError):
    """No API key for a service that asks for one; `local`: there is a recognizer that asks for none."""

    def __init__(self, *, local: bool = True) -> None:
        advice = "set DASHSCOPE_API_KEY, or name a file with --api-key-file"
        super().__init__("no API key", f"{advice}, or try --local, which needs none" if local else advice)


class SourceError(AsrError):
    """Audio that cannot be read: `path` is what the user wrote, `reason` what is wrong with it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{without_secrets(bare_url(self.path))}: {self.reason}"


class OutputError(AsrError):
    """A transcript that cannot be written where the user wants it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"cannot write {self.path}: {self.reason}"


class OutputClosed(AsrError):
    """Whoever read our output has had enough (`| head`). Nothing is wrong and nothing more is wanted."""


class TransportError(AsrError):
    """The wire failed, whatever the stage."""


class ConnectFailed(TransportError):
    """No connection came up: unknown host, refused port, TLS, not a WebSocket server, or no answer.

    `passing`: the service itself said that it is only in trouble, and perhaps for how long.
    """

    def __init__(
        self,
        url: str,
        reason: str,
        advice: str = "check the network and --url",
        *,
        passing: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(url, reason, advice)
        self.url, self.reason, self.advice = url, reason, advice
        self.passing, self.retry_after_s = passing, retry_after_s

    def __str__(self) -> str:
        return f"cannot connect to {bare_url(self.url)}: {shorten(self.reason)}; {self.advice}"

    @property
    def brief(self) -> str:
        """Without the address and the advice."""
        return f"cannot connect: {shorten(self.reason)}"


class ConnectionLost(TransportError):
    """The connection was up and is gone; `code` is the WebSocket close code, None when there was no close."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason, code)
        self.reason, self.code = reason, code

    def __str__(self) -> str:
        code = f" (close code {self.code})" if self.code is not None else ""
        return f"connection lost: {shorten(self.reason)}{code}"


class ProtocolError(TransportError):
    """A message the protocol does not allow; `message` is kept whole, shown shortened."""

    def __init__(self, problem: str, message: str = "") -> None:
        super().__init__(problem, message)
        self.problem, self.message = problem, message

    def __str__(self) -> str:
        return f"protocol error: {self.problem}" + (f": {shorten(self.message)}" if self.message else "")


class ServiceRefused(AsrError):
    """The service answered with an error of its own: the code, its words, and the task id its support asks for.

    `retry_after_s` is for how long it wants to be left alone, where it says so; `region` is where the key was tried,
    where that is known; `keyless`: no key was sent.
    """

    region = ""
    keyless = False

    def __init__(self, code: str, message: str, task_id: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(code, message, task_id)
        self.code, self.message, self.task_id, self.retry_after_s = code, message, task_id, retry_after_s

    def __str__(self) -> str:
        task = f" (task {self.task_id})" if self.task_id else ""
        words = ": ".join(filter(None, (shorten(self.code), shorten(self.message).rstrip(".")))) or "it gives no reason"
        return f"refused by the service: {words}{task}" + (f"; {advice}" if (advice := self.advice) else "")

    @property
    def advice(self) -> str:
        """What a person can do about this code, or an empty string for a code nobody has met."""
        if self.keyless and self.code.startswith("InvalidApiKey"):
            return "no key was sent: set DASHSCOPE_API_KEY, or name a file with --api-key-file"
        matches = [prefix for prefix in ADVICE if self.code.startswith(prefix)]
        advice = ADVICE[max(matches, key=len)] if matches else ""
        return f"the key was tried in {self.region}; {advice}" if self.region and self.code in KEY_TROUBLE else advice


class AudioLost(AsrError):
    """The run ended in order and some of its audio has no text: the gaps say which; `path` is whose audio."""

    path = ""

    def __init__(self, lost_ms: int) -> None:
        super().__init__(lost_ms)
        self.lost_ms = lost_ms

    def __str__(self) -> str:
        whose = f"{bare_url(self.path)}: " if self.path else ""
        return f"{whose}finished, but {self.lost_ms / 1000:.2f} s of audio was lost: see the gaps in the transcript"


class BudgetReached(AsrError):
    """The run ended in order before its audio did: more of it would pass the limit, in CNY."""

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"ended before the audio did: more of it would pass the budget of {self.limit:g} CNY"


class EngineUnavailable(AsrError):
    """The embedded recognizer cannot run here: why, and what would help."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason, hint)
        self.reason, self.hint = reason, hint

    def __str__(self) -> str:
        return f"the embedded recognizer cannot run: {self.reason}; {self.hint}"


class MultipleErrors(AsrError):
    """Some of the inputs failed, the others went on."""

    def __init__(self, errors: "list[AsrError]") -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        """How many, and what has not been told yet."""
        news = [str(error) for error in self.errors if not error.told]
        told = len(self.errors) - len(news)
        if told:
            news.append("see above" if not news else f"for the other{'s' if told > 1 else ''} see above")
        return f"{len(self.errors)} input{'s' if len(self.errors) > 1 else ''} failed: " + " · ".join(news)


def combine_errors(errors: "Sequence[AsrError]") -> AsrError:
    """The one error, or all of them as one, each once."""
    different = list({str(error): error for error in errors}.values())
    return different[0] if len(different) == 1 else MultipleErrors(different)


def system_reason(exc: BaseException) -> str:
    """What went wrong in the words of the system, as "No such file or directory": no error number and no file name.

    `exc` is an OSError, or the ValueError that Python raises for a name that no file can have.
    """
    return str(getattr(exc, "strerror", None) or exc)
