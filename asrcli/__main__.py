"""The way in: `asr` and `python -m asrcli`. Here are the first and the last moments, when Ctrl-C must be quiet too."""

import gc
import sys

# Nothing else is loaded here: Ctrl-C meanwhile would be a traceback. These two are parts of the interpreter.


def main() -> None:
    """Run the command line of this process."""
    # What is loaded stays. To search it for garbage again and again takes a tenth of a start; `guarded` ends this.
    gc.disable()
    if sys.argv[1:2] == ["serve"] and any(argument.startswith("--keys") for argument in sys.argv):
        _ignore("SIGHUP")  # it says that the keys are to be read again, and they have not been read yet
    try:
        from asrcli.cli import app

        app.main()
    except KeyboardInterrupt:
        sys.exit(130)  # as cli/app.py has it, once that is loaded
    except SystemExit as exc:
        # The library behind the commands says 1 when nobody reads its help any more: that is an end like another.
        # With `asr serve COMMAND` 1 is what the command says.
        if isinstance(exc.__context__, BrokenPipeError):
            sys.exit(0)
        raise
    except OSError as exc:
        sys.stderr.write(f"asr: cannot write standard output: {exc.strerror}\n")
        sys.exit(2)
    finally:
        _ignore("SIGINT")


def _ignore(name: str) -> None:
    """Ignore the signal of this name, if this system has it."""
    import signal

    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)


if __name__ == "__main__":
    main()
