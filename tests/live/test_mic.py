"""`asr mic` on a real capture path: a microphone made of software, the real server, and what befalls them."""

import json
from pathlib import Path

import pytest

from asrcli.recognizers import factory
from asrcli.server.faults.script import parse_script
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from tests.live.mic_runs import compared, finish, frames, listening, texts, truth
from tests.support.clip import SENTENCES, two_sentences
from tests.support.command import CLIP, asr, lines, started, word_errors
from tests.support.microphone import Microphone, until
from tests.support.tone import silence, tone, wav

QWEN = "qwen3-asr-flash-realtime"


@pytest.mark.slow
def test_what_is_spoken_comes_out_and_what_is_sent_is_saved(microphone: Microphone, tmp_path: Path) -> None:
    """The words of the clip, the audio without a drop-out, and standard error without a word of a sound library."""
    saved = tmp_path / "talk.wav"
    with listening(microphone, "--local", "--save-audio", saved) as process:
        microphone.play(CLIP)
        events, status = finish(process)
    assert word_errors(truth(), texts(events)) <= 0.05
    end = events[-1]
    assert (end["type"], end["lost_ms"], end["covered_ms"]) == ("end", 0, end["audio_ms"])
    found = compared(CLIP, saved)
    assert (found.correlation > 0.98, found.wander) == (True, 0)
    assert len(frames(saved)) == end["audio_ms"] * 32
    assert all(line.startswith("asr: ") for line in status)


def test_without_retries_an_unplugged_device_ends_the_run(microphone: Microphone, scripted: str) -> None:
    """Exit 3 and one line, after the text of what was heard."""
    with listening(microphone, "--url", scripted, "--no-device-retry") as process:
        process.read_until('"final"')
        microphone.unplug()
        rest, status = process.communicate(timeout=60)
    assert process.returncode == 3
    assert lines(rest)[-1]["lost_ms"] == 0
    assert "is gone" in status.splitlines()[-1]


@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_word_keeps_what_was_said_before_it(
    microphone: Microphone, embedded: str, tmp_path: Path
) -> None:
    """The last sentence ends where the run does: nothing that was spoken is thrown away."""
    saved = tmp_path / "talk.wav"
    heard = listening(microphone, "--url", embedded, "--partials", "--save-audio", saved)
    with heard as process, microphone.playing(CLIP):
        process.read_until("twenty")
        events, status = finish(process)
    finals = [event for event in events if event["type"] == "final"]
    end = events[-1]
    # On a busy machine the recognizer may be a sentence after the microphone.
    assert any("waiting here for more than twenty" in final["text"] for final in finals[-2:])
    rest = memoryview(frames(saved)[finals[-1]["end_ms"] * 32 :]).cast("h")
    loud_ms = sum(10 for at in range(0, len(rest), 160) if max(map(abs, rest[at : at + 160])) > 1000)
    assert loud_ms < 700  # it may be a pause in which the run ends
    assert end["lost_ms"] == 0
    assert "Ctrl-C again" in " ".join(status)


@pytest.mark.slow
def test_the_first_word_is_not_cut_while_the_service_takes_its_time(microphone: Microphone, tmp_path: Path) -> None:
    """The microphone listens from the beginning: what it hears before the service does is sent afterwards."""
    words = wav(tmp_path / "words.wav", frames(CLIP)[: 16000 * 2 * 9 // 2])
    slow = parse_script(['{"connection": 1, "at": "run-task", "do": "stall", "seconds": 3}'])
    with in_background(factory.make(), faults=slow) as address:
        asked = ("--url", address, "--connect-timeout", 60)  # a slow machine takes its time to load the recognizer
        with started("mic", "-f", "jsonl", *asked, **microphone.environment) as process:
            microphone.wait_for_readers()
            with microphone.playing(words):
                first = json.loads(process.read_until('"final"'))
                events, _ = finish(process)
    assert word_errors("the meeting will begin at nine o'clock in the morning", first["text"]) <= 0.2
    assert first["text"].lower().startswith("the meeting")
    assert events[-1]["lost_ms"] == 0


@pytest.mark.slow
def test_silence_ends_the_task_and_not_the_session(microphone: Microphone, tmp_path: Path) -> None:
    """Without a heartbeat the service hangs up on silence; the next word opens a new task and none is lost."""
    quiet = wav(tmp_path / "quiet.wav", silence(4000))
    with (
        in_background(factory.make(), ServerLimits(silent_s=2)) as address,
        listening(microphone, "--url", address, "--no-heartbeat", "--connect-timeout", 60) as process,
    ):
        microphone.play(quiet)
        assert "a new task begins" in process.read_until("RequestTimeOut")
        # What a busy machine has not recorded when Ctrl-C comes is silence.
        microphone.play(wav(tmp_path / "spoken.wav", frames(two_sentences(tmp_path)) + silence(2000)))
        events, _ = finish(process)
    assert word_errors(" ".join(SENTENCES), texts(events)) <= 0.05
    assert events[-1]["lost_ms"] == 0


@pytest.mark.slow
def test_the_microphone_and_what_is_played_are_two_speakers(
    microphone: Microphone, embedded: str, tmp_path: Path
) -> None:
    """Two sessions on one timeline, each with its label; their time is counted once, and there are two."""
    loud = microphone.add_sink("loudspeakers")
    arguments = ("--url", embedded, "--device", "mic", "--device", "monitor=Call", "--connect-timeout", 60)
    with started("mic", "-f", "jsonl", *arguments, **microphone.environment) as process:
        microphone.wait_for_readers(2)
        microphone.play(two_sentences(tmp_path), sink=loud)
        events, told = finish(process)
    finals = [event for event in events if event["type"] == "final"]
    assert {event["speaker"] for event in finals} == {"Call"}
    assert word_errors(" ".join(SENTENCES), texts(events)) <= 0.05
    end = events[-1]
    assert (end["lost_ms"], end["at_once"]) == (0, 2)
    assert end["audio_ms"] == end["final_ms"] + end["silence_ms"]
    assert end["wall_ms"] < end["audio_ms"] <= 2 * end["wall_ms"]
    assert any(" · 2 devices, " in line for line in told)


@pytest.mark.parametrize("wanted", ["--for", "--until-silence"])
def test_a_run_ends_after_a_time_or_a_silence(microphone: Microphone, scripted: str, wanted: str) -> None:
    """After this long, or after this much silence."""
    done = asr("mic", "--url", scripted, "-f", "jsonl", wanted, "1.5s", **microphone.environment)
    assert done.returncode == 0
    end = lines(done.stdout)[-1]
    assert 1500 <= end["audio_ms"] <= 2600
    assert (end["audio_ms"] == 1500) is (wanted == "--for")


def test_it_ends_before_it_costs_too_much(microphone: Microphone, scripted: str) -> None:
    """In order: the device is given back, what was sent has its text, and the bill is within the budget."""
    paid = ("--region", "cn-beijing", "--budget", "0.0012", "--no-journal", "-f", "jsonl")
    done = asr("mic", "--url", scripted, *paid, **microphone.environment)
    assert (done.returncode, "than the budget of 0.0012 CNY" in done.stderr) == (7, True)
    end = lines(done.stdout)[-1]
    assert (end["type"], end["lost_ms"]) == ("end", 0)
    assert 0 < end["cost"] <= 0.0012


def test_devices_are_listed_for_people_and_programs(microphone: Microphone) -> None:
    """Name, host API, default rate, channels, and which is the default; nothing else on standard error."""
    table, listed = asr("devices", **microphone.environment), asr("devices", "--json", **microphone.environment)
    assert (table.returncode, table.stderr, listed.stderr) == (0, "", "")
    devices = json.loads(listed.stdout)
    assert {"backend", "index", "name", "host_api", "rate", "channels", "default"} == set(devices[0])
    assert sum(device["default"] for device in devices) == 1
    assert all(device["name"] in table.stdout for device in devices)


@pytest.mark.slow
def test_the_meter_advises_and_sends_nothing(microphone: Microphone, tmp_path: Path) -> None:
    """Silent, good, too loud."""
    for level, advice in ((0.0, "silent: muted"), (0.3, "good"), (1.0, "clipping"), (0.005, "very soft")):
        sound = wav(tmp_path / "sound.wav", tone(1000, level=level) * 60)
        with microphone.playing(sound):
            microphone.wait_for_players()
            done = asr("mic", "--test", "--for", "1s", **microphone.environment)
        assert done.returncode == 0
        assert advice in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        (3, ["--device", "studio"], "no microphone has this name"),
        (3, ["--device", "a"], "could be several microphones"),
        (2, ["--for", "soon"], "--for soon: not a duration"),
        (2, ["--for", "0s"], "not a duration"),
        (2, ["--ptt"], "standard input is not a terminal"),
        (2, ["--save-audio", "talk.txt"], ".wav"),
        (2, ["--save-audio", "/no/such/place/talk.wav"], "there is no directory"),
        (2, ["--device", "mic", "--device", "mic"], "more than once"),
        (2, ["--test", "--save-audio", "talk.wav"], "a test"),
        (2, ["--denoise", "--model", "fun-asr-flash-8k-realtime"], "16000 Hz"),
    ],
)
def test_mistakes_are_one_line_with_an_exit_code(
    microphone: Microphone, code: int, arguments: list[str], said: str
) -> None:
    """And an exit code, before anything is sent."""
    done = asr("mic", "--url", "ws://127.0.0.1:1", *arguments, **microphone.environment)
    if code == 3:  # the service is dialled at the same time
        assert done.returncode in {3, 4}
    else:
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1)
        assert said in done.stderr
    assert done.stdout == ""


def test_a_pyaudio_that_does_not_load_is_reported_where_nothing_else_is_there(tmp_path: Path, scripted: str) -> None:
    """One line with what to do; what PyAudio prints when it fails is not in the transcript."""
    (tmp_path / "pyaudio.py").write_text("print('Could not import')\nraise ImportError('libportaudio.so.2')\n")
    (tmp_path / "miniaudio.py").write_text("raise ModuleNotFoundError(name='miniaudio')\n")
    for command in (["mic", "--url", scripted], ["devices"]):
        done = asr(*command, PYTHONPATH=str(tmp_path), PATH=str(tmp_path))
        assert (done.returncode, done.stdout) == (3, "")
        assert "PyAudio does not load (libportaudio.so.2)" in done.stderr
        assert "Traceback" not in done.stderr


def test_two_programs_can_listen_at_once(microphone: Microphone, scripted: str) -> None:
    """Nothing of ours is exclusive."""
    with listening(microphone, "--url", scripted) as one:
        with started("mic", "-f", "jsonl", "--url", scripted, **microphone.environment) as other:
            other.read_until('"final"')
            until("two readers", lambda: len(microphone.readers()) == 2)
            finish(other)
        one.read_until('"final"')
        finish(one)
