"""Whatever goes wrong in a decoder, as an error of its input: what it is called, and what was tried."""

from time import monotonic

from asrcli.core.errors import SourceError, system_reason

TROUBLE = (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError, AttributeError)


class Trouble:
    """A block in which whatever goes wrong is an error of this input. Entered for each packet, so it costs little."""

    __slots__ = ("_began", "_name", "_patience_s", "_what")

    def __init__(self, name: str, what: str, patience_s: float | None) -> None:
        self._name, self._what, self._patience_s = name, what, patience_s
        self._began = 0.0

    def __enter__(self) -> None:
        if self._patience_s is not None:
            self._began = monotonic()

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if exc is None:
            return
        from av.error import ExitError, FFmpegError

        if isinstance(exc, (FFmpegError, *TROUBLE)):
            late = self._patience_s is not None and monotonic() - self._began >= self._patience_s
            if isinstance(exc, ExitError) or late:
                raise SourceError(self._name, f"no data for {self._patience_s or 0:.0f} s") from exc
            raise SourceError(self._name, _refusal(exc, self._what)) from exc


def _refusal(exc: BaseException, what: str) -> str:
    from av.error import DecoderNotFoundError, HTTPClientError, HTTPError

    if isinstance(exc, DecoderNotFoundError):
        return "its sound cannot be decoded: no decoder knows it"
    if isinstance(exc, MemoryError):
        return f"{what}: more memory is asked for than there is"
    said = system_reason(exc) or type(exc).__name__
    if what.startswith("is not"):
        return str(said).lower() if isinstance(exc, OSError | HTTPError | HTTPClientError) else what
    return f"{what}: {said}"
