"""`asr serve`: the local server."""

EXAMPLES = ""


def serve() -> None:
    """Serve."""
