"""Opens a container with PyAV. Where that fails, the first bytes of the input say what it is instead."""

import socket
from collections.abc import Callable
from contextlib import closing, suppress
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from asrcli.core.causes import Cause
from asrcli.core.errors import SourceError
from asrcli.core.lazy_module import LazyModule
from asrcli.sources.decoding_errors import DecodingGuard
from asrcli.sources.exact_reader import tag_bytes

if TYPE_CHECKING:
    from av.container import InputContainer

    from asrcli.sources import foreign_content, recording_proxy
else:
    # asked only where a decoder has failed
    foreign_content = LazyModule("asrcli.sources.foreign_content")
    # asked only for addresses
    recording_proxy = LazyModule("asrcli.sources.recording_proxy")

HEAD_BYTES = 4096
NOT_AUDIO = "is not audio or video that can be decoded"
_NO_REASON = "input/output error"
_FAILED = "the connection failed"
_NO_DATA = "sends no data that can be read"
_UNREADABLE = {NOT_AUDIO, _NO_REASON}  # what libav says of contents; other reasons are about the way to them
# From this version on PyAV accepts a title that is not UTF-8, and has no option for it any more.
_LENIENT_TITLES = 19
# Refused: a playlist from somebody else could name other files of the user.
_PLAYLISTS = {"concat", "hls", "dash", "imf", "sdp", "applehttp"}
# Their index names places in the file, where other bytes are if a tag was put before them: the sound would be noise.
_INDEXED = {"mov,mp4,m4a,3gp,3g2,mj2"}
# Without a signature: libav takes raw PCM for them, two equal channels for `adp`, quiet samples often for `ea_cdata`.
_GUESSED = {"adp", "ea_cdata"}


def open_container(
    source: object, name: str, options: dict[str, Any], head: Callable[[], bytes], timeout_s: float | None
) -> "InputContainer":
    """Open what a decoder is to read; the arguments are those of the decoder.

    Raises:
        SourceError: the input cannot be read, or is no audio or video.
    """
    import av

    # libav takes times that jump back by a minute for a clock that has run over, and adds 26 hours to them. In a
    # joined file they begin again; a clock that has run over looks the same, and its sound follows without a hole too.
    options["options"] = options.get("options", {}) | {"correct_ts_overflow": "0"}
    if not isinstance(source, str):
        # libav lets a file open other files only, and a pipe open anything: a session description in a pipe would
        # listen on the network before its format is known and refused.
        options["options"] |= {"protocol_whitelist": "data"}
    elif _is_address(source):
        options["options"] |= recording_proxy.proxy_options(str(source))
    if int(av.__version__.split(".")[0]) < _LENIENT_TITLES:
        options["metadata_errors"] = "replace"

    def opened() -> "InputContainer":
        with DecodingGuard(name, NOT_AUDIO, timeout_s):
            return cast("InputContainer", av.open(cast("Any", source), "r", timeout=timeout_s, **options))

    try:
        container = _with_or_behind_tag(opened, source, options, timeout_s)
    except SourceError as exc:
        error = _explained_failure(exc, source, head, timeout_s)
        if error is exc:
            raise
        raise error from exc
    if not _is_address(source) and _PLAYLISTS & set(container.format.name.split(",")):
        container.close()
        raise SourceError(name, "is a list of other files, whatever it is called: name those")
    if container.format.name in _GUESSED and Path(name).suffix.lower()[1:] not in container.format.extensions:
        container.close()
        raise SourceError(name, NOT_AUDIO, cause=Cause.NO_HEADER)
    return container


def _with_or_behind_tag(
    opened: "Callable[[], InputContainer]", source: object, options: dict[str, Any], timeout_s: float | None
) -> "InputContainer":
    """Open a container, and where libav cannot, begin behind its ID3 tag: libav passes over a tag in some formats only.

    Raises:
        SourceError: the input cannot be read, or is no audio or video.
    """
    try:
        return opened()
    except SourceError as exc:
        if exc.reason != NOT_AUDIO or _is_address(source) or not (tag := tag_bytes(beginning(source, timeout_s))):
            raise
        options["options"]["skip_initial_bytes"] = str(tag)
        if not isinstance(source, str):
            cast("Any", source).seek(0)
        try:
            container = opened()
        except SourceError:
            raise exc from None
        if container.format.name in _INDEXED:
            container.close()
            raise
        return container


def _explained_failure(
    error: SourceError, source: object, head: Callable[[], bytes], timeout_s: float | None
) -> SourceError:
    """Return an error that says why an input could not be opened; the same error where nothing more is known."""
    # Where no name server answers, each question takes ten seconds and more: nothing else is asked first.
    if error.reason == _NO_REASON and (reason := _no_host(source)):
        return SourceError(error.path, reason, cause=Cause.RECORDING_ADDRESS)
    if error.reason in _UNREADABLE:
        first_bytes = head() or beginning(source, timeout_s)
        if not first_bytes and error.reason == NOT_AUDIO and _is_address(source):
            return SourceError(error.path, _address_reason(str(source), _NO_DATA), cause=Cause.RECORDING_ADDRESS)
        error = explained(error, first_bytes)
    if error.cause is None:
        error = _with_cause(error, source)
    return error


def first_sound(path: str, stream: int) -> tuple[int, int]:
    """Return the sample rate in Hz and the number of channels of the first frame of a stream; zeros if there is none.

    For a container that does not say it, and whose sound begins after all that libav reads to find out.

    Raises:
        SourceError: the file cannot be opened.
    """
    # Whoever reads the sound reports an error.
    opened = open_container(f"file:{path}", path, {}, bytes, None)
    with closing(opened) as container, suppress(SourceError), DecodingGuard(path, NOT_AUDIO, None):
        for frame in container.decode(container.streams.audio[stream]):
            return frame.sample_rate, frame.layout.nb_channels
    return 0, 0


def explained(error: SourceError, head: bytes, *, is_recording: bool = False) -> SourceError:
    """An error that says what the input is by its first bytes; the same error where they say nothing.

    What is known to be a recording, because a decoder has read its header, is not called damaged.
    """
    content = foreign_content.foreign_content(head)
    if content is None or (is_recording and content.cause is Cause.INCOMPLETE):
        return error
    return SourceError(error.path, content.reason, cause=content.cause)


def beginning(source: Any, timeout_s: float | None) -> bytes:
    """Return the first bytes of what a decoder was given; none where they cannot be read again.

    Args:
        source: `file:PATH`, another address, or an object with `read`.
        timeout_s: How long a network may give nothing.
    """
    with suppress(SourceError), DecodingGuard("", NOT_AUDIO, timeout_s):
        if isinstance(source, str) and source.startswith("file:"):
            with Path(source.removeprefix("file:")).open("rb") as file:
                return file.read(HEAD_BYTES)
        if isinstance(source, str):
            return _of_address(source, timeout_s)
        if hasattr(source, "seek"):
            source.seek(0)
            return bytes(source.read(HEAD_BYTES))
    return b""


def _of_address(url: str, timeout_s: float | None) -> bytes:
    """Ask an address once more, and take what it sends for bytes without any meaning."""
    import av

    found = b""
    options = recording_proxy.proxy_options(url)
    with closing(av.open(url, "r", format="data", timeout=timeout_s, options=options)) as container:
        try:
            for packet in container.demux():
                found += bytes(packet)
                if len(found) >= HEAD_BYTES:
                    break
        except OSError as exc:  # libav takes the end of an answer without a length for an error
            if exc.errno != EIO:
                raise
    return found[:HEAD_BYTES]


def _with_cause(error: SourceError, source: object) -> SourceError:
    """The error with a cause, which decides the advice, where the first bytes say nothing. An address may send none."""
    if _is_address(source) and error.reason != NOT_AUDIO:
        return SourceError(error.path, _address_reason(str(source), error.reason), cause=Cause.RECORDING_ADDRESS)
    if not _is_address(source) and error.reason == NOT_AUDIO:
        return SourceError(error.path, NOT_AUDIO, cause=Cause.NO_HEADER)
    return error


def _address_reason(url: str, reason: str) -> str:
    """Why nothing came from an address; libav calls most failures the same, an I/O error."""
    proxy = recording_proxy.recording_proxy(url)
    if proxy is not None:
        place = urlsplit(proxy).netloc.rpartition("@")[2]
        return f"{reason.replace(_NO_REASON, _FAILED)}, through the proxy {place}"
    if reason != _NO_REASON:
        return reason
    return _FAILED


def _no_host(source: object) -> str:
    """Say that the host of an address cannot be found; empty where it can be, or where a proxy looks for it."""
    if not _is_address(source) or recording_proxy.recording_proxy(str(source)) is not None:
        return ""
    try:
        host = urlsplit(str(source)).hostname or ""
        socket.getaddrinfo(host, None)
    except socket.gaierror as exc:
        if exc.errno == socket.EAI_AGAIN:
            return f"cannot look up {host}: no name server answers"
        return f"unknown host {host}"
    except UnicodeError:
        return f"unknown host {host}"
    except (OSError, ValueError):
        pass
    return ""


def _is_address(source: object) -> bool:
    return isinstance(source, str) and "://" in source and not source.startswith("file:")
