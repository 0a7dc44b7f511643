"""Saved audio: exactly what is taken, playable whatever happens, and never in the way of the transcription."""

import os
import shutil
import signal
import subprocess
import sys
import wave
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest

from asrcli.core.audio import Chunk, Format, recut
from asrcli.core.errors import AsrError, OutputError, SourceError, UsageError
from asrcli.core.events import Event, Gap, Notice
from asrcli.sources.decoder import Decoder
from asrcli.sources.encoder import SUFFIXES, WavWriter
from asrcli.sources.placed_audio import PlacedPiece
from asrcli.sources.recorder import RecordedSource
from tests.support.tone import loudness, silence, tone

EXACT = (".wav", ".flac")
GONE = SourceError("mic", "is gone")
LAST_MS = 1000  # what may be missing of a file that nobody finished

FULL = {".wav": 70_000, ".flac": 30_000, ".mp3": 12_000, ".opus": 12_000}  # on this many bytes

# Reads PCM, and says how many chunks are in the file before it reads on.
CHILD = """
import sys
from types import SimpleNamespace
from asrcli.core.audio import Chunk, Format
from asrcli.sources.recorder import RecordedSource

def chunks(start):
    size = given.format.samples(100)
    while pcm := sys.stdin.buffer.read(2 * size):
        yield Chunk(start, pcm)
        start += size
        print(start, flush=True)

given = SimpleNamespace(name="", begin_ms=0, speaker="", realtime=False, audio_format="pcm", chunks=chunks)
given.format = Format(int(sys.argv[2]))
for _ in RecordedSource(given, sys.argv[1]).chunks(0):
    pass
"""


class Given:
    """A live source of given items, and of an error behind them."""

    name, audio_format, begin_ms, speaker, duration_ms, realtime = "given", "pcm", 250, "anna", 5, True

    def __init__(self, items: Iterable[Chunk | Event], rate: int = 16000, error: AsrError | None = None) -> None:
        self._items, self.format, self._error, self.live = items, Format(rate), error, self
        self.start = 0

    def end(self) -> None:
        """Nobody asks for it here."""

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """The items as they are."""
        self.start = start
        yield from self._items
        if self._error is not None:
            raise self._error


def pieces(pcm: bytes, rate: int = 16000) -> list[Chunk | Event]:
    """Chunks of 100 ms, the last one as long as it is."""
    return list(recut([pcm], rate // 10))


def spoken(rate: int) -> bytes:
    """A second of silence and then three of tone; no whole number of anybody's packets."""
    return silence(1000, rate) + tone(3037, rate)


def decoded(path: Path, rate: int) -> bytes:
    """What a player hears, in which nothing is damaged."""
    with closing(Decoder(str(path), str(path))) as decoder:
        pcm = b"".join(item.pcm for item in decoder.pieces(Format(rate)) if isinstance(item, PlacedPiece))
        assert decoder.damaged == 0
    return pcm


def length_ms(path: Path, rate: int = 16000) -> int:
    """How much a player hears."""
    return len(decoded(path, rate)) * 500 // rate


def promised_ms(path: Path) -> int | None:
    """How much the file says there is."""
    with closing(Decoder(str(path), str(path))) as decoder:
        return decoder.promised_ms


def same(path: Path, pcm: bytes, rate: int) -> bool:
    """Whether the file holds this, sample for sample or, in the formats with losses, to the ear."""
    heard = decoded(path, rate)
    if path.suffix in EXACT:
        return heard == pcm
    onset, margin = 2 * rate, 2 * rate // 10  # bytes of the silent second, and of 100 ms
    right = loudness(heard[onset + margin : len(pcm) - margin]) / loudness(pcm[onset + margin : -margin])
    return abs(len(heard) - len(pcm)) <= margin and 0.9 < right < 1.1 and loudness(heard[: onset - margin]) < 0.001


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Let no file grow longer, as a full disk does."""
    resource = pytest.importorskip("resource", reason="a limit on files is a matter of Unix")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_taken_is_in_the_file(tmp_path: Path, suffix: str, rate: int) -> None:
    """All of it and in its place: WAV and FLAC to the bit, the others in length and loudness."""
    path = tmp_path / f"talk{suffix}"
    assert list(RecordedSource(Given(pieces(spoken(rate), rate), rate), str(path)).chunks(0)) == pieces(
        spoken(rate), rate
    )
    assert same(path, spoken(rate), rate)
    assert promised_ms(path) == {".mp3": None, ".opus": 4043}.get(suffix, 4037)


def test_nothing_is_changed_on_the_way(tmp_path: Path) -> None:
    """The same objects in the same order and the same source to everybody else; the file holds the audio alone."""
    first, behind = Chunk(800, tone(100), cut_after=True), Chunk(9600, tone(50), quiet=True)
    items: list[Chunk | Event] = [Notice("info", "hello"), first, Gap(150, 600, "too slow"), behind]
    source = Given(items)
    saved = RecordedSource(source, str(tmp_path / "a.wav"))
    heard = list(saved.chunks(800))
    assert [id(item) for item in heard] == [id(item) for item in items]
    for name in ("name", "format", "begin_ms", "speaker", "audio_format", "live", "duration_ms"):
        assert getattr(saved, name) == getattr(source, name)
    assert (source.start, decoded(tmp_path / "a.wav", 16000)) == (800, first.pcm + behind.pcm)


@pytest.mark.parametrize("suffix", EXACT)
def test_a_chunk_that_is_not_taken_is_not_written(tmp_path: Path, suffix: str) -> None:
    """Whoever stops at a chunk has not sent it; the file is finished all the same."""
    path = tmp_path / f"a{suffix}"
    chunks = RecordedSource(Given(pieces(tone(1000))), str(path)).chunks(0)
    for _ in range(4):
        next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert decoded(path, 16000) == tone(1000)[: 3 * 3200]
    assert promised_ms(path) == 300


def test_there_is_no_file_before_there_is_audio(tmp_path: Path) -> None:
    """A run that never begins leaves nothing behind, and neither does a chunk without samples."""
    path = tmp_path / "a.opus"
    chunks = RecordedSource(Given([Notice("info", "hello"), Chunk(0, b""), Chunk(0, tone(100))]), str(path)).chunks(0)
    for _ in range(3):
        next(chunks)
        assert not path.exists()
    assert (list(chunks), path.exists()) == ([], True)


def test_a_source_that_fails_leaves_a_finished_file(tmp_path: Path) -> None:
    """A microphone that is pulled out ends the run, and its audio is there."""
    path = tmp_path / "a.flac"
    with pytest.raises(SourceError, match="gone"):
        list(RecordedSource(Given(pieces(tone(500)), error=GONE), str(path)).chunks(0))
    assert promised_ms(path) == 500


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_plays_at_any_moment(tmp_path: Path, suffix: str) -> None:
    """What is on the disk between two chunks is a file that lacks at most the last second."""
    path, now = tmp_path / f"talk{suffix}", tmp_path / f"now{suffix}"
    for taken, _ in enumerate(RecordedSource(Given(pieces(tone(4000))), str(path)).chunks(0)):
        if taken * 100 > LAST_MS:
            shutil.copy(path, now)
            assert taken * 100 - LAST_MS <= length_ms(now) <= taken * 100 + 100
    assert taken == 39


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_program_leaves_a_file_that_plays(tmp_path: Path, suffix: str, rate: int) -> None:
    """A kill -9 in the middle costs the last second at most, and a WAV tells its right length."""
    path, pcm = tmp_path / f"talk{suffix}", tone(3000, rate)
    command = [sys.executable, "-c", CHILD, str(path), str(rate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(pcm)
        while int(child.stdout.readline()) < len(pcm) // 2:
            pass
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert 3000 - LAST_MS <= length_ms(path, rate) <= 3100
    if suffix == ".wav":
        with wave.open(str(path)) as file:
            assert pcm == file.readframes(file.getnframes())


@pytest.mark.parametrize("suffix", FULL)
def test_a_full_disk_ends_the_file_and_not_the_run(tmp_path: Path, suffix: str) -> None:
    """One warning says up to where; until there the file plays, and all of the source is heard."""
    path, items = tmp_path / f"talk{suffix}", pieces(tone(4000))
    with room_for(FULL[suffix]):
        heard = list(RecordedSource(Given(items), str(path)).chunks(0))
    (notice,) = [item for item in heard if isinstance(item, Notice)]
    assert [item for item in heard if item is not notice] == items
    said, reason = notice.text.removeprefix(f"{path}: the audio is saved up to ").split(" s only: ")
    assert (notice.level, reason) == ("warning", "file too large")
    assert 1000 <= float(said) * 1000 <= length_ms(path) <= float(said) * 1000 + 600 < 4000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_where_nothing_can_be_saved_no_file_is_left(tmp_path: Path, suffix: str) -> None:
    """A disk that was full before is told once, too."""
    with room_for(10):
        heard = list(RecordedSource(Given(pieces(tone(500))), str(tmp_path / f"a{suffix}")).chunks(0))
    (text,) = [item.text for item in heard if isinstance(item, Notice)]
    assert text == f"{tmp_path / f'a{suffix}'}: the audio is not saved: file too large"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("suffix", "said", "error"), [(".opus", "0.5", None), (".flac", "0.9", GONE)])
def test_what_cannot_be_written_at_the_end_is_told(tmp_path: Path, suffix: str, said: str, error: AsrError) -> None:
    """Encoders hold some audio back; a disk that is full by then is no secret, even before an error of the source."""
    path, items, disk = tmp_path / f"a{suffix}", pieces(tone(1000)), ExitStack()

    def filling() -> Iterator[Chunk | Event]:
        yield from items
        disk.enter_context(room_for(path.stat().st_size))

    chunks = RecordedSource(Given(filling(), error=error), str(path)).chunks(0)
    with disk:
        heard = [next(chunks) for _ in range(11)]
    assert heard == [*items, Notice("warning", f"{path}: the audio is saved up to {said} s only: file too large")]
    assert float(said) * 1000 <= length_ms(path) < 1000
    with pytest.raises(SourceError if error else StopIteration):
        next(chunks)


def test_a_wav_does_not_outgrow_its_sizes(tmp_path: Path) -> None:
    """They have four bytes: behind that the file is full, as a disk can be."""
    writer = WavWriter(tmp_path / "a.wav", Format(16000), limit_bytes=6400)
    writer.write(tone(200))
    with pytest.raises(OSError, match="too large"):
        writer.write(tone(10))
    writer.close()
    assert decoded(tmp_path / "a.wav", 16000) == tone(200)


def test_mistakes_are_named_before_anyone_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says what is wrong, and nothing is made or touched."""
    (tmp_path / "old.wav").write_bytes(b"old")
    (tmp_path / "folder.mp3").mkdir()
    (tmp_path / "device.wav").symlink_to(os.devnull)
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "astray.wav").symlink_to("nowhere/a.wav")
    before = sorted(tmp_path.rglob("*"))
    taken, nowhere = "exists already; choose another name", f"there is no directory {tmp_path / 'nowhere'}"
    for name, problem in [
        *(("old.wav", taken), ("device.wav", taken), ("loop.wav", taken), ("folder.mp3", "is a directory")),
        *(("nowhere/a.flac", nowhere), ("astray.wav", nowhere), ("n" * 300 + ".wav", "file name too long")),
    ]:
        with pytest.raises(OutputError) as told:
            RecordedSource(Given([]), str(tmp_path / name))
        assert str(told.value) == f"cannot write {tmp_path / name}: {problem}"
    for name in ("a.ogg", "a", "", "-", os.devnull, ".wav"):
        with pytest.raises(UsageError, match=r"\.wav, \.flac, \.mp3 or \.opus"):
            RecordedSource(Given([]), name)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(OutputError, match="permission denied"):
        RecordedSource(Given([]), str(tmp_path / "new.wav"))
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "old.wav").read_bytes() == b"old"


def test_a_format_that_was_built_out_of_pyav_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems ship it without LAME; WAV needs nothing of it."""
    import av.codec.codec as codecs

    monkeypatch.setattr(codecs, "Codec", Mock(side_effect=codecs.UnknownCodecError("libmp3lame")))
    with pytest.raises(UsageError, match=r"cannot write \.mp3; use \.wav"):
        RecordedSource(Given([]), str(tmp_path / "a.mp3"))
    RecordedSource(Given([]), str(tmp_path / "a.wav"))


def test_a_link_stays_a_link_and_a_name_taken_meanwhile_stays_taken(tmp_path: Path) -> None:
    """What somebody else puts there after the check is not ours to replace."""
    (tmp_path / "a.WAV").symlink_to("there")
    saved = RecordedSource(Given(pieces(tone(200))), str(tmp_path / "a.WAV"))
    late = RecordedSource(Given(pieces(tone(200))), str(tmp_path / "a.WAV"))
    list(saved.chunks(0))
    assert (tmp_path / "a.WAV").is_symlink()
    assert Notice("warning", f"{tmp_path / 'a.WAV'}: the audio is not saved: file exists") in late.chunks(0)
    assert decoded(tmp_path / "there", 16000) == tone(200)
