"""The terminal of the user: its keys, signals such as Ctrl-C, and the restoration of its settings."""
