"""The HTTP header in which a local server names its recognizer when a WebSocket opens. Pure."""

from asrcli.core.errors import without_secrets
from asrcli.core.printable import harmless

ENGINE_HEADER = "X-Asrcli-Engine"
LONGEST = 64  # characters; the server may be any program


def engine_name(value: str) -> str:
    """Return the name in the header's value: at most LONGEST characters, without keys and control characters."""
    return harmless(without_secrets(value)).strip()[:LONGEST].rstrip()
