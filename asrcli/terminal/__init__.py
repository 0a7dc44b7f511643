"""The terminal of the person who runs the program: its keys, Ctrl-C, and restoring it."""
