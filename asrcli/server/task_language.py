"""Which language a task is transcribed in, when its client asks for some. Pure."""

from collections.abc import Collection, Sequence


def task_language(asked: Sequence[str], known: Collection[str] | None) -> tuple[str, str]:
    """Return the language in effect, and in words what is wrong with those that were asked for; empty if nothing is.

    Args:
        asked: Codes of the languages that the client asks for; empty when it leaves the choice to the server.
        known: Codes of the languages that the recognizer knows; None when it takes any.
    """
    if not asked:
        return "", ""
    if known is None:
        return asked[0], ""
    usable = next((code for code in asked if code in known), "")
    if usable:
        return usable, ""
    return min(known), f"language {asked[0]}: this server's recognizer knows {', '.join(sorted(known))} only"
