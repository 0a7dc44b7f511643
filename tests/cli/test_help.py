"""The help: what a person reads first, on a terminal of 80 columns."""

import re

import pytest
from rich.cells import cell_len
from rich.markup import render

from asrcli.cli.app import COMMANDS, load_command
from tests.support.command import asr

ASKED = ["Model", "Sentences", "Words", "Prompt"]
PANELS = {
    "": ["Options", "Commands"],
    "mic": ["Options", "Audio", *ASKED, "Connection", "Output", "Diagnosis"],
    "devices": ["Options", "Audio", "Diagnosis"],
    "resume": ["Arguments", "Options", "Model", "Connection", "Output", "Diagnosis"],
    "sessions": ["Arguments", "Options", "Diagnosis"],
    "verify": ["Arguments", "Options", "Diagnosis"],
    "file": [
        "Arguments",
        "Options",
        "Audio",
        "Model",
        "Sentences",
        "Words",
        "Prompt",
        "Connection",
        "Output",
        "Diagnosis",
    ],
    "batch": [
        "Arguments",
        "Options",
        "Audio",
        "Model",
        "Sentences",
        "Words",
        "Prompt",
        "Connection",
        "Output",
        "Diagnosis",
    ],
    "ws-raw": ["Arguments", "Options", "Wire", "Connection", "Model", "Messages", "Audio", "Output", "Diagnosis"],
    "serve": ["Options", "Connection", "Recognizer", "Faults", "Diagnosis"],
    "models": ["Arguments", "Options", "Diagnosis"],
    "engines": ["Arguments", "Options", "Model", "Connection", "Diagnosis"],
    "vocab": ["Arguments", "Options", "List", "Connection", "Diagnosis"],
    "token": ["Options", "Connection", "Diagnosis"],
    "config": ["Arguments", "Options", "Diagnosis"],
    "login": ["Options", "Connection", "Diagnosis"],
    "logout": ["Options", "Connection", "Diagnosis"],
    "whoami": ["Options", "Connection", "Diagnosis"],
    "doctor": ["Options", "Connection", "Diagnosis"],
    "eval": ["Arguments", "Options", "Diagnosis"],
    "schema": ["Options"],
}
PATIENCE = "--reconnect --no-reconnect --retries --retry-wait --catch-up --connect-timeout --stall-timeout --keepalive "
SERVICE = "--url --base-url --region --workspace --api-key-file --proxy --ca --local --engine --temporary-key "
ASKING = (
    "--model --vad --no-vad --silence-ms --threshold --noise-threshold --prefix-padding-ms --vad-model --semantic "
    "--no-semantic --multi-threshold --language --itn --no-itn --punctuation --no-punctuation --disfluency "
    "--keep-dialect --interim --no-interim --translate --translation-only --param --force --hotwords --vocabulary-id "
    "--phrase-id --context --context-from-transcript --filter-words --drop-words --system-filter --prompt "
    "--side-transcript --temperature --top-p --top-k --max-tokens --seed "
)
PROMISED = {
    "mic": PATIENCE
    + SERVICE
    + ASKING
    + "--device --backend --test --for --until-silence --ptt --save-audio --device-retry --no-device-retry --gain "
    "--denoise --agc --heartbeat --no-heartbeat --format --output --append --partials --timestamps --template "
    "--capitalize --exec --max-line --max-lines --plain --journal --no-journal --quiet --verbose --debug --log-file",
    "devices": "--json --backend --debug --log-file",
    "resume": PATIENCE + SERVICE + "--last --model --journal --quiet --verbose --debug --log-file",
    "sessions": "--json --journal --debug --log-file",
    "verify": "--json --journal --debug --log-file",
    "file": PATIENCE
    + SERVICE
    + ASKING
    + "--start --end --channel --each-channel --gain --denoise --agc --pace --fast --raw --encoding --rate --channels "
    "--passthrough --heartbeat --no-heartbeat --format --output --output-dir --append --partials --timestamps "
    "--template --capitalize --exec --max-line --max-lines --plain --budget --estimate --quiet --verbose --debug "
    "--log-file",
    "batch": PATIENCE
    + SERVICE
    + ASKING.replace("--force ", "--force-settings ")
    + "--jobs --force --dry-run --json --split --track --channel --each-channel --gain --denoise --agc --pace "
    "--heartbeat --no-heartbeat --rpm --budget --estimate --format --out --name --overwrite --timestamps --template "
    "--capitalize --max-line --max-lines --plain --quiet --verbose --debug --log-file",
    "ws-raw": SERVICE + "--wire --header --wait --model --no-vad --first --last --text --pace "
    "--chunk-ms --audio-format --raw --encoding --rate --channels --show-sent --stamp --output --debug --log-file",
    "models": "--json --debug",
    "engines": "--json --name --languages --sha256 --yes --proxy --ca --debug",
    "vocab": "--json --words --model --prefix --wait --no-wait --yes --url --region --workspace --api-key-file "
    "--proxy --ca --quiet --debug --log-file",
    "token": "--expires --json --url --region --workspace --api-key-file --proxy --ca --debug --log-file",
    "config": "--origin --json --profile --debug",
    "login": "--no-check --url --region --workspace --proxy --ca --debug",
    "logout": "--all --url --region --debug",
    "whoami": "--json --url --region --workspace --api-key-file --debug",
    "doctor": "--json --no-network --local --engine --url --region --workspace --api-key-file --proxy --ca --debug",
    "serve": "--host --port --max-connections --drain --engine --strict-language --api-key-file --keys --cert --key "
    "--allow-origin --script --local-two-pass --faults --chaos --chaos-waits --answers --quiet --debug --log-file "
    "--log-format",
}


def helped(command: str) -> str:
    """The help of a command at 80 columns."""
    done = asr(*([command] if command else []), "--help", TERMINAL_WIDTH="80")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(("command", "panels"), PANELS.items())
def test_help_fits_80_columns_in_panels_and_ends_with_two_examples(command: str, panels: list[str]) -> None:
    """Options stand in groups, and the last lines can be copied."""
    lines = helped(command).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert [match[1] for line in lines if (match := re.match(r"╭─ (\w+) ", line))] == panels
    last = [line.strip() for line in lines if line.strip()][-3:]
    assert last[0] == "Examples:"
    assert all(line.startswith(f"asr {command}".strip()) or f"| asr {command}" in line for line in last[1:])


@pytest.mark.parametrize(("command", "options"), PROMISED.items())
def test_every_option_is_in_the_help(command: str, options: str) -> None:
    """None hides."""
    text = helped(command)
    assert [option for option in options.split() if not re.search(rf"{option}\b", text)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_word_of_the_help_is_lost_or_cut(command: str) -> None:
    """What looks like markup stays, no default ends in an ellipsis, and each option is listed once."""
    narrow, wide = helped(command), " ".join(asr(command, "--help", TERMINAL_WIDTH="2000").stdout.split())
    assert "…" not in narrow
    for parameter in load_command(command).params:
        if parameter.help and not parameter.hidden:
            assert " ".join(render(parameter.help).plain.split()) in wide
    listed = re.findall(r"^│ (--[a-z-]+)", narrow, re.MULTILINE)
    assert len(listed) == len(set(listed))


def test_words_in_brackets_stay_in_the_help() -> None:
    """A translation of the server is `[fr]` and the text; two names of one option have one entry."""
    assert "translation is [fr] and the text" in " ".join(helped("serve").replace("│", " ").split())
    assert not re.search(r"^│ --noise-threshold", helped("file"), re.MULTILINE)
    assert "formats" not in helped("ws-raw").split("╭─ Output")[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(command: str) -> None:
    """It is written down apart, so that no module is loaded for it."""
    text = " ".join(line.strip() for line in helped(command).splitlines())
    assert COMMANDS[command] in text
    assert PANELS.keys() == {"", *COMMANDS}


@pytest.mark.parametrize("command", ["mic", "file", "serve"])
def test_the_help_is_honest_about_the_embedded_engine(command: str) -> None:
    """Nobody expects Chinese or perfection of it."""
    text = " ".join(helped(command).replace("│", " ").split())
    assert "US English" in text
    assert "modest accuracy" in text
    assert "offline" in text


def test_no_command_shows_the_help_and_a_wrong_one_is_named() -> None:
    """Exit code 2 for both: nothing was done."""
    assert asr().returncode == 2
    wrong = asr("fiel")
    assert wrong.returncode == 2
    assert "No such command 'fiel'" in wrong.stderr
