"""The HTTP header in which a local server names its recognizer when a WebSocket opens. Pure."""

from asrcli.core.errors import without_secrets
from asrcli.core.printable import harmless

ENGINE_HEADER = "X-Asrcli-Engine"
LONGEST = 64  # characters; whoever answers may be anybody


def engine_name(value: str) -> str:
    """Return the name in the header's value: at most LONGEST characters, no key, and none that a terminal obeys."""
    return harmless(without_secrets(value)).strip()[:LONGEST].rstrip()
