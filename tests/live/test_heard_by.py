"""What really heard is named: in the begin event, in the account, in the end event and in `asr sessions`."""

import json
import time
from pathlib import Path

import pytest

from tests.support.command import asr, lines, started
from tests.support.microphone import Microphone
from tests.support.required_engines import need_engine
from tests.support.tone import silence, tone, wav
from tests.support.wire import wait_until

USUAL, OTHER, WIRE2 = "fun-asr-realtime", "paraformer-realtime-v2", "qwen3-asr-flash-realtime"
SPHINX = ["--local", "--engine", "pocketsphinx"]
EMBEDDED = {"pocketsphinx en-us": "pocketsphinx", "moonshine tiny-en": "moonshine"}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ([], USUAL),
        (["--model", OTHER], OTHER),
        (["--model", WIRE2], WIRE2),
        (SPHINX, "pocketsphinx en-us"),
        ([*SPHINX, "--model", WIRE2], "pocketsphinx en-us"),
        (["--local", "--engine", "moonshine"], "moonshine tiny-en"),
    ],
)
def test_a_run_over_a_file_names_what_has_heard_it(
    scripted: str, tmp_path: Path, options: list[str], name: str
) -> None:
    """The model that was asked, by default or by name; with --local the recognizer, whatever model is named.

    A local server behind an address answers under the name of the model, and says which recognizer it has.
    """
    engine = name if name in EMBEDDED else "scripted"
    if name in EMBEDDED:
        need_engine(EMBEDDED[name])
    else:
        options = [*options, "--url", scripted]
    done = asr("file", wav(tmp_path / "a.wav", tone(900)), *options, "-f", "jsonl")
    events = {event["type"]: event for event in lines(done.stdout)}
    assert (events["begin"]["model"], events["end"]["model"]) == (name, name)
    assert (events["begin"]["engine"], events["end"]["engine"]) == (engine, engine)
    assert done.stderr.rstrip().endswith(f"heard by {name}" + ("" if name == engine else f" · engine {engine}"))


@pytest.mark.parametrize(("options", "name"), [(["--model", OTHER], OTHER), (SPHINX, "pocketsphinx en-us")])
def test_a_talk_that_is_gone_on_with_elsewhere(
    microphone: Microphone, scripted: str, tmp_path: Path, options: list[str], name: str
) -> None:
    """The list names all that heard it in order, the transcript and the account what heard each part."""
    if name in EMBEDDED:
        need_engine(EMBEDDED[name])
    else:
        options = [*options, "--url", scripted]
    kept, out = tmp_path / "kept", tmp_path / "talk.jsonl"
    part = out.with_name(f"{out.name}.part")
    arguments = ("--url", scripted, "--journal", kept, "-f", "jsonl", "-o", out)
    with started("mic", *arguments, **microphone.environment) as process:
        microphone.wait_for_readers()
        speech = tone(1500) + silence(500) + tone(20_000)
        with microphone.playing(wav(tmp_path / "a.wav", speech)):
            wait_until(lambda: part.exists() and '"final"' in part.read_text(), 60)
            time.sleep(1.5)  # in the middle of a sentence, which are a second long
            process.kill()
            process.wait()
    (session,) = json.loads(asr("sessions", "--json", "--journal", kept).stdout)
    assert session["model"] == USUAL
    done = asr("resume", "--last", "--yes", "--journal", kept, *options)
    assert done.returncode == 0, done.stderr
    assert f"heard by {name}" in done.stderr
    assert [event["model"] for event in lines(out.read_text()) if event["type"] == "begin"] == [USUAL, name]
    (session,) = json.loads(asr("sessions", "--json", "--journal", kept).stdout)
    assert session["model"] == f"{USUAL}, {name}"
    assert session["engine"] == ("scripted" if name not in EMBEDDED else f"scripted, {name}")
    assert f"{USUAL}, {name}" in asr("sessions", "show", session["id"], "--journal", kept).stdout
