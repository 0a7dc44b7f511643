"""Makes the ids of tasks, events and requests, in the form that the service uses."""

import uuid


def new_id() -> str:
    """A random id of 32 hexadecimal digits."""
    return uuid.uuid4().hex
