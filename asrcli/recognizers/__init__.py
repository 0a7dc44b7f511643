"""Speech to text on this machine: one file a recognizer, and the worker processes they run in."""
