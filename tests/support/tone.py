"""Sounds for tests: tones, silence and speech-like bursts as PCM, and real files of them."""

import math
import struct
import wave
from functools import cache
from pathlib import Path
from typing import Any

import av


@cache
def tone(ms: int, rate: int = 16000, hertz: float = 440.0, level: float = 0.3) -> bytes:
    """A sine as s16le."""
    count = ms * rate // 1000
    return struct.pack(
        f"<{count}h", *(int(32767 * level * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count))
    )


def silence(ms: int, rate: int = 16000) -> bytes:
    """Digital silence as s16le."""
    return bytes(ms * rate // 1000 * 2)


def with_offset(pcm: bytes, offset: int) -> bytes:
    """The same s16le around another value than zero, as from a sound card that is not adjusted."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    return struct.pack(f"<{len(samples)}h", *(max(-32768, min(32767, sample + offset)) for sample in samples))


def wav(path: Path, pcm: bytes, rate: int = 16000, channels: int = 1) -> Path:
    """Write PCM as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path


def encoded(
    path: Path, codec: str, pcm: bytes, rate: int = 48000, layout: str = "mono", bit_rate: int = 0, **options: str
) -> Path:
    """Write mono PCM at a rate through an encoder of PyAV; the name's ending picks the container.

    With more channels each gets the same. The options are the container's.
    """
    with av.open(str(path), "w", options=options) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout)
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
        frame.sample_rate = rate
        frame.pts = 0
        fitting = av.AudioResampler(stream.format.name, stream.layout, rate, frame_size=stream.frame_size or 1024)
        for piece in [*fitting.resample(frame), *fitting.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def mute_video(path: Path) -> None:
    """Write a video of a few frames without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))


def loudness(pcm: bytes) -> float:
    """Root mean square of s16le, 0 to 1."""
    values = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    return math.sqrt(sum(value * value for value in values) / max(1, len(values))) / 32768
