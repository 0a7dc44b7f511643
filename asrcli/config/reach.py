"""Who may set which option: a table of every option of every command. Data only, so that no command is imported."""

from collections.abc import Mapping
from enum import Enum, auto


class Reach(Enum):
    """Where a value may come from.

    A file in the current folder may come from a stranger, so it may set only what is named here as `FOLDER`.
    """

    FOLDER = auto()  # also from a file in the current folder: it changes the recognition or the looks, and nothing else
    USER = auto()  # from the user's own file, the environment or a flag
    PATH = auto()  # the same; the value is the path of a file or folder
    FLAG = auto()  # from a flag alone: it answers a question that protects something


_RECOGNITION_AND_LOOKS = (
    "model language vad silence-ms threshold noise-threshold prefix-padding-ms vad-model semantic multi-threshold "
    "itn punctuation disfluency keep-dialect interim translate translation-only hotwords vocabulary-id phrase-id "
    "context context-from-transcript filter-words drop-words system-filter prompt side-transcript temperature "
    "top-p top-k max-tokens seed gain denoise agc format timestamps template capitalize max-line "
    "max-lines plain"
)

# Reach, commands, options. An option of a command that is not here can be set by a flag or the environment only.
_ROWS: tuple[tuple[Reach, str, str], ...] = (
    (Reach.FOLDER, "mic file batch", _RECOGNITION_AND_LOOKS),
    (Reach.FOLDER, "mic file", "partials"),
    (Reach.FOLDER, "file batch", "track channel each-channel"),
    (Reach.FOLDER, "file", "raw encoding rate channels"),
    # What is captured, sent, paid for or run, and how a lost connection is treated.
    (Reach.USER, "mic", "device test for until-silence ptt device-retry"),
    (Reach.USER, "mic devices", "backend"),
    (Reach.USER, "mic file batch", "wire param heartbeat"),
    (Reach.USER, "mic file resume", "fallback"),
    (Reach.USER, "mic file", "append exec no-journal captions embed-audio"),
    (Reach.USER, "mic file batch resume", "library"),
    (Reach.USER, "mic file batch resume sessions", "library-max-age library-max-size"),
    (Reach.USER, "search", "context limit json debug"),
    (Reach.PATH, "search", "log-file"),
    (Reach.USER, "sessions", "format max-line max-lines"),
    (Reach.PATH, "sessions", "output"),
    (Reach.FLAG, "sessions", "overwrite"),
    (Reach.USER, "file", "start end passthrough fast"),
    (Reach.USER, "file batch", "estimate"),
    (Reach.USER, "batch", "jobs rpm split name dry-run dask"),
    (Reach.USER, "file batch ws-raw", "pace"),
    (Reach.USER, "mic file batch resume", "budget verbose"),
    (
        Reach.USER,
        "mic file batch resume",
        "reconnect retries retry-for retry-wait catch-up connect-timeout stall-timeout keepalive",
    ),
    (Reach.USER, "mic file batch resume ws-raw", "local temporary-key"),
    (Reach.USER, "mic file batch resume ws-raw serve", "engine"),
    (Reach.USER, "mic file batch resume ws-raw vocab token", "url region workspace"),
    (Reach.USER, "mic file batch resume ws-raw vocab token engines", "proxy"),
    (Reach.USER, "mic file batch resume vocab serve", "quiet"),
    (
        Reach.USER,
        "mic file batch resume ws-raw vocab token engines devices sessions verify models serve eval",
        "debug",
    ),
    (Reach.USER, "batch devices sessions verify models engines vocab token eval", "json"),
    (Reach.USER, "resume", "model last"),
    (Reach.USER, "vocab", "model words prefix wait"),
    (
        Reach.USER,
        "ws-raw",
        "model vad raw encoding rate channels wire header wait first last text chunk-ms audio-format show-sent stamp",
    ),
    (Reach.USER, "ws-raw", "no-audio verbose"),
    (Reach.USER, "replay", "speed format append partials timestamps template capitalize exec max-line max-lines plain"),
    (Reach.USER, "replay", "embed-audio quiet verbose debug"),
    (Reach.PATH, "mic file ws-raw", "record"),
    (Reach.USER, "mic file ws-raw", "record-audio"),
    (Reach.PATH, "replay", "output log-file"),
    (Reach.FLAG, "replay", "overwrite"),
    (Reach.USER, "engines", "name languages sha256"),
    (Reach.USER, "token", "expires"),
    (Reach.USER, "login logout whoami doctor", "url region debug"),
    (Reach.USER, "login whoami doctor", "workspace proxy"),
    (Reach.USER, "whoami doctor", "json"),
    (Reach.USER, "doctor", "local engine no-network"),
    (Reach.PATH, "login whoami doctor", "ca"),
    (Reach.PATH, "whoami doctor", "api-key-file"),
    (Reach.FLAG, "login", "no-check"),
    (Reach.FLAG, "logout", "all"),
    (Reach.USER, "eval", "normalize alignment max-wer"),
    (Reach.USER, "serve", "host port allow-origin local-two-pass chaos chaos-waits"),
    (Reach.USER, "serve", "max-connections drain workers strict-language lenient log-format"),
    (Reach.PATH, "mic", "save-audio"),
    (Reach.PATH, "file", "output-dir"),
    (Reach.PATH, "batch", "out ref watch"),
    (Reach.PATH, "mic file ws-raw", "output"),
    (Reach.PATH, "mic file batch resume ws-raw vocab token engines", "ca"),
    (Reach.PATH, "mic file batch resume ws-raw vocab token serve", "api-key-file"),
    (Reach.PATH, "mic file resume sessions verify", "journal"),
    (Reach.PATH, "mic file batch resume ws-raw vocab token devices sessions verify serve eval", "log-file"),
    (Reach.PATH, "eval", "html"),
    (Reach.PATH, "serve", "script answers replay faults keys cert key"),
    (Reach.FLAG, "mic file batch", "force"),
    (Reach.FLAG, "mic file batch resume ws-raw", "insecure-tls"),
    (Reach.FLAG, "batch", "force-settings"),
    (Reach.FLAG, "mic file batch ws-raw eval", "overwrite"),
    (Reach.FLAG, "resume sessions vocab engines", "yes"),
)
# Options that a file sets for these commands in the table of the command alone, because there the same name means
# another thing: the model of a hot-word list, the key that clients need, the service of a session that is resumed, the
# format of a session that is exported.
_OWN_TABLE: Mapping[str, str] = {
    "batch": "name json",
    "resume": "model local engine url region workspace last",
    "serve": "engine api-key-file key",
    "search": "context",
    "sessions": "format output",
    "vocab": "model wait",
    "ws-raw": "model wire vad raw encoding rate channels wait last",
}
ALIASES: Mapping[str, str] = {"base-url": "url"}


def _by_command() -> dict[str, dict[str, Reach]]:
    found: dict[str, dict[str, Reach]] = {}
    for reach, commands, options in _ROWS:
        for command in commands.split():
            found.setdefault(command, {}).update(dict.fromkeys(options.split(), reach))
    return found


OPTIONS: Mapping[str, Mapping[str, Reach]] = _by_command()  # by command


def commands_with(option: str) -> list[str]:
    """The commands that have an option, in the order of this table."""
    return [command for command, options in OPTIONS.items() if option in options]


def is_general(command: str, option: str) -> bool:
    """Whether a value that a file gives for all commands holds for this command."""
    return option not in _OWN_TABLE.get(command, "").split()


def can_be_general(option: str) -> bool:
    """Whether a file can set an option for all commands that have it."""
    return any(is_general(command, option) for command in commands_with(option))


def is_for_folder(option: str, command: str | None) -> bool:
    """Whether a file in the current folder may set an option of a command, or of all commands."""
    commands = [command] if command else commands_with(option)
    return any(OPTIONS.get(each, {}).get(option) is Reach.FOLDER for each in commands)


def is_path(option: str) -> bool:
    """Whether the value of an option is the path of a file or folder."""
    return any(OPTIONS[command][option] is Reach.PATH for command in commands_with(option))


def is_confirmation(option: str) -> bool:
    """Whether only a flag can give an option."""
    return any(OPTIONS[command][option] is Reach.FLAG for command in commands_with(option))
