"""The commands: one file each in commands/, options once in options/, errors and exit codes in app.py."""
