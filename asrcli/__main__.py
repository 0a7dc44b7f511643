"""The way in: `asr` and `python -m asrcli`. Here are the first and the last moments, when Ctrl-C must be quiet too."""

import atexit
import gc
import sys

# Nothing else is loaded here: Ctrl-C meanwhile would be a traceback. These three are parts of the interpreter.

INTERRUPTED = 130  # as cli/app.py has it, once that is loaded

_codes: list[object] = []  # the exit code, once it is known


def main() -> None:
    """Run the command line of this process."""
    # What is loaded stays. To search it for garbage again and again takes a tenth of a start; `guarded` ends this.
    gc.disable()
    atexit.register(_pass_signal_on)  # the first that is registered is called last
    try:
        from asrcli.cli import app

        app.main()
    except KeyboardInterrupt:
        _exit(INTERRUPTED)
    except SystemExit as exc:
        # The library behind the commands says 1 when nobody reads its help any more: that is an end like another.
        _exit(0 if exc.code == 1 else exc.code)
    except OSError as exc:
        sys.stderr.write(f"asr: cannot write standard output: {exc.strerror}\n")
        _exit(2)
    finally:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _exit(code: object) -> None:
    _codes.append(code)
    sys.exit(code)  # type: ignore[arg-type]


def _pass_signal_on() -> None:
    """End an interrupted process by the signal that interrupted it, after everything else.

    Only so does a shell end the loop or the script that this command is a part of: after an exit code it goes on with
    the next command. A shell calls the end by SIGINT 130, as the exit code that Windows gets.
    """
    import os
    import signal

    if _codes != [INTERRUPTED] or os.name != "posix":
        return
    interrupts = sys.modules.get("asrcli.terminal.interrupts")
    number = signal.SIGINT if interrupts is None else interrupts.ending_signal()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass  # nobody reads it any more
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main()
