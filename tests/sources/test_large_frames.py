"""An MP3 is decoded in large frames as far as it is regular, and nobody can tell from what comes out."""

import random
from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import pytest

from asrcli.core.audio import Format
from asrcli.core.events import Notice
from asrcli.sources.audio_positions import MissingAudio, PlacedPiece
from asrcli.sources.decoded_frames import FrameRun
from asrcli.sources.decoder import Decoder
from asrcli.sources.large_frames import LARGE_SAMPLES, large_frames, large_runs
from tests.support.tone import encoded, silence, tone

RATE = 44100
SEEDS = 40


@pytest.fixture(scope="module", params=["0", "1"])
def speech(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> bytes:
    """Four seconds as MP3, without and with a header that tells the length and what is no sound."""
    path = tmp_path_factory.mktemp("mp3") / "speech.mp3"
    pcm = tone(1500, RATE) + silence(500, RATE) + tone(2000, RATE, 700)
    encoded(path, "libmp3lame", pcm, RATE, bit_rate=64000, write_xing=request.param, id3v2_version="0")
    return path.read_bytes()


def heard(path: Path, *, in_bulk: bool, rate: int = 16000) -> tuple[bytes, list[MissingAudio | Notice], int]:
    """All samples at their places, what is said between them, and how many packets were damaged."""
    pcm = bytearray()
    others: list[MissingAudio | Notice] = []
    with closing(Decoder(f"file:{path}", path.name, together=8, in_bulk=in_bulk)) as decoder:
        for item in decoder.pieces(Format(rate)):
            if isinstance(item, PlacedPiece):
                pcm += bytes(2 * item.position - len(pcm))
                pcm += item.pcm
            else:
                others.append(item)
        return bytes(pcm), others, decoder.damaged


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The file with one or two places overwritten, cut out, filled with something else, or without its end."""
    for _ in range(chance.randint(1, 2)):
        at, size = chance.randrange(len(data)), chance.choice((1, 4, 60, 500, 3000))
        begin, end = data[:at], data[at + size :]
        data = chance.choice((begin + chance.randbytes(size) + end, begin + bytes(size) + end, begin + end, begin))
        data = data or b"\0"
    return data


def test_what_is_damaged_is_reported_as_packet_by_packet(speech: bytes, tmp_path: Path) -> None:
    """Wherever a file is damaged: the same samples at the same places, the same gaps, the same count of packets."""
    found = 0
    for seed in range(SEEDS):
        path = tmp_path / f"{seed}.mp3"
        path.write_bytes(damaged(speech, random.Random(seed)))
        try:
            expected = heard(path, in_bulk=False)
        except Exception as exc:  # no MP3 any more
            with pytest.raises(type(exc)):
                heard(path, in_bulk=True)
            continue
        assert heard(path, in_bulk=True) == expected, seed
        found += bool(expected[1] or expected[2])
    assert found > SEEDS / 4


def test_a_regular_file_needs_no_second_look(speech: bytes, tmp_path: Path) -> None:
    """It is decoded once, in large frames."""

    def not_asked() -> Iterator[FrameRun]:
        raise AssertionError("decoded again")
        yield

    path = tmp_path / "whole.mp3"
    path.write_bytes(speech)
    sizes = [run[0].samples for run, _ in large_runs(str(path), not_asked())]
    assert sizes[:-1] == [LARGE_SAMPLES] * (len(sizes) - 1)
    assert len(sizes) > 5
    assert heard(path, in_bulk=True) == heard(path, in_bulk=False)


def test_two_channels_that_cancel_each_other_are_found(tmp_path: Path) -> None:
    """As packet by packet, although a large frame is only examined in part."""
    one = array("h", tone(6000, RATE))
    both = array("h", bytes(4 * len(one)))
    both[0::2], both[1::2] = one, array("h", (-sample for sample in one))
    frame = av.AudioFrame(format="s16", layout="stereo", samples=len(one))
    frame.planes[0].update(both.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts = RATE, 0
    path = tmp_path / "inverted.mp3"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libmp3lame", rate=RATE, layout="stereo")
        for piece in av.AudioResampler(stream.format.name, "stereo", RATE, frame_size=stream.frame_size).resample(
            frame
        ):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    pcm, notices, _ = heard(path, in_bulk=True)
    assert (pcm, notices) == heard(path, in_bulk=False)[:2]
    assert len(notices) == 1


def test_a_file_that_changes_its_channels_goes_on(speech: bytes, tmp_path: Path) -> None:
    """Two files joined end to end, of one and of two channels: the second is heard in full."""
    stereo = tmp_path / "stereo.mp3"
    encoded(stereo, "libmp3lame", tone(2000, RATE) * 2, RATE, layout="stereo", write_xing="0", id3v2_version="0")
    path = tmp_path / "joined.mp3"
    path.write_bytes(speech + stereo.read_bytes())
    assert heard(path, in_bulk=True) == heard(path, in_bulk=False)


def test_a_name_that_is_no_text_is_decoded_all_the_same(speech: bytes, tmp_path: Path) -> None:
    """What cannot be opened so is decoded packet by packet."""
    assert list(large_frames("\udcff.mp3")) == []
    path = tmp_path / "a b'c:,[=]\\.mp3"
    path.write_bytes(speech)
    assert sum(frame.samples for frame in large_frames(str(path))) >= 4 * RATE
