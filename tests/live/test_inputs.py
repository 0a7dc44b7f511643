"""What goes in: spans, channels, raw PCM, addresses, as options of the command."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.command import asr, lines
from tests.support.media_files import write_media
from tests.support.tone import encoded, silence, tone, wav


@pytest.fixture
def run(scripted: str) -> list[str]:
    """The options of a run against the scripted server."""
    return ["--url", scripted, "--pace", "max", "-f", "jsonl"]


def test_times_are_those_of_the_file_also_when_a_span_of_it_is_taken(run: list[str], tmp_path: Path) -> None:
    """Subtitles made of a part fit the whole; the account counts what was taken."""
    file = wav(tmp_path / "a.wav", tone(5000))
    events = lines(asr("file", file, *run, "--start", "0:02", "--end", "3.5").stdout)
    assert [(e["begin_ms"], e["end_ms"]) for e in events if e["type"] == "final"] == [(2000, 3000), (3000, 3500)]
    assert next(e for e in events if e["type"] == "begin")["begin_ms"] == 2000
    assert (events[-1]["audio_ms"], events[-1]["covered_ms"]) == (1500, 1500)


def test_raw_pcm_are_described(run: list[str], tmp_path: Path) -> None:
    """A second of stereo floats at 44.1 kHz is a second."""
    data = bytes(8 * 44100)
    described = ["--raw", "--encoding", "f32le", "--rate", "44100", "--channels", "2"]
    events = lines(asr("file", "-", *run, *described, stdin=data).stdout)
    assert events[-1]["audio_ms"] == 1000
    (tmp_path / "a.pcm").write_bytes(tone(700))
    assert lines(asr("file", tmp_path / "a.pcm", *run, "--raw").stdout)[-1]["audio_ms"] == 700


def test_a_channel_and_a_gain_reach_the_server(run: list[str], tmp_path: Path) -> None:
    """Manual mode cuts at silences, so the sound that is heard shows in what is committed."""
    left, right = tone(1000), silence(1000)
    both = b"".join(left[at : at + 2] + right[at : at + 2] for at in range(0, 32000, 2))
    file = wav(tmp_path / "a.wav", both, channels=2)
    for channel, options in (("left", []), ("2", ["--gain", "-20"]), ("mix", ["--gain", "6"])):
        done = asr("file", file, *run, "--channel", channel, *options)
        assert (done.returncode, lines(done.stdout)[-1]["audio_ms"]) == (0, 1000)


class Quiet(SimpleHTTPRequestHandler):
    """A web server that says nothing of its visitors."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Nothing."""


def test_an_address_is_read_as_it_comes(run: list[str], tmp_path: Path) -> None:
    """http://: decoded while it is fetched, in one piece or as an HLS playlist; what is not there is named."""
    encoded(tmp_path / "talk.mp3", "libmp3lame", tone(2000, 44100), 44100)
    encoded(tmp_path / "live.m3u8", "aac", tone(5000, 44100), 44100)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        there = asr("file", f"{address}/talk.mp3", *run)
        playlist = asr("file", f"{address}/live.m3u8", *run)
        missing = asr("file", f"{address}/none.mp3", *run)
        server.shutdown()
        thread.join()
    assert (there.returncode, playlist.returncode, missing.returncode) == (0, 0, 3)
    assert abs(lines(playlist.stdout)[-1]["audio_ms"] - 5000) < 150
    assert abs(lines(there.stdout)[-1]["audio_ms"] - 2000) < 120
    assert "none.mp3: server returned 404 not found" in missing.stderr


@pytest.mark.parametrize(
    ("status", "said"),
    [(410, "the server refuses it (HTTP 4xx)"), (503, "the server has a problem (HTTP 5xx)")],
)
def test_a_status_that_libav_does_not_name_is_said_in_words(run: list[str], status: int, said: str) -> None:
    """Not as the class of numbers that the library has for it."""

    class Refusing(Quiet):
        def do_GET(self) -> None:
            self.send_error(status)

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/talk.mp3"
        done = asr("file", address, *run)
        server.shutdown()
        thread.join()
    assert (done.returncode, done.stderr) == (3, f"asr: {address}: {said}; check the address and the network\n")


def test_a_header_that_promises_more_than_there_is_is_reported(run: list[str], tmp_path: Path) -> None:
    """Half a recording is transcribed, and its other half is missed."""
    file = wav(tmp_path / "a.wav", tone(4000))
    file.write_bytes(file.read_bytes()[:64044])
    done = asr("file", file, *run)
    assert (done.returncode, lines(done.stdout)[-1]["audio_ms"]) == (0, 2000)
    assert "a.wav: ends 2.0 s before the end" in done.stderr


def test_telephone_audio_travels_at_8_khz(run: list[str], tmp_path: Path) -> None:
    """The model is told the true rate; one that cannot take it is named beside those that can."""
    file = encoded(tmp_path / "a.wav", "pcm_mulaw", tone(1000, 8000), 8000)
    events = lines(asr("file", file, *run).stdout)
    assert (events[-1]["audio_ms"], events[-1]["sentences"]) == (1000, 1)
    sent = lines(asr("ws-raw", file, *run[:4], "--model", "fun-asr-flash-8k-realtime", "--show-sent").stdout)[0]["sent"]
    assert sent["payload"]["parameters"]["sample_rate"] == 8000
    refused = asr("file", file, *run, "--model", "paraformer-realtime-v1")
    assert refused.returncode == 2
    assert "paraformer-realtime-v1 takes audio at 16000 Hz, not at 8000 Hz; use fun-asr-flash-8k" in refused.stderr


def test_auto_says_what_it_picked(run: list[str], tmp_path: Path) -> None:
    """In the begin event."""
    telephone = encoded(tmp_path / "a.wav", "pcm_alaw", tone(500, 8000), 8000)
    for file, options, name in (
        (telephone, [], "fun-asr-flash-8k-realtime"),
        (wav(tmp_path / "b.wav", tone(500)), ["--language", "yue"], "qwen3-asr-flash-realtime"),
    ):
        events = lines(asr("file", file, *run, "--model", "auto", *options).stdout)
        assert next(event for event in events if event["type"] == "begin")["model"] == name


def test_each_channel_is_heard_by_itself(run: list[str], tmp_path: Path) -> None:
    """Two labelled sessions on one timeline; each hears its own channel, as manual mode's cuts show."""
    left = tone(1000) + silence(1000) + tone(1000)
    right = silence(1500) + tone(1500)
    both = b"".join(left[at : at + 2] + right[at : at + 2] for at in range(0, len(left), 2))
    file = wav(tmp_path / "call.wav", both, channels=2)
    qwen = ["--model", "qwen3-asr-flash-realtime", "--no-vad"]
    events = lines(asr("file", file, *run, "--each-channel", *qwen).stdout)
    finals = [(e["speaker"], e["begin_ms"], e["end_ms"]) for e in events if e["type"] == "final"]
    assert sorted(finals) == [("left", 0, 1600), ("left", 1600, 3000), ("right", 0, 3000)]
    assert sorted(e["sentence"] for e in events if e["type"] == "final") == [1, 2, 3]
    assert events[-1]["audio_ms"] == 6000
    text = asr("file", file, *run[:4], "--each-channel", "-q").stdout.splitlines()
    assert {line.split(": ")[0] for line in text} == {"left", "right"}


def test_channels_of_what_has_one_or_cannot_be_read_again(run: list[str], tmp_path: Path) -> None:
    """Mono is one session without a label, and a warning says so; a pipe is refused."""
    file = wav(tmp_path / "a.wav", tone(1000))
    for options, warnings in (
        ([], []),
        (["--each-channel"], [f"{file}: has one channel, so nothing says who speaks in it"]),
    ):
        events = lines(asr("file", file, *run, *options).stdout)
        assert [e.get("speaker") for e in events if e["type"] == "final"] == [None]
        assert [e["text"] for e in events if e["type"] == "notice" and "channel" in e["text"]] == warnings
    piped = asr("file", "-", *run, "--each-channel", stdin=file.read_bytes())
    assert (piped.returncode, "can be read only once" in piped.stderr) == (2, True)
    both = asr("file", file, *run, "--each-channel", "--channel", "left")
    assert (both.returncode, "--each-channel with --channel" in both.stderr) == (2, True)


def test_a_file_can_be_sent_as_it_is(run: list[str], tmp_path: Path) -> None:
    """Its own bytes, announced as what they are, on its own timeline; the server's decoder finds the samples."""
    file = wav(tmp_path / "a.wav", tone(2500))
    events = lines(asr("file", file, *run, "--passthrough").stdout)
    assert [(e["begin_ms"], e["end_ms"]) for e in events if e["type"] == "final"] == [
        (0, 1000),
        (1000, 2000),
        (2000, 2500),
    ]
    assert (events[-1]["audio_ms"], events[-1]["lost_ms"]) == (2500, 0)
    mp3 = encoded(tmp_path / "a.mp3", "libmp3lame", tone(2500, 44100), 44100)
    events = lines(asr("file", mp3, *run, "--passthrough").stdout)
    assert [event["end_ms"] for event in events if event["type"] == "final"][:2] == [1000, 2000]
    assert events[-1]["lost_ms"] == 0


def test_what_cannot_be_sent_as_it_is_is_named(run: list[str], tmp_path: Path) -> None:
    """By format, by model, by what else was asked for."""
    m4a = encoded(tmp_path / "a.m4a", "aac", tone(500, 48000))
    file = wav(tmp_path / "a.wav", tone(500))
    for arguments, said in (
        ([m4a], "which no service decodes"),
        ([file, "--model", "qwen3-asr-flash-realtime"], "decodes opus, not wav"),
        ([file, "--start", "0.1"], "sends a file as it is"),
        ([file, "--each-channel"], "sends a file as it is"),
    ):
        done = asr("file", *arguments, *run, "--passthrough")
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    piped = asr("file", "-", *run, "--passthrough", stdin=file.read_bytes())
    assert (piped.returncode, "must be a file" in piped.stderr) == (3, True)


def test_a_hole_in_a_file_is_a_gap_and_times_after_it_are_true(run: list[str], tmp_path: Path) -> None:
    """Exit code 6, the gap where the container has it, and no audio sent for it or for what lies before the sound."""
    sound = [(4000, tone(1500, 48000)), (9000, tone(1500, 48000))]
    done = asr("file", write_media(tmp_path / "a.mkv", "aac", sound, length_ms=11_000), *run)
    events = lines(done.stdout)
    (gap,) = [event for event in events if event["type"] == "gap"]
    assert done.returncode == 6
    assert abs(gap["begin_ms"] - 5500) < 100
    assert abs(gap["end_ms"] - 9000) < 100
    finals = [event for event in events if event["type"] == "final"]
    assert finals[0]["begin_ms"] == pytest.approx(4000, abs=50)
    assert any(event["begin_ms"] == pytest.approx(9000, abs=50) for event in finals)
    assert events[-1]["lost_ms"] == gap["end_ms"] - gap["begin_ms"]
    assert events[-1]["billed_s"] <= 5


def test_trouble_with_one_input_is_reported_and_the_others_are_heard(run: list[str], tmp_path: Path) -> None:
    """An absurd header, an unknown codec and a title in Latin-1: exit code 3 for the two that are no audio."""
    good = wav(tmp_path / "good.wav", tone(1000))
    absurd = tmp_path / "absurd.wav"
    absurd.write_bytes(good.read_bytes().replace((16000).to_bytes(4, "little"), (2 * 10**9).to_bytes(4, "little"), 1))
    unknown = encoded(tmp_path / "unknown.mka", "aac", tone(1000, 48000))
    unknown.write_bytes(unknown.read_bytes().replace(b"A_AAC", b"A_XYZ", 1))
    titled = wav(tmp_path / "titled.wav", tone(1000, 44100), 44100)
    titled.write_bytes(titled.read_bytes() + b"LIST\x10\0\0\0INFOINAM\4\0\0\0\xe9t\xe9\0")
    done = asr("file", absurd, titled, unknown, good, *run)
    assert done.returncode == 3
    assert "absurd.wav: claims 2000000000 samples a second" in done.stderr
    assert "unknown.mka: its audio cannot be decoded" in done.stderr
    assert [event["source"] for event in lines(done.stdout) if event["type"] == "begin"] == [str(titled), str(good)]


def test_an_estimate_counts_what_a_header_does_not_tell(tmp_path: Path) -> None:
    """A VBR file without a header misleads whoever looks at its beginning only."""
    path, sound = tmp_path / "both.mp3", tone(5000, 44100)
    parts = [
        encoded(tmp_path / f"{bit_rate}.mp3", "libmp3lame", sound, 44100, bit_rate=bit_rate, write_xing="0")
        for bit_rate in (320_000, 32_000)
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    done = asr("file", path, "--estimate")
    assert "both.mp3: 00:10" in done.stdout
