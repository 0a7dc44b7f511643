"""Several tracks, many channels, unusual titles, unknown codecs: each input is read, or refused with a reason."""

import struct
from array import array
from pathlib import Path
from typing import Any

import av
import pytest

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.excerpt import Clip
from asrcli.sources.file import FileSource
from asrcli.sources.resampling import converter
from asrcli.sources.track_selection import SoundTrack, choose_track
from tests.sources.reading import RATE, read
from tests.support.tone import encoded, loudness, silence, tone, wav


def two_tracks(path: Path, default: int) -> Path:
    """A file with two sound tracks, Chinese silence and an English tone, one of them the default."""
    with av.open(str(path), "w") as container:
        streams: list[Any] = [container.add_stream("aac", rate=48000, layout="mono") for _ in range(2)]
        for number, (stream, language) in enumerate(zip(streams, ("zho", "eng"), strict=True)):
            stream.metadata["language"] = language
            stream.disposition = av.stream.Disposition.default if number == default else av.stream.Disposition(0)
        for stream, pcm in zip(streams, (silence(1000, 48000), tone(1000, 48000)), strict=True):
            for at in range(0, len(pcm) // 2048 * 2048, 2048):
                frame = av.AudioFrame(format="s16", layout="mono", samples=1024)
                frame.planes[0].update(pcm[at : at + 2048])
                frame.sample_rate, frame.pts = 48000, at // 2
                for fitted in av.AudioResampler(stream.format.name, "mono", 48000).resample(frame):
                    container.mux(stream.encode(fitted))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_the_default_track_is_heard_and_the_others_are_reported(tmp_path: Path, name: str) -> None:
    """Whichever stands first; --track takes another, by its number or its language in two letters or three."""
    path = two_tracks(tmp_path / name, default=1)
    chunks, notices = read(FileSource(str(path), RATE))
    assert loudness(b"".join(chunk.pcm for chunk in chunks)) > 0.1
    assert [notice.text.partition(": ")[2] for notice in notices] == [
        "has 2 sound tracks: 1 (zho), 2 (eng, default); 2 is heard, --track takes another"
    ]
    for track, loud in (("1", False), ("2", True), ("zh", False), ("chi", False), ("en", True), ("eng", True)):
        chunks, notices = read(FileSource(str(path), RATE, Clip(track=track)))
        assert (loudness(b"".join(chunk.pcm for chunk in chunks)) > 0.1, notices) == (loud, [])
    with pytest.raises(SourceError, match=r"no audio track fr: there are 1 \(zho\), 2 \(eng, default\)"):
        FileSource(str(path), RATE, Clip(track="fr"))
    with pytest.raises(SourceError, match="no audio track 3"):
        FileSource(str(path), RATE, Clip(track="3"))


def test_a_track_that_nobody_can_decode_is_passed_over() -> None:
    """Unless it is the one that is asked for, or there is no other."""
    odd, good = SoundTrack(1, "eng", default=True, decodable=False, codec="ac-4"), SoundTrack(2, "eng")
    assert choose_track("a", [odd, good], None) is good
    assert choose_track("a", [odd, good], "en") is good
    for tracks, wanted in (([odd], None), ([odd, good], "1")):
        with pytest.raises(SourceError, match="no decoder for ac-4"):
            choose_track("a", tracks, wanted)


def test_a_codec_without_a_decoder_is_named(tmp_path: Path) -> None:
    """In a container that is fine in all else."""
    path = encoded(tmp_path / "a.mka", "aac", tone(500, 48000))
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_XYZ", 1))
    with pytest.raises(SourceError, match=r"a\.mka: its audio cannot be decoded"):
        FileSource(str(path), RATE)


@pytest.mark.parametrize("title", ["Réunion".encode("latin-1"), "会议记录".encode("gbk"), "会議録".encode("shift-jis")])
@pytest.mark.parametrize(("name", "codec"), [("a.mka", "aac"), ("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame")])
def test_a_title_in_any_encoding_is_no_trouble(tmp_path: Path, name: str, codec: str, title: bytes) -> None:
    """Millions of files have titles that are not UTF-8."""
    path, mark = tmp_path / name, "Q" * 16
    with av.open(str(path), "w") as container:
        container.metadata["title"] = mark
        stream: Any = container.add_stream(codec, rate=44100, layout="mono")
        size = stream.codec_context.frame_size or 1024
        fitting = av.AudioResampler(stream.format.name, "mono", 44100, frame_size=size)
        for at in range(20):
            frame = av.AudioFrame(format="s16", layout="mono", samples=1024)
            frame.planes[0].update(bytes(2048) + bytes(frame.planes[0].buffer_size - 2048))
            frame.sample_rate, frame.pts = 44100, 1024 * at
            for fitted in fitting.resample(frame):
                container.mux(stream.encode(fitted))
        container.mux(stream.encode(None))
    assert mark.encode() in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(mark.encode(), title.ljust(16)))
    chunks, _ = read(FileSource(str(path), RATE))
    assert RATE.ms(chunks[-1].end) > 300


def multitrack(channels: int, loud: int, rate: int = 48000) -> bytes:
    """A second of sound on one of many channels, as interleaved samples."""
    samples = array("h", bytes(2 * channels * rate))
    samples[loud::channels] = array("h", tone(1000, rate, level=0.9))
    return samples.tobytes()


@pytest.mark.parametrize("channels", [*range(1, 10), 11, 13, 16, 24, 25, 33, 63, 64])
def test_no_channel_is_lost_in_the_mix(tmp_path: Path, channels: int) -> None:
    """Without speaker positions the mix is the mean of all; any single one can be taken too."""
    path, level = tmp_path / "a.wav", 0.9 / 2**0.5
    for loud in {0, channels // 2, channels - 1}:
        wav(path, multitrack(channels, loud), 48000, channels)
        chunks, _ = read(FileSource(str(path), RATE))
        mixed = b"".join(chunk.pcm for chunk in chunks)
        assert loudness(mixed) == pytest.approx(level / channels, rel=0.03)
        chunks, _ = read(FileSource(str(path), RATE, Clip(channel=loud)))
        assert loudness(b"".join(chunk.pcm for chunk in chunks)) == pytest.approx(level, rel=0.03)


@pytest.mark.parametrize("channels", [3, 6, 12, 32])
def test_a_device_with_many_channels_loses_none(channels: int) -> None:
    """As an interface of a studio gives them."""
    for loud in (0, channels - 1):
        convert, pcm = converter(48000, channels, RATE), multitrack(channels, loud)
        size = 4800 * 2 * channels
        mixed = b"".join(convert(pcm[at : at + size]) for at in range(0, len(pcm), size))
        assert loudness(mixed) == pytest.approx(0.9 / 2**0.5 / channels, rel=0.03)


@pytest.mark.parametrize("channels", [2, 4])
def test_a_mix_that_cancels_itself_is_reported(tmp_path: Path, channels: int) -> None:
    """One channel is upside down: nothing is left of the sound, and the notice says what to do. Once."""
    one = array("h", tone(6000, 16000))
    other = array("h", (-sample for sample in one))
    both = array("h", bytes(2 * channels * len(one)))
    both[0::channels], both[1::channels] = one, other
    path = wav(tmp_path / "a.wav", both.tobytes(), 16000, channels)
    _, notices = read(FileSource(str(path), RATE))
    (notice,) = notices
    assert "cancel each other" in notice.text
    assert "--channel 1" in notice.text
    _, notices = read(FileSource(str(path), RATE, Clip(channel=0)))
    assert notices == []


def test_channels_that_only_differ_are_not_reported(tmp_path: Path) -> None:
    """One that is silent, and two that have nothing to do with each other, cancel nothing."""
    one, other = array("h", tone(6000)), array("h", tone(6000, hertz=311))
    for second in (other, array("h", bytes(2 * len(one))), one):
        both = array("h", [sample for pair in zip(one, second, strict=True) for sample in pair])
        _, notices = read(FileSource(str(wav(tmp_path / "a.wav", both.tobytes(), 16000, 2)), RATE))
        assert notices == []


def test_rates_that_cannot_be_are_named(tmp_path: Path) -> None:
    """Also in formats that only a decoder reads: whatever it makes of them, it is an error of this input."""
    path = tmp_path / "a.au"
    path.write_bytes(b".snd" + struct.pack(">IIIII", 24, 0xFFFFFFFF, 3, 2_000_000_000, 1) + tone(500))
    with pytest.raises(SourceError):
        read(FileSource(str(path), Format(16000)))


@pytest.mark.parametrize(
    ("track", "name"),
    [
        (SoundTrack(2), "2"),
        (SoundTrack(2, "de"), "2 (de)"),
        (SoundTrack(2, default=True), "2 (default)"),
        (SoundTrack(2, "de", default=True), "2 (de, default)"),
    ],
)
def test_a_track_is_named_by_its_number_and_what_is_known_of_it(track: SoundTrack, name: str) -> None:
    """Nothing is named that the file does not say."""
    assert str(track) == name
