"""All errors of the program: fields that say what happened, and one sentence. `cli/advice.py` adds what to do about it.

AsrError
├── UsageError            options that contradict each other, or that the model does not take
│   ├── SettingError      one setting that cannot be used
│   ├── SettingEmpty, SettingIgnored, SettingsConflict    settings and the model (dashscope/setting_errors.py)
│   ├── BadArchive        an archive of a model that cannot be unpacked (recognizers/unpack.py)
│   └── MissingKey        no API key for a service that requires one
├── SourceError           the audio is missing, not audio, or not readable
│   ├── NoSuchDevice      a microphone that a back end does not list (sources/backends/input_device.py)
│   ├── JournalUnreadable a journal without its header, whose audio is kept
│   └── LibraryDamaged    the library of transcripts cannot be read (library/library_file.py)
├── OutputError           the transcript cannot be written: no permission, disk full
│   └── CommandNotRun     sentences that the command of --exec did not get
├── OutputClosed          the pipe that we write to was closed: the program ends quietly
├── TransportError        the connection
│   ├── ConnectFailed     was never open
│   ├── ConnectionLost    was open, then broke or became silent
│   ├── ProtocolError     the other end sent a message that the protocol does not allow
│   ├── DownloadFailed    a file did not come as a whole (transport/download.py)
│   ├── KeyUnchecked      a key could not be checked with its service (cli/builders/key_login.py)
│   └── ClusterGone       the machines that were to do the work are not there
├── ServiceRefused        the service answered with an error code of its own
├── AudioLost             the run ended normally, but some audio has no text
│   └── AuditFailed       a journal whose figures disagree, or that holds audio without text (journal/audit.py)
├── BudgetReached         more audio would cost more than the user allows
├── ErrorRateTooHigh      a transcript differs from its reference by more than the user allows
├── ProblemsFound         an examination of this machine has found what does not work
├── EngineUnavailable     the embedded recognizer cannot run here
│   └── ModelUnusable     a model that was added cannot be used (recognizers/model_folder.py)
└── MultipleErrors        several inputs failed, each for its own reason
"""

from typing import TYPE_CHECKING

from asrcli.core.causes import Cause
from asrcli.core.printable import harmless, quantity
from asrcli.core.redaction import bare_url, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["bare_url", "without_secrets"]  # callers that write an error message use them too
# The code of a server of this program whose recognizer could not begin: another attempt would fail in the same way.
NOT_LOADED = "InternalError.ModelNotLoaded"
KEY_TROUBLE = {"InvalidApiKey", "AccessDenied", "Model.AccessDenied", "ModelNotFound"}  # may be well in another region


NO_TEMPORARY_FOLDER = "no folder for temporary files can be written"
TMPDIR = "set TMPDIR to a folder with room"  # what to do where a temporary file cannot be written
LOOKED_AT = 40  # times as much as is shown: to look at a message of megabytes takes milliseconds


def shorten(text: str, limit: int = 120) -> str:
    """Collapse whitespace, remove secrets, and truncate to `limit` characters, the ellipsis included."""
    most = LOOKED_AT * limit
    words = without_secrets(text[:most]).split()
    if len(text) > most and words and len(words[-1]) < most // 2:
        words.pop()  # it may be half a secret, which nothing shows to be one
    line = " ".join(words)
    if len(line) <= limit and len(text) <= most:
        return line
    return line[: limit - 1] + "…"


class AsrError(Exception):
    """Base of all errors that are shown to a person in one line.

    Attributes:
        reported: The error was shown when it happened and need not be shown again.
        retry_after_s: How long the service wants no further request; None if it does not say.
        cause: Decides what a person can do; None if the sentence says all.
    """

    reported = False
    retry_after_s: float | None = None
    cause: Cause | None = None

    @property
    def brief(self) -> str:
        """What happened, in short: for an error that the program handles itself."""
        return str(self)


class UsageError(AsrError):
    """Settings that cannot work together or with this model; `advice` is what would be right, where it is known."""

    def __init__(self, problem: str, advice: str = "", *, cause: Cause | None = None) -> None:
        super().__init__(problem, advice)
        self.problem = problem
        self.advice = advice
        self.cause = cause

    def __str__(self) -> str:
        return "; ".join(filter(None, (self.problem, self.advice)))


class SettingError(UsageError):
    """One setting that cannot be used: its name, and its value where that helps to find it."""

    def __init__(
        self, setting: str, problem: str, advice: str = "", *, value: str = "", cause: Cause | None = None
    ) -> None:
        super().__init__(problem, advice, cause=cause)
        self.setting = setting
        self.value = value

    def __str__(self) -> str:
        return self.sentence(self.setting)

    def sentence(self, name: str) -> str:
        """What is wrong, where the setting is called `name`."""
        return f"{name} {self.value}".rstrip() + f": {super().__str__()}"


class MissingKey(UsageError):
    """No API key for a service that requires one; `local`: the caller can also use the embedded recognizer."""

    def __init__(self, *, local: bool = True) -> None:
        super().__init__("no API key")
        self.local = local


class SourceError(AsrError):
    """Audio that cannot be read: `path` is what the user wrote, `reason` is what is wrong."""

    def __init__(self, path: str, reason: str, *, cause: Cause | None = None) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason
        self.cause = cause

    def __str__(self) -> str:
        return without_secrets(f"{bare_url(self.path)}: {self.reason}")


class JournalUnreadable(SourceError):
    """A journal session without a header that can be read; its 16-bit PCM at 16000 Hz is in the file `audio`."""

    def __init__(self, path: str, reason: str, audio: str) -> None:
        super().__init__(path, f"{reason}; its audio is kept")
        self.audio = audio


class OutputError(AsrError):
    """A transcript that cannot be written where the user wants it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return without_secrets(f"cannot write {self.path}: {self.reason}")


class CommandNotRun(OutputError):
    """Sentences that a command of the user did not get: it is not there, cannot be started, or had to be stopped."""

    def __str__(self) -> str:
        return without_secrets(f"{self.path}: {self.reason}")


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
        cause: Cause = Cause.NETWORK,
        *,
        passing: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(url, reason, cause)
        self.url = url
        self.reason = reason
        self.cause = cause
        self.passing = passing
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"cannot connect to {without_secrets(bare_url(self.url))}: {shorten(self.reason)}"

    @property
    def brief(self) -> str:
        """Without the address."""
        return f"cannot connect: {shorten(self.reason)}"


class ConnectionLost(TransportError):
    """The connection was open and is lost; `code` is the WebSocket close code, None without a close frame.

    Attributes:
        silent_s: For how many seconds the service had been silent by then, if that is the reason; else 0.
    """

    def __init__(self, reason: str, code: int | None = None, silent_s: float = 0.0) -> None:
        super().__init__(reason, code)
        self.silent_s = silent_s
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        code = f" (close code {self.code})" if self.code is not None else ""
        return f"connection lost: {shorten(harmless(self.reason)) or 'no readable reason'}{code}"


class ProtocolError(TransportError):
    """A message that the protocol does not allow; `message` is kept whole and shown truncated."""

    def __init__(self, problem: str, message: str = "") -> None:
        super().__init__(problem, message)
        self.problem = problem
        self.message = message

    def __str__(self) -> str:
        return ": ".join(filter(None, ("protocol error", without_secrets(self.problem), shorten(self.message))))


class ClusterGone(TransportError):
    """A cluster without a scheduler, or without a worker that can be used; `address` is that of the scheduler."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address = address
        self.reason = reason

    def __str__(self) -> str:
        return without_secrets(f"cluster {bare_url(self.address)}: {self.reason}")


class ServiceRefused(AsrError):
    """The service answered with an error: its code, its message, and the task id that its support asks for.

    Attributes:
        kind: The type of the error, where the service names one beside the code.
        region: The region where the key was tried; empty if it is not known.
        keyless: No key was sent.
        other_service: The server is not the service's own: it gets no key but one that is given for it.
    """

    kind = ""
    region = ""
    keyless = False
    other_service = False

    def __init__(self, code: str, message: str, task_id: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(code, message, task_id)
        self.code = code
        self.message = message
        self.task_id = task_id
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        reason = ": ".join(filter(None, (shorten(harmless(self.code)), shorten(harmless(self.message)).rstrip("."))))
        sentence = f"refused by the service: {reason or 'no reason given'}"
        if self.task_id:
            sentence += f" (task {shorten(self.task_id)})"
        if self.sent_no_key:
            return f"{sentence}; no key was sent"
        if self.region and self.code in KEY_TROUBLE:
            return f"{sentence}; the key was tried in {self.region}"
        return sentence

    @property
    def sent_no_key(self) -> bool:
        """Whether the service wants a key and none was sent."""
        return self.keyless and self.code.startswith("InvalidApiKey")


class AudioLost(AsrError):
    """The run ended normally, but some of its audio has no text; the gaps say which. `path` is the input."""

    path = ""

    def __init__(self, lost_ms: int) -> None:
        super().__init__(lost_ms)
        self.lost_ms = lost_ms

    def __str__(self) -> str:
        sentence = f"finished, but {self.lost_ms / 1000:.2f} s of audio was lost: see the gaps in the transcript"
        return ": ".join(filter(None, (bare_url(self.path), sentence)))


class BudgetReached(AsrError):
    """The run ended normally before the audio did: more audio would cost more than the limit, in CNY."""

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"stopped before the end of the audio: more audio would cost more than the budget of {self.limit:g} CNY"


class ErrorRateTooHigh(AsrError):
    """The word error rate of all transcripts together, and the limit, both 1.0 for 100 %; None: there are no words."""

    def __init__(self, rate: float | None, limit: float) -> None:
        super().__init__(rate, limit)
        self.rate = rate
        self.limit = limit

    def __str__(self) -> str:
        if self.rate is None:
            return "the references have no words, so there is no error rate"
        return f"the word error rate of {self.rate:.2%} is above the limit of {self.limit:.2%}"


class ProblemsFound(AsrError):
    """An examination has found `count` things that do not work, and shown them."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count

    def __str__(self) -> str:
        return f"{quantity(self.count, 'thing')} wrong: see above"


class EngineUnavailable(AsrError):
    """The embedded recognizer cannot run here; `hint` says what would help."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason, hint)
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        return f"the embedded recognizer cannot run: {self.reason}; {self.hint}"


class MultipleErrors(AsrError):
    """Several inputs or outputs failed; the others continued."""

    def __init__(self, errors: "list[AsrError]") -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return self.summary(str)

    def summary(self, describe: "Callable[[AsrError], str]") -> str:
        """How many inputs and outputs failed, and the errors that were not shown yet, each as `describe` words it."""
        # A reader that has closed our pipe is no failure of an input, and there is nothing to say about it.
        failures = [error for error in self.errors if not isinstance(error, OutputClosed)]
        news = [describe(error) for error in failures if not error.reported]
        reported = len(failures) - len(news)
        if reported and not news:
            news.append("see above")
        elif reported:
            news.append("for the rest see above")
        outputs = sum(isinstance(error, OutputError) for error in failures)
        gaps = sum(isinstance(error, AudioLost) for error in failures)
        counts = ((len(failures) - outputs - gaps, "input"), (outputs, "output"))
        facts = []
        if failed := " and ".join(quantity(*count) for count in counts if count[0]):
            facts.append(f"{failed} failed")
        if gaps:
            facts.append(f"{quantity(gaps, 'transcript')} with gaps")
        return f"{', '.join(facts)}: " + " · ".join(news)


def combine_errors(errors: "Sequence[AsrError]") -> AsrError:
    """The errors as one error; errors with the same text count once."""
    different = list({str(error): error for error in errors}.values())
    if len(different) == 1:
        return different[0]
    return MultipleErrors(different)


def system_reason(exc: BaseException) -> str:
    """What went wrong in the words of the system, without error number and file name. `exc`: OSError or ValueError."""
    reason = str(getattr(exc, "strerror", None) or exc)
    if reason.startswith("No usable temporary directory"):  # and a list of all that Python has tried
        return NO_TEMPORARY_FOLDER
    return reason
