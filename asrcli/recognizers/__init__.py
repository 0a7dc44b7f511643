"""Speech to text on this machine: one file for each recognizer, one table of them, and the worker processes."""
