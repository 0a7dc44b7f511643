"""Every common container and codec, encoded by the test: its sound has the same length and loudness afterwards."""

import random
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import av
import pytest

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Notice
from asrcli.sources.file import FileSource
from asrcli.sources.passthrough import PassthroughSource
from tests.sources.reading import RATE, read
from tests.support.requirements import skip_or_fail
from tests.support.tone import encoded, loudness, silence, tone, wav

# name, encoder, rate, channel layout
BY_PYAV = [
    *((f"wav-{rate}.wav", "pcm_s16le", rate, "mono") for rate in (8000, 11025, 16000, 22050, 32000, 44100, 48000)),
    ("24bit.wav", "pcm_s24le", 48000, "stereo"),
    ("float.wav", "pcm_f32le", 44100, "stereo"),
    ("alaw.wav", "pcm_alaw", 8000, "mono"),
    ("mulaw.wav", "pcm_mulaw", 8000, "mono"),
    ("ima.wav", "adpcm_ima_wav", 22050, "mono"),
    ("ms.wav", "adpcm_ms", 22050, "mono"),
    ("a.mp3", "libmp3lame", 44100, "stereo"),
    ("a.opus", "libopus", 48000, "mono"),
    ("a.webm", "libopus", 48000, "stereo"),
    ("a.aac", "aac", 44100, "stereo"),
    ("a.m4a", "aac", 44100, "mono"),
    ("alac.m4a", "alac", 44100, "stereo"),
    ("a.flac", "flac", 44100, "stereo"),
    ("a.aiff", "pcm_s16be", 44100, "stereo"),
    ("a.caf", "pcm_s16be", 44100, "mono"),
    ("a.au", "pcm_mulaw", 8000, "mono"),
    ("a.mp4", "aac", 48000, "stereo"),
    ("a.mov", "aac", 48000, "stereo"),
    ("a.mkv", "ac3", 48000, "stereo"),
    ("5.1.flac", "flac", 48000, "5.1"),
    ("5.1.mkv", "ac3", 48000, "5.1"),
]
BY_SOX = ["amr-nb", "gsm", "spx"]
LENGTH_MS = 2000


@pytest.mark.parametrize(("name", "codec", "rate", "layout"), BY_PYAV, ids=[row[0] for row in BY_PYAV])
def test_a_second_stays_a_second(tmp_path: Path, name: str, codec: str, rate: int, layout: str) -> None:
    """Within the padding of its codec, told in advance where the container tells it, and mixed to one channel."""
    source = FileSource(str(encoded(tmp_path / name, codec, tone(LENGTH_MS, rate), rate, layout)), RATE)
    chunks, notices = read(source)
    assert abs(RATE.ms(chunks[-1].end) - LENGTH_MS) < 150
    assert source.duration_ms is None or abs(source.duration_ms - LENGTH_MS) < 150
    assert 0.05 < loudness(b"".join(chunk.pcm for chunk in chunks)) < 0.6
    assert notices == []


@pytest.mark.parametrize("kind", BY_SOX)
def test_speech_codecs_of_telephones(tmp_path: Path, kind: str) -> None:
    """Made by sox, which writes AMR with silence left out."""
    sox, ffmpeg = shutil.which("sox"), shutil.which("ffmpeg")
    if sox is None or ffmpeg is None:
        skip_or_fail("needs sox with all its formats, and ffmpeg")
    plain, path = wav(tmp_path / "a.wav", tone(LENGTH_MS) + silence(6000) + tone(LENGTH_MS)), tmp_path / f"a.{kind}"
    if kind == "spx":
        command = [ffmpeg, "-loglevel", "error", "-i", str(plain), "-c:a", "libspeex", str(path)]
    else:
        command = [sox, str(plain), "-r", "8000", "-t", kind, str(path)]
    subprocess.run(command, check=True, capture_output=True)
    chunks, _ = read(FileSource(str(path), RATE))
    assert abs(RATE.ms(chunks[-1].end) - (2 * LENGTH_MS + 6000)) < 150
    last = b"".join(chunk.pcm for chunk in chunks)[-32 * LENGTH_MS + 6400 :]
    assert loudness(last) > 0.1  # the second tone is where it was


def test_a_video_s_sound_is_found_beside_its_pictures(tmp_path: Path) -> None:
    """And nothing of the pictures is decoded."""
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("flac", rate=16000, layout="mono")
        for number in range(25):
            picture = av.VideoFrame(64, 64, "yuv420p")
            picture.pts = number
            container.mux(video.encode(picture))
        frame = av.AudioFrame(format="s16", layout="mono", samples=16000)
        frame.planes[0].update(tone(1000))
        frame.sample_rate, frame.pts = 16000, 0
        fitting = av.AudioResampler("s16", "mono", 16000, frame_size=sound.frame_size)
        for piece in fitting.resample(frame):
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
        container.mux(video.encode(None))
    chunks, _ = read(FileSource(str(path), RATE))
    assert abs(RATE.ms(chunks[-1].end) - 1000) < 300


def test_concatenated_files_are_heard_to_the_end(tmp_path: Path) -> None:
    """`cat *.mp3 > all.mp3`: a header in the middle ends nothing."""
    one = encoded(tmp_path / "a.mp3", "libmp3lame", tone(2000, 44100), 44100)
    both = tmp_path / "both.mp3"
    both.write_bytes(one.read_bytes() * 3)
    chunks, _ = read(FileSource(str(both), RATE))
    assert abs(RATE.ms(chunks[-1].end) - 6000) < 300


def test_a_change_of_rate_in_the_middle_keeps_the_times(tmp_path: Path) -> None:
    """As a radio stream does it between programmes."""
    first = encoded(tmp_path / "a.mp3", "libmp3lame", tone(2000, 44100), 44100)
    second = encoded(tmp_path / "b.mp3", "libmp3lame", tone(2000, 22050), 22050)
    both = tmp_path / "both.mp3"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    chunks, _ = read(FileSource(str(both), RATE))
    assert abs(RATE.ms(chunks[-1].end) - 4000) < 400


def test_a_file_cut_short_gives_what_is_there_and_says_what_is_missing(tmp_path: Path) -> None:
    """Half a download is half a transcript, and a line about the other half."""
    for name, codec in (("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("a.opus", "libopus")):
        path = encoded(tmp_path / name, codec, tone(10_000, 48000))
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        chunks, notices = read(FileSource(str(path), RATE))
        assert 3000 < RATE.ms(chunks[-1].end) < 7000
        if name != "a.opus":  # its length stands nowhere but at its end
            assert any("before the end that its header names" in n.text for n in notices if isinstance(n, Notice))


def test_a_length_that_is_only_a_guess_is_no_promise(tmp_path: Path) -> None:
    """The first packets of a file without a header are not like the rest: nothing is missing all the same."""
    both, sound = tmp_path / "both.mp3", tone(5000, 44100)
    parts = [
        encoded(tmp_path / f"{bit_rate}.mp3", "libmp3lame", sound, 44100, bit_rate=bit_rate, write_xing="0")
        for bit_rate in (32_000, 320_000)
    ]
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    source = FileSource(str(both), RATE)
    chunks, notices = read(source)
    assert source.duration_ms is not None
    assert abs(source.duration_ms - 10_000) < 300  # its packets were counted
    assert abs(RATE.ms(chunks[-1].end) - 10_000) < 300
    assert not any("before the end that its header names" in notice.text for notice in notices)


@pytest.mark.parametrize(
    ("name", "before", "length"),
    [
        ("a.caf", b"data", (1 << 60).to_bytes(8, "big")),
        ("a.w64", bytes.fromhex("64617461f3acd3118cd100c04f8edb8a"), (1 << 60).to_bytes(8, "little")),
    ],
    ids=["caf", "w64"],
)
def test_a_length_that_cannot_be_is_no_promise(tmp_path: Path, name: str, before: bytes, length: bytes) -> None:
    """Nobody is told that a recording of seconds ends thousands of years before its end."""
    path = encoded(tmp_path / name, "pcm_s16le", tone(2000, 44100), 44100)
    data = path.read_bytes()
    at = data.index(before) + len(before)
    path.write_bytes(data[:at] + length + data[at + 8 :])
    source = FileSource(str(path), RATE)
    chunks, notices = read(source)
    assert abs(RATE.ms(chunks[-1].end) - 2000) <= 50
    assert source.duration_ms is None or abs(source.duration_ms - 2000) <= 50
    assert not any("before the end that its header names" in notice.text for notice in notices)


def amr_wb(*frames: tuple[int, int]) -> bytes:
    """AMR-WB of frames by their type and size: the bits of speech are chance, its times are not."""
    chance = random.Random(1)
    return b"#!AMR-WB\n" + b"".join(bytes([kind << 3 | 4]) + chance.randbytes(size) for kind, size in frames)


def test_amr_wb_keeps_its_times_where_silence_is_left_out(tmp_path: Path) -> None:
    """A second of speech, two of comfort noise and nothing, a second of speech: four seconds."""
    path = tmp_path / "a.awb"
    path.write_bytes(amr_wb(*[(8, 60)] * 50, (9, 5), *[(15, 0)] * 99, *[(8, 60)] * 50))
    chunks, notices = read(FileSource(str(path), RATE))
    assert RATE.ms(chunks[-1].end) == 4000
    assert notices == []


def test_8_khz_goes_out_as_8_khz(tmp_path: Path) -> None:
    """At the rate that is asked for, nothing else."""
    chunks, _ = read(FileSource(str(encoded(tmp_path / "a.wav", "pcm_mulaw", tone(1000, 8000), 8000)), Format(8000)))
    assert chunks[-1].end == 8000


@pytest.mark.parametrize(
    ("name", "codec", "rate", "told"),
    [("a.mp3", "libmp3lame", 44100, "mp3"), ("a.ogg", "libopus", 48000, "opus"), ("a.aac", "aac", 44100, "aac"),
     ("a.wav", "pcm_s16le", 16000, "wav")],
)  # fmt: skip
def test_a_file_s_own_bytes_stand_for_the_audio_in_them(
    tmp_path: Path, name: str, codec: str, rate: int, told: str
) -> None:
    """All of them, in order, at positions that end where the audio ends."""
    path = encoded(tmp_path / name, codec, tone(LENGTH_MS, rate), rate)
    source = PassthroughSource(str(path))
    chunks = [chunk for chunk in source.chunks(1000) if isinstance(chunk, Chunk)]
    assert (source.audio_format, source.format.rate) == (told, rate)
    assert b"".join(chunk.pcm for chunk in chunks) == path.read_bytes()
    assert chunks[0].position == 1000
    assert all(before.end == after.position for before, after in pairwise(chunks))
    assert abs(source.format.ms(chunks[-1].end - 1000) - LENGTH_MS) < 150
