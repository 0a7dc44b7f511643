"""What clients send as audio: every format of the service becomes PCM, whole and in bounded memory; junk is refused."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import numpy as np
import pytest

from asrcli.core.errors import SourceError
from asrcli.recognizers import factory
from asrcli.server import audio_decoder
from asrcli.server.audio_decoder import CONTAINERS, AudioDecoder
from asrcli.server.local_server import in_background
from asrcli.server.task_audio import TaskAudio
from tests.support.echo_recognizer import ECHO
from tests.support.tone import encoded, silence, tone
from tests.support.wire import finish_task, run_task, wire

RATE = 16000
PCM = silence(1000) + tone(1000) + silence(1000)
ENCODERS = {"mp3": ("libmp3lame", "x.mp3"), "opus": ("libopus", "x.ogg"), "aac": ("aac", "x.aac")}
# Formats for which not every PyAV has an encoder: the same sound as AMR, and 3 s of a tone as Speex.
DATA = Path(__file__).parent.parent / "data"
AMR, SPEEX = DATA / "tone.amr", DATA / "tone.spx"


def sample(audio_format: str, folder: Path) -> bytes:
    """A second of a tone between two of silence, in this format."""
    if audio_format == "amr":
        return AMR.read_bytes()
    codec, name = ENCODERS[audio_format]
    return encoded(folder / name, codec, PCM, RATE).read_bytes()


def decoded(decoder: AudioDecoder, pieces: list[bytes]) -> bytes:
    """The PCM of all pieces."""
    pcm = b"".join(part for piece in pieces for part in decoder.pcm(piece))
    return pcm + b"".join(decoder.rest())


def cut(data: bytes, seed: int) -> list[bytes]:
    """A file in pieces of any size, as a network brings it."""
    random, pieces = Random(seed), []
    while data:
        size = random.choice((1, 7, 400, 4000))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@pytest.mark.parametrize("audio_format", [*ENCODERS, "amr"])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_format_becomes_pcm_at_the_rate_of_the_task(audio_format: str, seed: int, tmp_path: Path) -> None:
    """As long as the recording, the tone in its place within what an encoder adds, however it is cut."""
    data = sample(audio_format, tmp_path)
    pcm = decoded(AudioDecoder(audio_format, RATE), cut(data, seed) if seed else [data])
    assert abs(len(pcm) - len(PCM)) / 32 < 150
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, np.int16)) > 3000) / RATE
    assert loud[0] == pytest.approx(1.0, abs=0.07)
    assert loud[-1] == pytest.approx(2.0, abs=0.07)


def test_speex_is_decoded_too() -> None:
    """In Ogg, as the service takes it."""
    pcm = decoded(AudioDecoder("speex", 8000), cut(SPEEX.read_bytes(), 1))
    assert len(pcm) / 16 == pytest.approx(3000, abs=40)


@pytest.mark.parametrize("audio_format", CONTAINERS)
def test_audio_that_is_no_such_format_is_refused(audio_format: str) -> None:
    """With the name of the format. Nothing at all is no mistake."""
    with pytest.raises(SourceError, match=f"^{audio_format} audio: "):
        decoded(AudioDecoder(audio_format, RATE), [b"this is text, and no audio at all. " * 400])
    assert decoded(AudioDecoder(audio_format, RATE), []) == b""


@pytest.mark.parametrize("audio_format", CONTAINERS)
def test_audio_of_another_kind_in_which_no_packet_is_found_is_refused_too(audio_format: str) -> None:
    """A client that announces mp3 and sends samples is told so, and not that it has sent nothing."""
    with pytest.raises(SourceError, match=f"^{audio_format} audio: "):
        decoded(AudioDecoder(audio_format, RATE), cut(PCM, 3))


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_alaw"])
@pytest.mark.parametrize(("rate", "layout"), [(RATE, "mono"), (RATE, "stereo"), (8000, "mono"), (44100, "stereo")])
@pytest.mark.parametrize("length", ["right", "unknown"])
def test_a_wav_of_any_kind_becomes_the_pcm_of_the_task(
    codec: str, rate: int, layout: str, length: str, tmp_path: Path
) -> None:
    """By its header, which may not know the length: who streams a WAV cannot know it."""
    sound = silence(1000, rate) + tone(1000, rate) + silence(1000, rate)
    data = bytearray(encoded(tmp_path / "x.wav", codec, sound, rate, layout).read_bytes())
    if length == "unknown":
        at = data.index(b"data") + 4
        data[at : at + 4] = b"\xff" * 4

    async def heard() -> bytes:
        audio, pcm = TaskAudio("wav", RATE), b""
        for piece in cut(bytes(data), 5):
            if audio.is_uncompressed:
                pcm += audio.uncompressed_pcm(piece)
            else:
                pcm += b"".join([part async for part in audio.pcm(piece)])
        pcm += b"".join([part async for part in audio.rest()])
        audio.close()
        return pcm

    pcm = asyncio.run(heard())
    assert abs(len(pcm) - len(PCM)) / 32 < 40
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, np.int16)) > 3000) / RATE
    assert (loud[0], loud[-1]) == (pytest.approx(1.0, abs=0.02), pytest.approx(2.0, abs=0.02))


def test_the_pcm_that_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small piece may expand to much audio: it comes in parts, and none of it is lost."""
    monkeypatch.setattr(audio_decoder, "MAX_PCM_BYTES", 10_000)
    data = sample("opus", tmp_path)
    decoder = AudioDecoder("opus", RATE)
    parts = [*decoder.pcm(data), *decoder.rest()]
    assert max(map(len, parts)) < 20_000
    assert len(b"".join(parts)) == pytest.approx(len(PCM), abs=3200)


def test_a_decoder_that_is_closed_ends_its_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it waits for audio or for somebody who takes what it has."""
    monkeypatch.setattr(audio_decoder, "MAX_PCM_BYTES", 1000)
    data = sample("opus", tmp_path)
    before = set(threading.enumerate())
    waiting, full = AudioDecoder("opus", RATE), AudioDecoder("opus", RATE)
    next(full.pcm(data))
    started = set(threading.enumerate()) - before
    assert len(started) == 2
    waiting.close()
    full.close()
    for thread in started:
        thread.join(60)
        assert not thread.is_alive()


def test_samples_and_wav_need_no_decoder() -> None:
    """A header is left out; nothing waits."""

    async def taken(pieces: AsyncIterator[bytes]) -> bytes:
        return b"".join([piece async for piece in pieces])

    audio = TaskAudio("wav", RATE)
    header = b"RIFF\0\0\0\0WAVEdata\0\0\0\0"
    assert asyncio.run(taken(audio.pcm(header + b"ab"))) == b"ab"
    assert asyncio.run(taken(audio.rest())) == b""
    audio.close()


@pytest.mark.parametrize("audio_format", [*ENCODERS, "amr"])
def test_a_client_may_send_any_format(audio_format: str, tmp_path: Path) -> None:
    """The recognizer hears three seconds; the name of the format in capitals and a rate in quotes are understood."""
    data = sample(audio_format, tmp_path)
    with in_background(factory.make(ECHO)) as address, wire(address) as client:
        client.say(run_task(format=audio_format.upper(), sample_rate="16000"), *cut(data, 2), finish_task())
        sentence = client.hear_all("task-finished")[-2]["payload"]["output"]["sentence"]
        assert int(sentence["text"].split()[0]) == pytest.approx(3000, abs=150)


def test_a_client_that_sends_other_audio_than_announced_gets_an_error() -> None:
    """Its task fails with the service's code, and the connection is closed."""
    with in_background(factory.make(ECHO)) as address, wire(address) as client:
        client.say(run_task(format="opus"), b"no audio at all " * 500, finish_task())
        failed = client.handle("task-failed")["header"]
        assert failed["error_code"] == "NO_VALID_AUDIO_ERROR"
        assert failed["error_message"].startswith("opus audio: is not audio")
        client.closed()
