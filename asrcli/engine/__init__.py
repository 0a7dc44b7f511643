"""The threads of the client path: capture, session and receive. Nothing else on this path starts a thread."""
