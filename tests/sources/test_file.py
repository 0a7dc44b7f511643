"""Files and pipes: any container becomes mono PCM at the wanted rate, and each mistake is named."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Event as Told
from asrcli.core.events import Gap, Notice
from asrcli.sources.audio_positions import PlacedPiece, chunked
from asrcli.sources.file import FileSource
from tests.sources.reading import RATE, piped, read, streamed
from tests.support.tone import encoded, loudness, mute_video, silence, tone, wav


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_any_rate_becomes_the_asked_rate(tmp_path: Path, rate: int) -> None:
    """A second stays a second, at every rate, within one chunk."""
    source = FileSource(str(wav(tmp_path / "a.wav", tone(1000, rate), rate)), RATE)
    chunks, _ = read(source)
    assert source.duration_ms == 1000
    assert abs(chunks[-1].end - 16000) <= 32
    assert loudness(b"".join(chunk.pcm for chunk in chunks)) == pytest.approx(0.21, abs=0.01)


def test_stereo_is_mixed_and_not_interleaved(tmp_path: Path) -> None:
    """Two channels do not become twice the time."""
    mono = tone(500)
    left_right = b"".join(mono[at : at + 2] * 2 for at in range(0, len(mono), 2))
    chunks, _ = read(FileSource(str(wav(tmp_path / "a.wav", left_right, channels=2)), RATE))
    assert chunks[-1].end == 8000


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.webm", "libopus"), ("a.m4a", "aac")],
)
def test_containers_are_decoded(tmp_path: Path, name: str, codec: str) -> None:
    """The usual formats come out as long as they went in, give or take the padding of their codec."""
    chunks, _ = read(FileSource(str(encoded(tmp_path / name, codec, tone(2000, 48000))), RATE))
    assert abs(RATE.ms(chunks[-1].end) - 2000) < 120
    assert loudness(b"".join(chunk.pcm for chunk in chunks)) == pytest.approx(0.21, abs=0.03)


def test_positions_go_on_from_the_start(tmp_path: Path) -> None:
    """Chunks are 100 ms, back to back, from the position the run has reached."""
    chunks, _ = read(FileSource(str(wav(tmp_path / "a.wav", tone(250))), RATE), start=160)
    assert [(chunk.position, chunk.samples) for chunk in chunks] == [(160, 1600), (1760, 1600), (3360, 800)]


def test_a_damaged_packet_is_skipped_and_reported(tmp_path: Path) -> None:
    """One bad packet ends neither the file nor the truth."""
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(3000, 48000))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = b"\xff" * 600
    path.write_bytes(data)
    chunks, notices = read(FileSource(str(path), RATE))
    assert RATE.ms(chunks[-1].end) > 2500
    assert "damaged" in notices[0].text


@pytest.mark.parametrize("name", ["a.wav", "a.ogg", "a.m4a"])
def test_standard_input_takes_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A pipe cannot be sought: what needs its end first (m4a) goes through a temporary file."""
    codecs = {"a.wav": "pcm_s16le", "a.ogg": "libopus", "a.m4a": "aac"}
    for length_ms in (1500, 20_000):  # within one buffer of a decoder, and beyond
        path = encoded(tmp_path / name, codecs[name], tone(length_ms, 48000))
        with piped(path.read_bytes()) as file:
            monkeypatch.setattr(sys, "stdin", file)
            chunks, _ = read(FileSource("-", RATE))
        assert abs(RATE.ms(chunks[-1].end) - length_ms) < 120


ENDLESS = b"\xff\xff\xff\xff"  # how ffmpeg writes a length it cannot know
HEADER = b"RIFF" + ENDLESS + b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0"


@pytest.mark.parametrize("before_data", [b"", b"LIST\x1a\0\0\0" + bytes(26)])
def test_a_pipe_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch, before_data: bytes) -> None:
    """`ffmpeg -i ... -f wav - | asr file -`: the first 100 ms are out as soon as they are in."""
    first_out = Event()
    with piped(HEADER + before_data + b"data" + ENDLESS + tone(100), first_out, tone(300)) as file:
        monkeypatch.setattr(sys, "stdin", file)
        chunks = FileSource("-", RATE).chunks(0)
        first = next(chunks)
        first_out.set()
        rest = [chunk for chunk in chunks if isinstance(chunk, Chunk)]
    assert isinstance(first, Chunk)
    assert (first.pcm, RATE.ms(rest[-1].end)) == (tone(100), 400)


def test_a_named_pipe_is_a_pipe(tmp_path: Path) -> None:
    """`asr file <(ffmpeg ...)`: opened once, whatever is in it."""
    for number, (name, codec) in enumerate({"a.wav": "pcm_s16le", "a.ogg": "libopus", "a.m4a": "aac"}.items()):
        path, fifo = encoded(tmp_path / name, codec, tone(1500, 48000)), tmp_path / f"fifo{number}"
        os.mkfifo(fifo)
        writer = Thread(target=fifo.write_bytes, args=(path.read_bytes(),))
        writer.start()
        chunks, _ = read(FileSource(str(fifo), RATE))
        writer.join()
        assert abs(RATE.ms(chunks[-1].end) - 1500) < 120


PLAIN = HEADER + b"data" + ENDLESS
ODD_HEADERS = {
    "a length that was never filled in": (HEADER + b"data\0\0\0\0" + tone(500), 500),
    "a length that promises more": (PLAIN + tone(500), 500),
    "a chunk behind the samples": (
        HEADER + b"data" + (3200).to_bytes(4, "little") + tone(100) + b"LIST\4\0\0\0abcd",
        100,
    ),
    "half a sample at the end": (PLAIN + tone(100) + b"x", 100),
}


@pytest.mark.parametrize(("data", "length_ms"), ODD_HEADERS.values(), ids=ODD_HEADERS)
def test_wav_as_the_world_writes_it(tmp_path: Path, data: bytes, length_ms: int) -> None:
    """The length is what there is, and nothing but samples is heard."""
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    source = FileSource(str(path), RATE)
    chunks, _ = read(source)
    assert b"".join(chunk.pcm for chunk in chunks) == tone(length_ms)
    assert source.duration_ms == length_ms


def test_a_file_one_may_not_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is called."""
    path = wav(tmp_path / "a.wav", tone(100))
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    with pytest.raises(SourceError, match="permission denied"):
        FileSource(str(path), RATE)


def test_silence_is_audio(tmp_path: Path) -> None:
    """A quiet file is no error here: the service decides what it hears."""
    chunks, _ = read(FileSource(str(wav(tmp_path / "a.wav", silence(300))), RATE))
    assert chunks[-1].end == 4800


def test_mistakes_are_named_before_anyone_is_called(tmp_path: Path) -> None:
    """Each wrong path says what is wrong with it when the source is made."""
    (tmp_path / "text.wav").write_text("no audio at all, but a good deal of text in its place\n" * 30)
    (tmp_path / "empty.wav").touch()
    mute_video(tmp_path / "mute.mp4")
    reasons = {
        tmp_path / "none.wav": "no such file",
        tmp_path: "is a directory",
        tmp_path / "empty.wav": "is an empty file",
        tmp_path / "text.wav": "is text",
        tmp_path / "mute.mp4": "contains no audio track",
    }
    for path, reason in reasons.items():
        with pytest.raises(SourceError, match=reason):
            FileSource(str(path), RATE)
    with pytest.raises(SourceError, match="address"):
        FileSource("ftp://example.com/a.wav", RATE)


def test_a_file_with_no_samples_holds_no_audio(tmp_path: Path) -> None:
    """A header alone is not a transcript of nothing."""
    with pytest.raises(SourceError, match="contains no audio"):
        read(FileSource(str(wav(tmp_path / "a.wav", b"")), RATE))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp3", "libmp3lame"),
        ("a.flac", "flac"),
        ("a.mka", "aac"),
        ("a.wav", "pcm_s16le"),
        ("a.w64", "pcm_s16le"),
        ("a.caf", "pcm_s16be"),
        ("a.avi", "libmp3lame"),
    ],
)
def test_a_cut_file_is_reported_from_a_pipe_as_from_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str
) -> None:
    """Half a download is half a transcript, wherever it comes from, and a line about the other half."""
    path = encoded(tmp_path / name, codec, tone(10_000, 48000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _, from_disk = read(FileSource(str(path), RATE))
    with piped(path.read_bytes()) as file:
        monkeypatch.setattr(sys, "stdin", file)
        chunks, from_pipe = read(FileSource("-", RATE))
    assert 3000 < RATE.ms(chunks[-1].end) < 7000
    for notices in (from_disk, from_pipe):
        assert any("s before the end that its header names" in notice.text for notice in notices)


def test_a_whole_file_is_not_called_cut(tmp_path: Path) -> None:
    """The lengths that these headers name are those of the sound, also where there are several sounds."""
    for name, codec in (
        ("a.w64", "pcm_s16le"),
        ("a.caf", "pcm_s16be"),
        ("a.avi", "libmp3lame"),
        ("a.wav", "pcm_s24le"),
    ):
        assert read(FileSource(str(encoded(tmp_path / name, codec, tone(3000, 48000))), RATE))[1] == []


@pytest.mark.parametrize(("name", "codec"), [("a.opus", "libopus"), ("a.ogg", "flac")])
@pytest.mark.parametrize("kept", [0.3, 0.5, 0.77, 0.98])
def test_an_ogg_that_ends_in_a_page_is_reported_as_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str, kept: float
) -> None:
    """From a disk and from a pipe: what is surely lost is a gap, so that nobody takes it for a whole transcript."""
    path = encoded(tmp_path / name, codec, tone(10_000, 16000), rate=16000)
    data = path.read_bytes()
    cut = int(len(data) * kept)
    cut += 5 if data[cut - 4 : cut] == b"OggS" or data[cut : cut + 4] == b"OggS" else 0
    path.write_bytes(data[:cut])
    for items in streamed(path, monkeypatch):
        end_ms = max(RATE.ms(item.end) for item in items if isinstance(item, Chunk))
        (gap,) = [item for item in items if isinstance(item, Gap)]
        assert gap.reason == "the file is cut short here"
        assert end_ms <= gap.begin_ms + 1 < gap.end_ms <= 10_030
        assert any("is cut short" in item.text for item in items if isinstance(item, Notice))


def test_an_ogg_without_its_last_page_is_reported_as_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut between two pages nothing is seen but that the mark of the end is not there."""
    path = encoded(tmp_path / "a.opus", "libopus", tone(10_000, 16000), rate=16000)
    whole = path.read_bytes()
    assert not [item for item in streamed(path, monkeypatch)[0] if isinstance(item, Notice)]
    path.write_bytes(whole[: whole.rindex(b"OggS")] + whole)
    for items in streamed(path, monkeypatch):
        assert any("no mark of its end" in item.text for item in items if isinstance(item, Notice))
        assert not [item for item in items if isinstance(item, Gap)]


def test_what_was_read_before_an_error_is_heard_to_its_end() -> None:
    """The last tenth of a second too."""

    def failing() -> Iterator[PlacedPiece]:
        yield PlacedPiece(0, tone(250))
        raise SourceError("a", "is gone")

    heard: list[Chunk | Told] = []
    with pytest.raises(SourceError, match="is gone"):
        heard.extend(chunked(failing(), RATE, 100, 160))
    assert [(item.position, item.samples) for item in heard if isinstance(item, Chunk)] == [
        (160, 1600), (1760, 1600), (3360, 800)
    ]  # fmt: skip
