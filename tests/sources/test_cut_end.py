"""A file that was cut says so, also where its container does not say how long it is; a whole one never does."""

import re
from pathlib import Path
from random import Random

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event, Notice
from asrcli.sources.asf import asf_length
from asrcli.sources.cut_end import MP4, NOT_WHOLE, cut_end
from asrcli.sources.exact_reader import TAIL_BYTES
from asrcli.sources.file import FileSource
from asrcli.sources.mp4_fragments import last_fragment
from tests.sources.reading import streamed
from tests.support.media_files import write_media
from tests.support.tone import encoded, tone

SPOKEN_AMR = Path(__file__).parent.parent / "data" / "seconds.amr"
RATE = Format(16000)
LENGTH_MS = 6000
TAG = b"TAG" + b"a title, \xff\xf1 and what not".ljust(125)
ENDS_EARLY = re.compile(r"ends (\d+\.\d) s before the end that its header names")
PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def is_cut(container: str, data: bytes, stream: int = 0) -> bool:
    """Whether the end of such a file shows that it was cut."""
    return cut_end(container, stream, data[: 1 << 16], data[-TAIL_BYTES:], len(data)) is not None


def texts(items: list[Chunk | Event]) -> list[str]:
    """What the notices say."""
    return [item.text for item in items if isinstance(item, Notice)]


@pytest.fixture(scope="module")
def adts(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[int]]:
    """An AAC, and where its frames end."""
    path = encoded(tmp_path_factory.mktemp("cut") / "a.aac", "aac", tone(LENGTH_MS, 44100), 44100)
    ends = [0]
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            ends.append(ends[-1] + packet.size)
    assert ends[-1] == path.stat().st_size
    return path.read_bytes(), ends


def test_an_aac_is_cut_wherever_no_frame_ends(adts: tuple[bytes, list[int]]) -> None:
    """At each of its last bytes and of its first; and a tag after the sound is no frame."""
    data, ends = adts
    for size in [*range(7, 2000), *range(len(data) - 1500, len(data) + 1)]:
        assert is_cut("aac", data[:size]) == (size not in ends)
    assert not is_cut("aac", data + TAG)
    assert not is_cut("aac", b"ID3" + bytes(300) + data)
    assert is_cut("aac", b"ID3" + bytes(300) + data[:-1])
    assert is_cut("aac", data * 8 + data[:-1])
    assert not is_cut("aac", data * 9)
    assert not is_cut("aac", b"\xff\xf1\x50\x80\x00\x1f\xfc")  # a size that is below that of its own head


FRAMED = {
    "a.mp3": ("mp3", "libmp3lame", 44100), "b.mp3": ("mp3", "libmp3lame", 16000), "a.mp2": ("mp3", "mp2", 48000),
    "c.mp3": ("mp3", "libmp3lame", 8000), "b.mp2": ("mp3", "mp2", 22050), "a.ac3": ("ac3", "ac3", 48000),
    "b.ac3": ("ac3", "ac3", 44100), "c.ac3": ("ac3", "ac3", 32000), "a.eac3": ("eac3", "eac3", 48000),
    "a.amr": ("amr", "", 8000),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMED)
def test_a_stream_of_frames_is_cut_wherever_no_frame_ends(tmp_path: Path, name: str) -> None:
    """At each of its last bytes; and neither a tag after the sound nor zeros are a frame."""
    container, codec, rate = FRAMED[name]
    if codec:
        encoded(tmp_path / name, codec, tone(LENGTH_MS, rate), rate)
    else:  # not every PyAV encodes AMR
        (tmp_path / name).write_bytes(SPOKEN_AMR.read_bytes())
    data = (tmp_path / name).read_bytes()
    ends = set()
    with av.open(str(tmp_path / name)) as opened:
        for packet in opened.demux(audio=0):
            ends.add((packet.pos or 0) + packet.size)
    assert len(data) in ends
    for size in range(len(data) - 1500, len(data) + 1):
        assert is_cut(container, data[:size]) == (size not in ends), size
    assert not is_cut(container, data + TAG)
    if container != "amr":  # to it, zeros are a frame
        assert not is_cut(container, data + bytes(1000))
    ready = data * (1 + TAIL_BYTES // len(data))
    if container != "amr":  # which has a mark at its beginning
        assert not is_cut(container, ready)
        assert is_cut(container, ready[:-1])


def voc(*blocks: int, end: bytes = b"\0") -> bytes:
    """A VOC of sound in blocks of this many bytes, the first of which names the format."""
    head = b"Creative Voice File\x1a\x1a\x00\x0a\x01\x29\x11"
    chance = Random(1)
    parts = [
        bytes([1 + (number > 0)]) + size.to_bytes(3, "little") + b"\x83\0" + chance.randbytes(size - 2)
        for number, size in enumerate(blocks)
    ]
    return head + b"".join(parts) + end


@pytest.mark.parametrize(
    "blocks", [(90_000,), (700_000,), (2000,) * 40, (2000,) * 400, (60_000, 500_000), (500_000, 9)]
)
@pytest.mark.parametrize("end", [b"\0", b""])
def test_a_voc_is_cut_unless_its_last_block_is_whole(blocks: tuple[int, ...], end: bytes) -> None:
    """Of one block, as most programs write it, and of many; also without the mark of its end."""
    data = voc(*blocks, end=end)
    assert not is_cut("voc", data)
    for size in (1, 5, blocks[-1] // 2, blocks[-1]):
        assert is_cut("voc", data[: len(data) - len(end) - size])


def test_a_long_voc_of_many_blocks_is_not_taken_for_a_cut_one(tmp_path: Path) -> None:
    """The heads of its blocks count as sound where libav guesses its length. What is missing after damage is more."""
    path = tmp_path / "a.voc"
    encoded(path, "pcm_u8", tone(600_000, 8000), 8000)
    assert texts(list(FileSource(str(path), RATE).chunks(0))) == []
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(5000) + data[len(data) // 2 + 5000 :])
    (text,) = texts(list(FileSource(str(path), RATE).chunks(0)))
    found = ENDS_EARLY.search(text)
    assert found is not None
    assert 290 < float(found[1]) < 300


def test_a_fragmented_mp4_says_when_its_last_fragment_begins(tmp_path: Path) -> None:
    """Where one is damaged, libav ends, and says nothing. A whole one is as long as it seems."""
    path = tmp_path / "a.mp4"
    encoded(path, "aac", tone(LENGTH_MS, 48000), movflags="frag_keyframe+empty_moov", frag_duration="500000")
    assert texts(list(FileSource(str(path), RATE).chunks(0))) == []
    data = path.read_bytes()
    places = [found.start() for found in re.finditer(b"moof", data)]
    assert len(places) > 8
    path.write_bytes(data[: places[5] - 4] + bytes(40) + data[places[5] + 36 :])
    (text,) = texts(list(FileSource(str(path), RATE).chunks(0)))
    found = ENDS_EARLY.search(text)
    assert found is not None
    assert float(found[1]) == pytest.approx(LENGTH_MS / 1000 * (1 - 6 / len(places)), abs=0.8)
    for broken in (b"", data[places[-1] :], bytes(3) + b"moof", data[places[-1] - 4 : places[-1] + 40]):
        assert last_fragment(broken, 1) is None
    assert last_fragment(data, 7) is None  # another track


@given(st.binary(max_size=400))
def test_no_end_is_too_strange_to_be_looked_at(data: bytes) -> None:
    """Chance shows no cut in AAC or MPEG-TS after a first frame, and ends nothing."""
    for container in ("aac", "mpegts", "asf", "mp3", "ac3", "eac3", "voc", MP4):
        is_cut(container, data)
    for mark in (b"#!AMR\n", b"#!AMR-WB\n", b"#!AMR_MC1.0\n"):
        is_cut("amr", mark + data)
    assert not is_cut("mpegts", data[:300])


def transport(path: Path, codec: str, pictures_ms: int, step: int) -> tuple[bytes, int]:
    """A transport stream, and the number of its sound."""
    mode = str(int(step > 188))
    write_media(path, codec, [(0, tone(LENGTH_MS // 2, 48000))], length_ms=pictures_ms, mpegts_m2ts_mode=mode)
    with av.open(str(path)) as container:
        return path.read_bytes(), container.streams.audio[0].id


def ts_packet(stream: int, *, begins: bool = False, holds: int = 1, payload: bytes = b"") -> bytes:
    """A packet of a transport stream; `holds` is 1 for a payload, 2 for something else, 3 for both."""
    return bytes([0x47, 0x40 * begins | stream >> 8, stream & 0xFF, holds << 4]) + payload.ljust(184, b"\xff")


def test_packets_without_sound_at_the_end_of_a_transport_stream_are_no_cut() -> None:
    """Nor is anything known where no packet of the sound begins; a packet of an unknown length has no end."""
    begin = ts_packet(7, begins=True, payload=b"\0\0\1\xc0" + (300).to_bytes(2))
    rest = ts_packet(7)
    clock = ts_packet(7, holds=2)
    assert is_cut("mpegts", begin * 3, 7)
    assert not is_cut("mpegts", begin * 3 + rest + clock + ts_packet(9), 7)
    assert not is_cut("mpegts", rest * 5, 7)
    assert not is_cut("mpegts", ts_packet(7, begins=True, payload=b"\0\0\1\xc0\0\0") * 4, 7)


@pytest.mark.parametrize("pictures_ms", [0, LENGTH_MS // 2])
@pytest.mark.parametrize(("codec", "step"), [("aac", 188), ("mp2", 188), ("aac", 192)])
def test_a_transport_stream_is_cut_unless_its_last_packets_are_whole(
    tmp_path: Path, codec: str, step: int, pictures_ms: int
) -> None:
    """Those of the transport, and that of the sound which is spread over them; the pictures may end anywhere."""
    data, stream = transport(tmp_path / "a.ts", codec, pictures_ms, step)
    assert not is_cut("mpegts", data, stream)
    heads = [data[at + step - 188 : at + step - 184] for at in range(0, len(data), step)]
    assert {head[0] for head in heads} == {0x47}
    starts = [  # for each packet of the transport that holds sound: its number, and whether it begins one of the sound
        (number, bool(head[1] & 0x40))
        for number, head in enumerate(heads)
        if int.from_bytes(head[1:3]) & 0x1FFF == stream
    ]
    for number in range(len(heads) // 2, len(heads) + 1):
        following = next((begins for at, begins in starts if at >= number), True)
        assert is_cut("mpegts", data[: number * step], stream) == (not following)
        if number < len(heads):
            assert is_cut("mpegts", data[: number * step + 1 + number % (step - 1)], stream)


@pytest.mark.parametrize(("name", "codec"), [
    ("a.aac", "aac"), ("a.ts", "aac"), ("a.ts", "libmp3lame"), ("a.mp2", "mp2"), ("a.ac3", "ac3"),
])  # fmt: skip
def test_a_cut_file_without_a_length_says_that_it_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str
) -> None:
    """From a disk and from a pipe; and nothing is said of a whole one."""
    path = encoded(tmp_path / name, codec, tone(LENGTH_MS, 44100), 44100)
    assert [texts(items) for items in streamed(path, monkeypatch)] == [[], []]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 9])
    for items in streamed(path, monkeypatch):
        assert any(text.endswith(NOT_WHOLE) for text in texts(items))


def patched(data: bytes, offset: int, value: int, size: int) -> bytes:
    """An ASF with another number in its properties."""
    at = data.index(PROPERTIES) + offset
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


@pytest.mark.parametrize(("codec", "rate"), [("wmav2", 44100), ("wmav1", 16000)])
def test_a_cut_wma_says_how_much_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, rate: int
) -> None:
    """By its header, which libav does not believe; where nothing is said, nothing is lost."""
    path = encoded(tmp_path / "a.wma", codec, tone(LENGTH_MS, rate), rate, bit_rate=32000)
    data = path.read_bytes()
    assert [texts(items) for items in streamed(path, monkeypatch)] == [[], []]
    for part in (0.2, 0.5, 0.83, 0.97, 0.999):
        path.write_bytes(data[: int(len(data) * part)])
        for items in streamed(path, monkeypatch):
            missing_s = (LENGTH_MS - max(RATE.ms(item.end) for item in items if isinstance(item, Chunk))) / 1000
            said = [float(found[1]) for text in texts(items) if (found := ENDS_EARLY.search(text))]
            assert abs(sum(said) - max(0, missing_s)) < 0.2


def test_a_wma_that_was_written_while_it_was_sent_is_not_called_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody filled in its lengths, and a length that is guessed is no promise."""
    path = encoded(tmp_path / "a.wma", "wmav2", tone(LENGTH_MS, 44100), 44100, bit_rate=32000)
    data = patched(patched(patched(path.read_bytes(), 56, 0, 8), 64, 31_000_000, 8), 88, 3, 4)
    assert asf_length(data) is None
    path.write_bytes(data)
    assert [texts(items) for items in streamed(path, monkeypatch)] == [[], []]


def test_a_film_says_what_is_missing_only_where_packets_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its length is that of the pictures, so sound that ends before them is no loss."""
    path = write_media(tmp_path / "a.wmv", "libmp3lame", [(0, tone(3000, 44100))], rate=44100, length_ms=6000)
    assert [texts(items) for items in streamed(path, monkeypatch)] == [[], []]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    for items in streamed(path, monkeypatch):
        assert any(ENDS_EARLY.search(text) for text in texts(items))


def test_packets_of_different_sizes_prove_no_cut() -> None:
    """Where they end is not known then; and a header that is cut itself says nothing."""
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + (500).to_bytes(8, "little") + bytes(6)
    whole = head + PROPERTIES + bytes(88)
    stated = patched(patched(patched(patched(whole, 56, 9, 8), 64, 50_000_000, 8), 92, 100, 4), 96, 100, 4)
    found = asf_length(stated)
    assert found is not None
    assert (found.length_ms, found.end_bytes) == (5000, 500 + 50 + 900)
    differing = asf_length(patched(stated, 96, 200, 4))
    assert differing is not None
    assert (differing.length_ms, differing.end_bytes) == (5000, 0)
    assert asf_length(stated[:100]) is None
    assert asf_length(b"x" + stated) is None
