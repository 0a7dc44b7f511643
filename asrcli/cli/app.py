"""The command `asr`: its commands, and the one place that turns errors into a line for a person and an exit code."""

import functools
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, ParamSpec

import typer

from asrcli import __version__
from asrcli.cli.console import print_message
from asrcli.cli.render.narrow_help import Command, Group
from asrcli.cli.render.stdout import abandon_stdout, output_error, print_lines
from asrcli.core.errors import (
    AsrError,
    AudioLost,
    BudgetReached,
    EngineUnavailable,
    MultipleErrors,
    OutputClosed,
    OutputError,
    ServiceRefused,
    SourceError,
    TransportError,
    UsageError,
)

EXIT_CODES: dict[type[AsrError], int] = {
    OutputClosed: 0,
    UsageError: 2,
    OutputError: 2,
    EngineUnavailable: 2,
    SourceError: 3,
    TransportError: 4,
    ServiceRefused: 5,
    AudioLost: 6,
    BudgetReached: 7,
}
P = ParamSpec("P")
OUR_BUG = 70
INTERRUPTED = 130

EXAMPLES = """Examples:

asr mic

asr file talk.wav --local --format jsonl | jq -r 'select(.type=="final").text'"""

# What a list of commands needs to know of each: the first line of its help. Its module is loaded when it is to run.
COMMANDS = {
    "mic": "Transcribe what the microphone hears, while it is spoken.",
    "devices": "List the microphones of this machine: number, name, host API, rate and channels.",
    "file": "Transcribe files, or standard input.",
    "resume": "Go on with a session of asr mic or asr file that was interrupted: transcribe what has no text yet.",
    "sessions": "List, show or delete what is kept of microphone runs: the audio and its text.",
    "verify": "Count from the audio and the events of a session what became of every second, "
    "and compare with its account.",
    "ws-raw": "Talk to a service message by message and print each of its messages as it came, one to a line.",
    "models": "List the models of the service, or show all that is known of one.",
    "vocab": "List, show, create, update, delete or sync hot-word lists.",
    "token": "Have a temporary key made from yours, and print it: for a browser, a telephone, a stranger.",
    "serve": "Serve both realtime wires of DashScope on this machine, without network or key.",
    "schema": "Print the JSON Schema of the lines that --format jsonl puts out (version 1).",
}

app = typer.Typer(
    name="asr",
    cls=Group,
    help="Live transcription: microphones, files and streams to text, word by word, by DashScope or offline.",
    epilog=EXAMPLES,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and a key may be among them
    context_settings={"help_option_names": ["-h", "--help"]},
)


# What the library behind the commands raises for a mistake it finds itself, by whatever name it imports it.
_Mistake: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main() -> None:
    """Run the command line of this process; without arguments it is the help that is wanted."""
    bare = not sys.argv[1:]
    register("".join(sys.argv[1:2]), every=any(name.endswith("_COMPLETE") for name in os.environ))
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # help may say more than the code page of a pipe can
    code: object = EXIT_CODES[UsageError]
    try:
        asked = app(["--help"] if bare else None, standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        code = code if bare else asked
    except _Mistake as exc:
        print_message(f"asr: {_mistaken(exc)}")
    except SystemExit as exc:  # a library ends a program whose pipe is closed with 1
        code = 0 if isinstance(exc.__context__, BrokenPipeError) else exc.code
    except (OSError, AsrError) as exc:  # what wrote the help, or the version
        error = output_error(exc) if isinstance(exc, OSError) else exc
        code = exit_code(error)
        if code:
            print_message(f"asr: {error}")
    abandon_stdout()
    sys.exit(code)  # type: ignore[arg-type]


def _mistaken(exc: Any) -> str:
    """What is wrong with the command line, and what to do next."""
    from asrcli.cli.render.suggestions import suggestion

    problem = exc.format_message()
    where = exc.ctx.command_path if getattr(exc, "ctx", None) else "asr"
    hint = suggestion(problem, sys.argv[1:], COMMANDS)
    problem = re.sub(r"\.? Did you mean .*", "", problem, flags=re.DOTALL) if hint else problem
    return f"{problem.rstrip('.')}; {hint or f'see {where} --help'}"


def register(wanted: str, *, every: bool = False) -> None:
    """Make the wanted command known in full, or every one, and of the others what a list shows."""
    for name, summary in COMMANDS.items():
        if every or name == wanted:
            module = import_module(f"asrcli.cli.commands.{name.replace('-', '_')}")
            command = getattr(module, name.replace("-", "_"))
            app.command(name, cls=Command, epilog=module.EXAMPLES)(guarded(command))
        else:
            app.command(name, help=summary)(_unasked)


def _unasked() -> None:
    """Stand for a command that is not to run."""


def _version(wanted: bool) -> None:
    if wanted:
        print_lines(f"asr {__version__}")
        raise typer.Exit


@app.callback()
def asr(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, metavar="", help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that come before any command."""
    del version


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """The command with its errors told in one line on standard error, and its exit code set."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        debug = bool(kwargs.get("debug"))
        try:
            command(*args, **kwargs)
        except OutputClosed:
            abandon_stdout()
        except AsrError as exc:
            _tell(str(exc), debug=debug)
            sys.exit(exit_code(exc))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except Exception as exc:
            advice = "" if debug else "; run again with --debug and report what it prints"
            _tell(f"internal error: {type(exc).__name__}: {exc}{advice}", debug=debug)
            sys.exit(OUR_BUG)

    return run


def exit_code(error: AsrError) -> int:
    """The documented exit code of an error; of several the worst, which is the highest."""
    if isinstance(error, MultipleErrors):
        return max(map(exit_code, error.errors))
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


def _tell(sentence: str, *, debug: bool) -> None:
    if debug:
        for line in traceback.format_exc().splitlines():  # it may hold an address, and text from outside
            print_message(line)
    logging.getLogger("asrcli").debug("%s", sentence)  # for the file alone: the screen has it from here
    print_message(f"asr: {sentence}")
