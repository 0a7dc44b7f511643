"""By what a server knows this program and its tasks: the user agent, and ids in the form that the service uses."""

import uuid

from asrcli import __version__

USER_AGENT = f"asrcli/{__version__}"


def new_id() -> str:
    """A random id of 32 hexadecimal digits."""
    return uuid.uuid4().hex
