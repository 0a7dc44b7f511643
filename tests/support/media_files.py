"""Makes media files whose sound begins late, has holes, or has several tracks. Made with PyAV."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av

from asrcli.core.audio import Chunk
from asrcli.core.events import Event

PICTURES = {".webm": "libvpx", ".flv": "flv1", ".ts": "mpeg2video"}
STEP_MS = 40  # of a picture


def write_media(
    path: Path,
    codec: str,
    sound: Sequence[tuple[int, bytes]],
    *,
    rate: int = 48000,
    length_ms: int = 0,
    layout: str = "mono",
    first_picture_ms: int = 0,
    **options: str,
) -> Path:
    """Write pieces of mono PCM, each at its own time in ms, beside pictures up to `length_ms`; 0 is without."""
    with av.open(str(path), "w", options=options) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout)
        packets = _pictures(container, path.suffix, first_picture_ms, length_ms) if length_ms else []
        packets += _sounds(stream, sound, rate)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def _pictures(container: Any, suffix: str, first_ms: int, length_ms: int) -> list[Any]:
    stream = container.add_stream(PICTURES.get(suffix, "mpeg4"), rate=1000 // STEP_MS)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    packets = []
    for number in range(first_ms // STEP_MS, length_ms // STEP_MS):
        frame = av.VideoFrame(64, 64, "yuv420p")
        frame.pts = number
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def _sounds(stream: Any, sound: Sequence[tuple[int, bytes]], rate: int) -> list[Any]:
    """Packets of the pieces; the encoder does not hear of the holes, only the packets do."""
    stream.codec_context.open()
    size = stream.codec_context.frame_size or 960
    packets: list[Any] = []
    holes: list[tuple[int, int]] = []
    position = 0
    for begin_ms, pcm in sound:
        begin = begin_ms * rate // 1000
        holes.append((position, begin - position - sum(hole for _, hole in holes)))
        count = -(-len(pcm) // 2 // size) * size
        data = pcm + bytes(2 * count - len(pcm))
        for at in range(0, count, size):
            frame = av.AudioFrame(format="s16", layout="mono", samples=size)
            frame.planes[0].update(data[2 * at : 2 * (at + size)] + bytes(frame.planes[0].buffer_size - 2 * size))
            frame.sample_rate, frame.pts = rate, position
            for fitted in av.AudioResampler(stream.format.name, stream.layout, rate).resample(frame):
                packets += stream.encode(fitted)
            position += size
    packets += stream.encode(None)
    for packet in packets:
        at = round(packet.pts * packet.time_base * rate)
        late = sum(hole for begin, hole in holes if at >= begin - size // 2 or not begin)
        packet.pts = packet.dts = packet.pts + round(late / rate / packet.time_base)
    return packets


def onsets(items: Sequence[Chunk | Event], rate: int, quiet_ms: int = 300, level: int = 3000) -> list[int]:
    """When sound begins, in ms, each time after this much quiet or nothing."""
    from array import array

    found, heard_at = [], -(10**9)
    for chunk in items:
        if isinstance(chunk, Chunk):
            for number, sample in enumerate(array("h", chunk.pcm)):
                if abs(sample) > level:
                    at = chunk.position + number
                    if at - heard_at > quiet_ms * rate // 1000:
                        found.append(at * 1000 // rate)
                    heard_at = at
    return found
