"""All errors of the program: fields that say what happened, and one sentence for a person. No exit codes.

AsrError
├── UsageError            options that contradict each other, or that the model does not take
│   └── MissingKey        no API key for a service that requires one
├── SourceError           the audio is missing, not audio, or not readable
├── OutputError           the transcript cannot be written: no permission, disk full
├── OutputClosed          the pipe that we write to was closed: the program ends quietly
├── TransportError        the connection
│   ├── ConnectFailed     was never open
│   ├── ConnectionLost    was open, then broke or became silent
│   └── ProtocolError     the other end sent a message that the protocol does not allow
├── ServiceRefused        the service answered with an error code of its own
├── AudioLost             the run ended in order, but some audio has no text
│   └── Unaccounted       a journal whose figures disagree, or that holds audio without text (journal/audit.py)
├── BudgetReached         more audio would cost more than the user allows
├── EngineUnavailable     the embedded recognizer cannot run here
└── MultipleErrors        several inputs failed, each for its own reason
"""

from typing import TYPE_CHECKING

from asrcli.core.redaction import bare_url, without_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bare_url", "without_secrets"]  # callers that write an error message use them too
SHOWN_CHARACTERS = 120

# What a person can do about an error code of the service; the longest matching prefix wins.
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

# Codes after which the key may still work in another region.
KEY_TROUBLE = {"InvalidApiKey", "AccessDenied", "Model.AccessDenied", "ModelNotFound"}


def shorten(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """Collapse whitespace, remove secrets, and truncate to `limit` characters, the ellipsis included."""
    line = " ".join(without_secrets(text).split())
    if len(line) <= limit:
        return line
    return line[: limit - 1] + "…"


class AsrError(Exception):
    """Base of all errors that are shown to a person in one line.

    Attributes:
        reported: The error was shown when it happened and need not be shown again.
        retry_after_s: How long the service wants no further request; None where it does not say.
    """

    reported = False
    retry_after_s: float | None = None

    @property
    def brief(self) -> str:
        """What happened, without advice: for an error that the program handles itself."""
        return str(self)


class UsageError(AsrError):
    """Options that cannot work together or with this model."""

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem, advice)
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.problem}; {self.advice}" if self.advice else self.problem


class MissingKey(UsageError):
    """No API key for a service that requires one; `local`: the command can also use the embedded recognizer."""

    def __init__(self, *, local: bool = True) -> None:
        advice = "set DASHSCOPE_API_KEY, or name a file with --api-key-file"
        super().__init__("no API key", f"{advice}, or try --local, which needs none" if local else advice)


class SourceError(AsrError):
    """Audio that cannot be read: `path` is what the user wrote, `reason` is what is wrong."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{without_secrets(bare_url(self.path))}: {self.reason}"


class OutputError(AsrError):
    """A transcript that cannot be written where the user wants it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot write {self.path}: {self.reason}"


class OutputClosed(AsrError):
    """The reader of our output closed the pipe (`| head`). The program ends quietly, without an error."""


class TransportError(AsrError):
    """The connection failed, at any stage."""


class ConnectFailed(TransportError):
    """The connection was never open: unknown host, refused port, TLS, not a WebSocket server, or no answer.

    `passing`: the service itself reported a temporary failure; `retry_after_s` is its advice when to try again.
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
        self.url = url
        self.reason = reason
        self.advice = advice
        self.passing = passing
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"cannot connect to {bare_url(self.url)}: {shorten(self.reason)}; {self.advice}"

    @property
    def brief(self) -> str:
        """Without the address and the advice."""
        return f"cannot connect: {shorten(self.reason)}"


class ConnectionLost(TransportError):
    """The connection was open and is lost; `code` is the WebSocket close code, None without a close frame."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        code = f" (close code {self.code})" if self.code is not None else ""
        return f"connection lost: {shorten(self.reason)}{code}"


class ProtocolError(TransportError):
    """A message that the protocol does not allow; `message` is kept whole and shown truncated."""

    def __init__(self, problem: str, message: str = "") -> None:
        super().__init__(problem, message)
        self.problem = problem
        self.message = message

    def __str__(self) -> str:
        return f"protocol error: {self.problem}" + (f": {shorten(self.message)}" if self.message else "")


class ServiceRefused(AsrError):
    """The service answered with an error: its code, its message, and the task id that its support asks for.

    Attributes:
        region: The region where the key was tried; empty where it is not known.
        keyless: No key was sent.
    """

    region = ""
    keyless = False

    def __init__(self, code: str, message: str, task_id: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(code, message, task_id)
        self.code = code
        self.message = message
        self.task_id = task_id
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        task = f" (task {self.task_id})" if self.task_id else ""
        reason = ": ".join(filter(None, (shorten(self.code), shorten(self.message).rstrip("."))))
        advice = f"; {self.advice}" if self.advice else ""
        return f"refused by the service: {reason or 'it gives no reason'}{task}{advice}"

    @property
    def advice(self) -> str:
        """What a person can do about this code; empty for an unknown code."""
        if self.keyless and self.code.startswith("InvalidApiKey"):
            return "no key was sent: set DASHSCOPE_API_KEY, or name a file with --api-key-file"
        matches = [prefix for prefix in ADVICE if self.code.startswith(prefix)]
        advice = ADVICE[max(matches, key=len)] if matches else ""
        if self.region and self.code in KEY_TROUBLE:
            return f"the key was tried in {self.region}; {advice}"
        return advice


class AudioLost(AsrError):
    """The run ended in order, but some of its audio has no text; the gaps say which. `path` is the input."""

    path = ""

    def __init__(self, lost_ms: int) -> None:
        super().__init__(lost_ms)
        self.lost_ms = lost_ms

    def __str__(self) -> str:
        source = f"{bare_url(self.path)}: " if self.path else ""
        return f"{source}finished, but {self.lost_ms / 1000:.2f} s of audio was lost: see the gaps in the transcript"


class BudgetReached(AsrError):
    """The run ended in order before the audio did: more audio would cost more than the limit, in CNY."""

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"ended before the audio did: more of it would pass the budget of {self.limit:g} CNY"


class EngineUnavailable(AsrError):
    """The embedded recognizer cannot run here; `hint` says what would help."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason, hint)
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        return f"the embedded recognizer cannot run: {self.reason}; {self.hint}"


class MultipleErrors(AsrError):
    """Several inputs failed; the other inputs continued."""

    def __init__(self, errors: "list[AsrError]") -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        """How many inputs failed, and the errors that were not shown yet."""
        news = [str(error) for error in self.errors if not error.reported]
        reported = len(self.errors) - len(news)
        if reported and news:
            news.append(f"for the other{'s' if reported > 1 else ''} see above")
        elif reported:
            news.append("see above")
        return f"{len(self.errors)} input{'s' if len(self.errors) > 1 else ''} failed: " + " · ".join(news)


def combine_errors(errors: "Sequence[AsrError]") -> AsrError:
    """The errors as one error; errors with the same text count once."""
    different = list({str(error): error for error in errors}.values())
    return different[0] if len(different) == 1 else MultipleErrors(different)


def system_reason(exc: BaseException) -> str:
    """What went wrong in the words of the system, without error number and file name. `exc`: OSError or ValueError."""
    return str(getattr(exc, "strerror", None) or exc)
