"""Turns every error of a decoder into a SourceError that names the input and what was tried."""

from time import monotonic

from asrcli.core.errors import SourceError, system_reason

DECODER_ERRORS = (
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    AttributeError,
)


# What libav says of statuses of HTTP whose number it keeps for itself.
_STATUSES = {
    "server returned 4xx": "the server refuses it (HTTP 4xx)",
    "server returned 5xx": "the server has a problem (HTTP 5xx)",
}


class DecodingGuard:
    """A context in which every error of the decoder becomes a SourceError. Entered for each packet, so it costs little.

    Args:
        name: The input.
        action: What fails, as "cannot be decoded".
        timeout_s: How long a network may give nothing; None for files.
    """

    __slots__ = ("_action", "_began", "_name", "_timeout_s")

    def __init__(self, name: str, action: str, timeout_s: float | None) -> None:
        self._name = name
        self._action = action
        self._timeout_s = timeout_s
        self._began = 0.0

    def __enter__(self) -> None:
        if self._timeout_s is not None:
            self._began = monotonic()

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if exc is None:
            return
        from av.error import ExitError, FFmpegError

        if isinstance(exc, (FFmpegError, *DECODER_ERRORS)):
            late = self._timeout_s is not None and monotonic() - self._began >= self._timeout_s
            if isinstance(exc, ExitError) or late:
                raise SourceError(self._name, f"no data for {self._timeout_s or 0:.0f} s") from exc
            raise SourceError(self._name, _refusal(exc, self._action)) from exc


def _refusal(exc: BaseException, action: str) -> str:
    from av.error import DecoderNotFoundError, HTTPClientError, HTTPError

    if isinstance(exc, DecoderNotFoundError):
        return "its audio cannot be decoded: no decoder knows it"
    if isinstance(exc, MemoryError):
        return f"{action}: more memory is asked for than there is"
    reason = system_reason(exc) or type(exc).__name__
    if not action.startswith("is not"):
        return f"{action}: {reason}"
    if isinstance(exc, OSError | HTTPError | HTTPClientError):
        known = (words for begins, words in _STATUSES.items() if reason.lower().startswith(begins))
        return next(known, reason.lower())
    return action
