"""Values of this program as bytes, for other processes of it: the length of a pickle, and the pickle."""

import pickle
import struct
from typing import Any

LENGTH = struct.Struct("<I")


def packed(value: object) -> bytes:
    """Return a value as the bytes that travel: its length and its pickle."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


def unpacked(data: bytes) -> Any:
    """Return the value of a pickle. Only ever from our own child or parent."""
    return pickle.loads(data)  # noqa: S301
