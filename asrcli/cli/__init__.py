"""The commands: one file each, options once in options.py, errors and exit codes in app.py."""
