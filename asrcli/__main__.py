"""`python -m asrcli` is `asr`."""

from asrcli.cli.app import main

main()
