"""The way in: `asr` and `python -m asrcli`. Nothing here but the first moments, when Ctrl-C must be quiet already."""

import sys


def main() -> None:
    """Run the command line of this process."""
    try:
        from asrcli.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)  # as cli/app.py has it, once that is loaded


if __name__ == "__main__":
    main()
