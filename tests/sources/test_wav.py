"""WAV files with wrong headers are read to their real end, or refused; never an internal error."""

import io
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.sources import wav
from asrcli.sources.file import FileSource
from tests.sources.reading import RATE, piped, read
from tests.support.tone import silence, tone

LIST = b"LIST\x1a\0\0\0INFOISFT\x0e\0\0\0Lavf61.7.100\0\0"


def form(rate: int = 16000, channels: int = 1, bits: int = 16, tag: int = 1, align: int | None = None) -> bytes:
    """A fmt chunk."""
    if align is None:
        align = channels * bits // 8
    return b"fmt " + struct.pack("<IHHIIHH", 16, tag, channels, rate, rate * align % 2**32, align % 65536, bits)


def riff(pcm: bytes, *, data: int | None = None, whole: int | None = None, before: bytes = b"", behind: bytes = b"",
         fmt: bytes = form()) -> bytes:  # fmt: skip
    """A WAV with sizes as one likes."""
    size = len(pcm) if data is None else data
    body = b"WAVE" + fmt + before + b"data" + struct.pack("<I", size) + pcm + behind
    return b"RIFF" + struct.pack("<I", len(body) if whole is None else whole) + body


PCM = tone(1000)
SIZES = {
    "right": riff(PCM),
    "whole is that of an empty file": riff(PCM, whole=36),
    "whole is that of an empty file, with a chunk before": riff(PCM, whole=36, before=LIST),
    "whole is half": riff(PCM, whole=len(PCM) // 2),
    "whole is 4": riff(PCM, whole=4),
    "whole is 0": riff(PCM, whole=0, before=LIST),
    "endless": riff(PCM, whole=0xFFFFFFFF, data=0xFFFFFFFF),
    "never filled in": riff(PCM, whole=0, data=0),
    "of arecord in a pipe": riff(PCM, whole=0x80000024, data=0x80000000),
    "a chunk of odd size without padding": riff(PCM, before=b"LIST\x11\0\0\0INFOISFT\5\0\0\0Lavf\0"),
    "a chunk of odd size with padding": riff(PCM, before=b"LIST\x11\0\0\0INFOISFT\5\0\0\0Lavf\0\0"),
    "wrapped": riff(PCM, data=len(PCM) // 4),
    "wrapped to nearly nothing": riff(PCM, data=2),
    "chunks behind": riff(PCM, behind=LIST + b"id3 \4\0\0\0abcd"),
    "a chunk that nobody knows behind": riff(PCM, behind=b"QxYz\4\0\0\0abcd"),
    "padding and a chunk behind": riff(PCM, behind=b"\0" + LIST),
    "a chunk behind that is cut short": riff(PCM, behind=b"LIST\xff\0\0\0INFO"),
    "a chunk behind that is larger than any that is kept": riff(
        PCM, behind=b"LIST" + struct.pack("<I", wav.CHUNK_LIMIT + 2) + bytes(wav.CHUNK_LIMIT + 2)
    ),
    "two joined, the second endless": riff(PCM[:16000]) + riff(PCM[16000:], whole=0xFFFFFFFF, data=0xFFFFFFFF),
    "a tag behind that is no chunk": riff(PCM, behind=b"TAG" + bytes(125)),
    "64 bits": b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, 0, len(PCM), 0, 0)
    + riff(PCM, data=0xFFFFFFFF)[12:],
    "64 bits, into a pipe": b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, *[2**64 - 1] * 3, 0)
    + riff(PCM, data=0xFFFFFFFF)[12:],
    "a frame of two channels where there is one": riff(PCM, fmt=form(align=4)),
    "a frame of half a sample": riff(PCM, fmt=form(align=1)),
    "a frame of no size": riff(PCM, fmt=form(align=0)),
}  # fmt: skip


@pytest.mark.parametrize("data", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("way", ["file", "pipe"])
def test_the_samples_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, way: str) -> None:
    """From a disk and from a pipe the same: every sample that is there, and nothing that is none."""
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    if way == "file":
        source = FileSource(str(path), RATE)
        assert source.duration_ms == 1000
        chunks, _ = read(source)
    else:
        with piped(data) as file:
            monkeypatch.setattr(sys, "stdin", file)
            chunks, _ = read(FileSource("-", RATE))
    assert b"".join(chunk.pcm for chunk in chunks) == PCM


@pytest.mark.parametrize("way", ["file", "pipe"])
def test_a_wrong_length_in_a_header_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A header that promises less or more than there is; what programs write into pipes promises nothing."""
    cases = {
        riff(tone(5000), data=32000): "promises 1.00 s, and there is more",
        riff(tone(1000), data=160_000): "ends 4.0 s before the end",
        riff(tone(1000), data=0x7FFFFFFF): "",
        riff(tone(1000)): "",
        SIZES["64 bits, into a pipe"]: "",
    }
    for data, said in cases.items():
        path = tmp_path / "a.wav"
        path.write_bytes(data)
        with piped(data) as file:
            monkeypatch.setattr(sys, "stdin", file)
            _, notices = read(FileSource(str(path) if way == "file" else "-", RATE))
        assert [said in notice.text for notice in notices] == ([True] if said else [])


@pytest.mark.parametrize("fmt", [form(), form(44100, 2)])
def test_a_pipe_that_goes_on_after_the_size_in_its_header_is_heard(monkeypatch: pytest.MonkeyPatch, fmt: bytes) -> None:
    """`arecord` after three hours: the recording is longer than its header can say, and it is heard as it comes."""
    more = Event()
    pcm = tone(2000) if fmt == form() else b"".join(tone(2000, 44100)[at : at + 2] * 2 for at in range(0, 176400, 2))
    with piped(riff(pcm, data=len(pcm) // 2, fmt=fmt), more, pcm) as file:
        monkeypatch.setattr(sys, "stdin", file)
        chunks = (item for item in FileSource("-", RATE).chunks(0) if isinstance(item, Chunk))
        for chunk in chunks:
            if chunk.end >= 17_600:  # after what was promised, before there is any more
                break
        more.set()
        *_, last = chunks
    assert abs(RATE.ms(last.end) - 4000) <= 2


def test_two_recordings_in_one_file_are_heard_one_after_the_other(tmp_path: Path) -> None:
    """`cat a.wav b.wav`: the second header is no sound; one of another form is reported."""
    path = tmp_path / "a.wav"
    path.write_bytes(riff(PCM, behind=LIST) + riff(silence(500)) + riff(PCM))
    source = FileSource(str(path), RATE)
    chunks, notices = read(source)
    assert b"".join(chunk.pcm for chunk in chunks) == PCM + silence(500) + PCM
    assert (source.duration_ms, notices) == (2500, [])
    path.write_bytes(riff(PCM) + riff(PCM, fmt=form(8000)))
    chunks, notices = read(FileSource(str(path), RATE))
    assert b"".join(chunk.pcm for chunk in chunks) == PCM
    assert "another form" in notices[0].text


def test_a_file_beyond_4_gib_is_as_long_as_it_is(tmp_path: Path) -> None:
    """Both sizes have wrapped, and the sound at its end is heard at its time."""
    path, gap = tmp_path / "a.wav", 2**32 + 32_000
    head = riff(b"", data=32_000)
    with path.open("wb") as file:
        file.write(head + tone(1000))
        file.seek(len(head) + gap)  # a hole in the file takes no room on the disk
        file.write(tone(500))
    source = FileSource(str(path), RATE)
    assert source.duration_ms == gap // 32 + 500
    with path.open("rb") as file:
        found = wav.length(file, path.stat().st_size)
    assert found is not None
    assert found[1:] == (gap // 32 + 500, None)


@pytest.mark.parametrize(
    ("fmt", "reason"),
    [
        (form(2_000_000_000), "2000000000 samples a second"),
        (form(16000, 128), "has 128 channels"),
        (form(16000, 65535), "has 65535 channels"),
        (form(0), "is cut short or damaged"),
        (
            form(16000, 0),
            "contains no audio|cannot be decoded|damaged",
        ),  # which of the two depends on the version of PyAV
        (form(tag=0x1234), "cannot be decoded"),
    ],
)
def test_what_no_header_can_mean_is_named(tmp_path: Path, fmt: bytes, reason: str) -> None:
    """Absurd numbers are an error of this input, and not of ours."""
    path = tmp_path / "a.wav"
    path.write_bytes(riff(PCM, fmt=fmt))
    with pytest.raises(SourceError, match=reason):
        read(FileSource(str(path), RATE))


def slowly(data: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """A reader that gives as much as it likes, as pipes do."""
    file, left = io.BytesIO(data), list(sizes)
    return lambda size: file.read(min(size, left.pop() if left else size))


@given(
    pcm=st.binary(max_size=400).map(lambda b: b[: len(b) // 2 * 2]),
    data=st.one_of(st.none(), st.integers(0, 500), st.sampled_from([0xFFFFFFFF, 0x7FFFFFFF, 0x80000000])),
    whole=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    before=st.sampled_from([b"", LIST, b"junk\3\0\0\0abc\0", b"bext\0\0\0\0"]),
    sizes=st.lists(st.integers(1, 40), max_size=60),
)
def test_no_sample_is_lost_whatever_the_sizes_say(
    pcm: bytes, data: int | None, whole: int | None, before: bytes, sizes: list[int]
) -> None:
    """All that lies after the header is heard, unless it is a chunk by its looks; and the length agrees with it."""
    made = riff(pcm, data=data, whole=whole, before=before)
    head = wav.header(slowly(made, sizes))
    assert head is not None
    measured = wav.length(io.BytesIO(made), len(made))
    assert measured is not None
    reading = slowly(made[head.offset :], sizes)
    heard = b"".join(wav.WavSamples(reading, head).pieces(33))
    assert pcm.startswith(heard)
    rest = pcm[len(heard) :]  # too short to be told from a chunk, or with a name like one
    assert len(rest) < 8 or (data is not None and rest[:5].lstrip(b"\0")[:4].isascii())
    assert measured[1] == head.ms(len(heard))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    garbage=st.binary(max_size=300),
    start=st.sampled_from([b"", b"RIFF\x24\0\0\0WAVE", riff(PCM[:64]), riff(PCM[:64])[:36], b"RF64\0\0\0\0WAVE"]),
    cut=st.integers(0, 60),
)  # fmt: skip
def test_no_garbage_is_an_internal_error(tmp_path: Path, garbage: bytes, start: bytes, cut: int) -> None:
    """Whatever is in a file: it is heard, or it is an error of this input."""
    path = tmp_path / "a.wav"
    path.write_bytes(start[: len(start) - cut] + garbage)
    with suppress(SourceError):
        read(FileSource(str(path), RATE))
