"""How much the library keeps."""

from asrcli.core.dataclass import dataclass


@dataclass(frozen=True)
class LibraryLimits:
    """How long a transcript is kept, in seconds, and how large the library may be. None is without limit."""

    age_s: float | None = None
    size_bytes: int | None = None
