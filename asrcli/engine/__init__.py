"""Capture, session and receive threads: the only threads of the client path."""
