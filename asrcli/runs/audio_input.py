"""What the Python API takes as audio: a path, a microphone, PCM of a program; and the source that each becomes."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from asrcli.core.audio import Format
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import UsageError
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.model_selection import wire_rate
from asrcli.sources.file import FileSource, native
from asrcli.sources.microphone_timeline import ListeningMode
from asrcli.sources.pcm_chunks import PcmChunks

if TYPE_CHECKING:
    from asrcli.core.interfaces import Source


@dataclass(frozen=True)
class MicrophoneInput:
    """A microphone to listen to. It is opened when the transcription begins.

    Attributes:
        device: Part of its name, or its number in `asr devices`; None is the default one. `monitor` is what this
            machine plays.
        for_s: Seconds after which to stop; None listens until `Transcription.finish`.
        until_silence_s: Stop when nobody has spoken for this many seconds.
        retry: Wait for a device that goes away.
    """

    device: str | None = None
    for_s: float | None = None
    until_silence_s: float | None = None
    retry: bool = True


@dataclass(frozen=True)
class PcmInput:
    """Signed 16-bit little-endian PCM from a program, in pieces of any size.

    Attributes:
        chunks: The pieces, read in a thread of their own. One that waits forever for its next piece keeps that thread.
        rate: Samples a second.
        channels: How many channels are interleaved; they are mixed into one.
        realtime: The pieces come as they are spoken, as from a device or a telephone line.
    """

    chunks: Iterable[bytes] = field(repr=False)
    rate: int = 16000
    channels: int = 1
    realtime: bool = False

    def __post_init__(self) -> None:
        if self.rate < 1 or self.channels < 1:
            raise UsageError(f"PCM of {self.channels} channels at {self.rate} Hz: both must be at least 1")


AudioInput = str | os.PathLike[str] | bytes | MicrophoneInput | PcmInput | Iterable[bytes]


def microphone(
    device: str | None = None,
    *,
    for_s: float | None = None,
    until_silence_s: float | None = None,
    retry: bool = True,
) -> MicrophoneInput:
    """Return a microphone for `transcribe`; `MicrophoneInput` explains the arguments. Needs `asrcli[mic]`."""
    return MicrophoneInput(device, for_s, until_silence_s, retry)


def pcm(chunks: Iterable[bytes], *, rate: int = 16000, channels: int = 1, realtime: bool = False) -> PcmInput:
    """Return PCM of a program for `transcribe`; `PcmInput` explains the arguments.

    Raises:
        UsageError: a rate, or a number of channels, below 1.
    """
    return PcmInput(chunks, rate, channels, realtime)


def make_source(audio: AudioInput, model: Model) -> "Source":
    """The source for a model. A file is looked at now, a microphone is opened by the thread that reads it.

    Raises:
        SourceError: nothing that can be read.
        UsageError: audio that the model does not take.
    """
    if isinstance(audio, str | os.PathLike):
        path = os.fspath(audio)
        own_rate = None
        if about := native(path):
            own_rate, _ = about
        return FileSource(path, Format(wire_rate(model, own_rate)))
    if isinstance(audio, MicrophoneInput):
        return _microphone_source(audio, Format(model.rate))
    if isinstance(audio, bytes | bytearray):
        audio = PcmInput([bytes(audio)])
    elif not isinstance(audio, PcmInput):
        audio = PcmInput(audio)
    wire = Format(wire_rate(model, audio.rate))
    return PcmChunks(audio.chunks, audio.rate, audio.channels, wire, realtime=audio.realtime)


def _microphone_source(audio: MicrophoneInput, wire: Format) -> "Source":
    from asrcli.sources.backends.device_names import MIC, find_device
    from asrcli.sources.microphone import Microphone

    mode = ListeningMode(for_ms=_as_ms(audio.for_s), until_silence_ms=_as_ms(audio.until_silence_s))
    return Microphone(find_device(audio.device or MIC), wire, mode, retry=audio.retry)


def _as_ms(seconds: float | None) -> int | None:
    if seconds is None:
        return None
    return round(seconds * 1000)
