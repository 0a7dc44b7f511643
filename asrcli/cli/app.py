"""The program `asr`: its table of commands, and the error boundary, which turns an error into one line and a code."""

import functools
import gc
import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, ParamSpec

import typer
import typer.main

from asrcli import __version__
from asrcli.cli import system_resources
from asrcli.cli.console import print_error, print_message
from asrcli.cli.options.repeated_options import parsed
from asrcli.cli.render.help_page import Command, Group
from asrcli.cli.render.stdout import abandon_stdout, abandon_streams, print_lines
from asrcli.core.errors import (
    AsrError,
    AudioLost,
    BudgetReached,
    EngineUnavailable,
    ErrorRateTooHigh,
    MultipleErrors,
    OutputClosed,
    OutputError,
    ProblemsFound,
    ServiceRefused,
    SourceError,
    TransportError,
    UsageError,
)
from asrcli.core.garbage_collection import collect_less_often

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
    ErrorRateTooHigh: 8,
    ProblemsFound: 9,
}
P = ParamSpec("P")
OUR_BUG = 70
INTERRUPTED = 130

EXAMPLES = """Examples:

asr mic

asr file talk.wav --local --format jsonl | jq -r 'select(.type=="final").text'"""

# The first line of the help of each command. With it the list of commands loads no module of a command.
COMMANDS = {
    "mic": "Transcribe speech from the microphone, live.",
    "devices": "List the microphones of this machine: number, name, host API, rate and channels.",
    "file": "Transcribe files, or standard input.",
    "batch": "Transcribe many recordings in parallel; run it again to continue.",
    "resume": "Continue an interrupted session of asr mic or asr file: transcribe the audio that has no text yet.",
    "sessions": "List, show, export, keep or delete sessions and their transcripts.",
    "search": "Find words in the finished transcripts that the library keeps.",
    "replay": "Replay recorded messages of a service, without the service.",
    "verify": "Check, with the recorded audio and events of a session, that no second is lost or counted wrongly.",
    "ws-raw": "Exchange messages with a service, and print each message unchanged, one per line.",
    "models": "List the models of the service, or show everything known about one.",
    "engines": "List the recognizers on this machine: whether each is ready, or what is missing.",
    "vocab": "List, show, create, update, delete or sync hot-word lists.",
    "token": "Create a temporary key from your key and print it, for a program that must not get your key.",
    "login": "Check an API key with the service, and store it for later runs.",
    "logout": "Delete the API key that asr login has stored.",
    "whoami": "Show where the API key comes from, its last four characters, and its service.",
    "doctor": "Check this machine, the key and the connection: what works, what does not, and what to do.",
    "serve": "Serve both realtime protocols of DashScope on this machine, without network or key.",
    "config": "Show, list or change the settings: values for options that you do not want to type each time.",
    "eval": "Compare transcripts with references: word and character error rates, and the times of captions.",
    "schema": "Print the JSON Schema of the lines of --format jsonl (version 1).",
    "help": "Explain a topic, or show all options of a command. Without either, list the topics.",
}


class LazyCommand(Command):
    """A name and a summary for the list of commands. The module of the command is imported when the command runs."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the command and let it parse its arguments; the context that is returned belongs to that command."""
        return load_command(str(self.name)).make_context(info_name, args, parent, **extra)


class CommandTable(Group):
    """The commands by name, in the order in which the help lists them."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parse what stands before the command; raises UsageError where an option has two values there."""
        parsed(self, ctx, args, self.make_parser)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> LazyCommand | None:
        """The command of that name, not yet imported; None if there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return LazyCommand(cmd_name, help=COMMANDS[cmd_name])


app = typer.Typer(
    name="asr",
    cls=CommandTable,
    help="Live transcription of microphones, files and streams, word by word, with DashScope or offline.",
    epilog=EXAMPLES,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and a key may be among them
    context_settings={"help_option_names": ["-h", "--help"]},
)

# The exception that the library behind Typer raises for a mistake in the command line. Typer does not export it.
CommandLineError: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main() -> None:
    """Run the command line of this process. Without arguments it prints the help and exits with code 2."""
    has_arguments = bool(sys.argv[1:])
    system_resources.hold_standard_streams()
    system_resources.correct_environment()
    system_resources.remember_environment_key()
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # the code page of a pipe may lack characters of the help
    code: object = EXIT_CODES[UsageError]
    try:
        returned = app(None if has_arguments else ["--help"], standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        if has_arguments:
            code = returned
    except CommandLineError as exc:
        print_message(f"asr: {_explain(exc)}")
    except SystemExit as exc:
        code = exc.code
        if isinstance(exc.__context__, BrokenPipeError):
            code = 0  # Rich exits with code 1 when the reader of a pipe has closed it
    except AsrError as exc:  # the help or the version could not be written
        code = _report(exc)
    except (OSError, MemoryError, RuntimeError, ImportError) as exc:
        # While a command is loaded, or its help is written.
        code = _report(system_resources.problem_of(exc))
    abandon_streams()
    sys.exit(code)  # type: ignore[arg-type]


def _report(error: AsrError) -> int:
    """Print an error that no command has caught, unless it ends the program quietly; return its exit code."""
    code = exit_code(error)
    if code:
        print_message(f"asr: {_described(error)}")
    return code


def _described(error: AsrError) -> str:
    """What is wrong, what to do about it, and which settings have a part in it."""
    from asrcli.cli.advice import described
    from asrcli.cli.options.configured import with_origins

    return with_origins(described(error))


def load_command(name: str) -> Any:
    """Import the module of a command; return the command as Typer makes it, inside the error boundary."""
    from asrcli.cli.options.configured import ConfiguredCommand

    function_name = name.replace("-", "_")
    module = import_module(f"asrcli.cli.commands.{function_name}")
    program = typer.Typer(add_completion=False)
    program.command(name, cls=ConfiguredCommand, epilog=module.EXAMPLES)(guarded(getattr(module, function_name)))
    command: Any = typer.main.get_command(program)
    if hasattr(module, "COMMON"):
        command.common = module.COMMON.split()
    return command


def _explain(exc: Any) -> str:
    """What is wrong with the command line, and what to do next."""
    from asrcli.cli.render.suggestions import plain, suggestion

    problem = plain(exc.format_message())
    # An option without its value comes without a context.
    command_path = " ".join(["asr", *[word for word in sys.argv[1:] if word in COMMANDS][:1]])
    if context := getattr(exc, "ctx", None):
        command_path = context.command_path
    hint = suggestion(problem, sys.argv[1:], COMMANDS)
    if hint:
        problem = re.sub(r"\.? (Did you mean|\(Possible options?:) .*", "", problem, flags=re.DOTALL)
    return f"{problem.rstrip('.')}; {hint or f'see {command_path} --help'}"


def _version(context: typer.Context, wanted: bool) -> None:
    if not wanted:
        return
    if context.params.get("verbose"):
        from asrcli.cli.render.version_report import print_versions

        print_versions()
    else:
        print_lines(f"asr {__version__}")
    raise typer.Exit


# --verbose is eager, so that --version knows it, whichever comes first.
Version = Annotated[
    bool, typer.Option("--version", "-V", callback=_version, metavar="", help="Show the version and exit.")
]
Detailed = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", is_eager=True, metavar="", help="With --version: what a report of a problem needs."
    ),
]


def _profile_names() -> list[str]:
    from asrcli.cli.options.configured import profile_names

    return profile_names()


@app.callback()
def asr(
    version: Version = False,
    verbose: Detailed = False,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Use the settings of this profile; ASR_PROFILE names one too.",
            metavar="NAME",
            autocompletion=_profile_names,
        ),
    ] = None,
) -> None:
    """The options of the program itself, which stand before the name of a command."""
    del version, profile  # the command reads the profile from the context
    if verbose:
        problem = "it belongs to --version here; for more status write it after the command"
        raise typer.BadParameter(problem, param_hint="--verbose")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """The command inside the error boundary: an error becomes one line on standard error and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        debug = bool(kwargs.get("debug"))
        collect_less_often()
        gc.enable()  # it was off while the command was loaded: see __main__.py
        if not debug:
            system_resources.report_threads()
        try:
            system_resources.check_open_files()
            command(*args, **kwargs)
        except OutputClosed:
            abandon_stdout()
        except AsrError as exc:
            print_error(_described(exc), debug=debug)
            sys.exit(exit_code(exc))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except Exception as exc:
            sys.exit(_exit_code_of_other(exc, debug=debug))

    return run


def _exit_code_of_other(error: Exception, *, debug: bool) -> int:
    """Report an error that no part of the program has expected, and return its exit code."""
    if isinstance(error.__cause__, KeyboardInterrupt):
        return INTERRUPTED  # Python 3.11 makes a RuntimeError of Ctrl-C while a class is made
    if (problem := system_resources.trouble(error)) is not None:
        if debug or str(problem) not in system_resources.reported:
            print_error(str(problem), debug=debug)
        return exit_code(problem)
    sentence = f"internal error: {type(error).__name__}: {error}"
    if not debug:
        sentence += "; run again with --debug and report what it prints"
    print_error(sentence, debug=debug)
    return OUR_BUG


def exit_code(error: AsrError) -> int:
    """The documented exit code of an error; for several errors the highest of their codes."""
    if isinstance(error, MultipleErrors):
        return max(map(exit_code, error.errors))
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))
