"""The help: what a person reads first, on a terminal of 80 columns."""

import re
from functools import cache
from importlib import import_module

import pytest
from rich.cells import cell_len
from typer.core import TyperOption

from asrcli.cli.app import COMMANDS, load_command
from asrcli.cli.render.help_page import MANY, Command
from asrcli.cli.render.topic_pages import ENTRY, blocks
from asrcli.protocol.registry import WIRES
from tests.support.command import asr

ASKED = ["Model", "Sentences", "Words", "Prompt"]
PANELS = {
    "": ["Commands", "Options"],
    "mic": ["Audio", *ASKED, "Connection", "Output", "Diagnosis"],
    "devices": ["Options", "Audio", "Diagnosis"],
    "resume": ["Arguments", "Options", "Model", "Connection", "Output", "Diagnosis"],
    "sessions": ["Arguments", "Options", "Diagnosis"],
    "search": ["Arguments", "Options", "Diagnosis"],
    "verify": ["Arguments", "Options", "Diagnosis"],
    "file": ["Arguments", "Audio", *ASKED, "Connection", "Output", "Diagnosis"],
    "batch": ["Arguments", "Options", "Audio", *ASKED, "Connection", "Output", "Diagnosis"],
    "ws-raw": ["Arguments", "Wire", "Connection", "Model", "Messages", "Audio", "Output", "Diagnosis"],
    "replay": ["Arguments", "Options", "Output", "Diagnosis"],
    "serve": ["Arguments", "Connection", "Recognizer", "Faults", "Diagnosis"],
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
    "schema": [],
    "help": ["Arguments", "Options"],
}
LINES = 60  # what a person reads without scrolling far
SHORT = {"mic": 20, "file": 20}  # how many options the short help has
PATIENCE = "--reconnect --no-reconnect --retries --retry-wait --catch-up --connect-timeout --stall-timeout --keepalive "
SERVICE = (
    "--url --base-url --region --workspace --api-key-file --proxy --ca --local --engine --temporary-key --insecure-tls "
)
ASKING = (
    "--model -m --vad --no-vad --silence-ms --threshold --noise-threshold --prefix-padding-ms --vad-model --semantic "
    "--no-semantic --multi-threshold --language -l --itn --no-itn --punctuation --no-punctuation --disfluency "
    "--keep-dialect --interim --no-interim --translate --translation-only --param --force --hotwords --vocabulary-id "
    "--phrase-id --context --context-from-transcript --filter-words --drop-words --system-filter --prompt "
    "--side-transcript --temperature --top-p --top-k --max-tokens --seed "
)
PROMISED = {
    "mic": PATIENCE
    + SERVICE
    + ASKING
    + "--device --backend --test --for --until-silence --ptt --save-audio --device-retry --no-device-retry --gain "
    "--record --record-audio "
    "--denoise --agc --heartbeat --no-heartbeat --format --output --append --partials --timestamps --template "
    "--capitalize --exec --max-line --max-lines --plain --journal --no-journal "
    "--library --no-library --library-max-age --library-max-size --quiet --verbose --debug --log-file",
    "devices": "--json --backend --debug --log-file",
    "resume": PATIENCE + SERVICE + "--last --model --journal --quiet --verbose --debug --log-file",
    "sessions": "--json --journal --format --output --overwrite --max-line --max-lines --library-max-age "
    "--library-max-size --debug --log-file",
    "search": "--context --limit --json --debug --log-file",
    "verify": "--json --journal --debug --log-file",
    "file": PATIENCE
    + SERVICE
    + ASKING
    + "--start --end --channel --each-channel --gain --denoise --agc --pace --fast --raw --encoding --rate --channels "
    "--record --record-audio "
    "--passthrough --heartbeat --no-heartbeat --format --output --output-dir --append --partials --timestamps "
    "--template --capitalize --exec --max-line --max-lines --plain --budget --estimate --quiet --verbose --debug "
    "--log-file",
    "batch": PATIENCE
    + SERVICE
    + ASKING.replace("--force ", "--force-settings ")
    + "--jobs --force --dry-run --json --split --ref --watch --track --channel --each-channel --gain --denoise --agc "
    "--pace --heartbeat --no-heartbeat --rpm --dask --budget --estimate --format --out --name --overwrite --timestamps "
    "--template --capitalize --max-line --max-lines --plain --quiet --verbose --debug --log-file",
    "ws-raw": SERVICE + "--wire --header --wait --model --no-vad --first --last --text --pace "
    "--record --record-audio "
    "--chunk-ms --audio-format --raw --encoding --rate --channels --show-sent --no-audio --verbose -v --stamp --output "
    "--debug --log-file",
    "replay": "--speed --format --output --append --partials --timestamps --template --exec "
    "--plain --quiet --verbose --debug --log-file",
    "": "--version -V --help -h",
    "help": "--man",
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
    "serve": "--host --port --max-connections --drain --engine --workers --strict-language --lenient --api-key-file "
    "--keys --cert --key --allow-origin --script --local-two-pass --faults --chaos --chaos-waits --answers --replay "
    "--quiet --debug --log-file --log-format",
}


@cache
def helped(command: str, *, everything: bool = True) -> str:
    """The help of a command at 80 columns."""
    asked = "--help-all" if everything and command else "--help"
    done = asr(*([command] if command else []), asked, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def groups(text: str) -> list[str]:
    """The titles of the groups of options."""
    return re.findall(r"^([A-Z]\w+):$", text, re.MULTILINE)


@pytest.mark.parametrize(("command", "panels"), PANELS.items())
def test_help_fits_80_columns_in_groups_and_ends_with_examples(command: str, panels: list[str]) -> None:
    """Options stand in groups, and the last lines can be copied."""
    text = helped(command)
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert groups(text) == [*panels, "Help", "Examples"]
    examples = [line.strip() for line in text.split("Examples:\n")[1].split("\n\n")[0].splitlines()]
    assert len(examples) >= 2
    assert all(line.startswith(f"asr {command}".strip()) or f"| asr {command}" in line for line in examples)


@pytest.mark.parametrize("command", PANELS)
def test_the_first_help_fits_a_screen_and_leads_to_the_rest(command: str) -> None:
    """At most 60 lines of 80 columns; where options are left out, it says how many, and how to see them."""
    short, full = helped(command, everything=False), helped(command)
    lines = short.splitlines()
    assert len(lines) <= LINES
    assert max(map(cell_len, lines)) <= 80
    shown, there = (len(re.findall(r"^  --(?!help)[a-z]", text, re.MULTILINE)) for text in (short, full))
    if command in SHORT:
        assert shown == SHORT[command]
        assert len(short.split("Examples:\n")[1].split("\n\n")[0].splitlines()) == 3
    if shown < there:
        assert "--help-all  " in short
        assert f"Show the other {there - shown} options too" in short
    else:
        assert "--help-all" not in short


@pytest.mark.parametrize("command", COMMANDS)
def test_options_of_the_short_help_exist(command: str) -> None:
    """A name that is mistyped would silently be missing."""
    there = {name for parameter in load_command(command).params for name in parameter.opts}
    module = import_module(f"asrcli.cli.commands.{command.replace('-', '_')}")
    assert set(getattr(module, "COMMON", "").split()) <= there


@pytest.mark.parametrize(("many", "shown"), [(False, ["--own", "--model", "--rare-0"]), (True, ["--own", "--model"])])
def test_a_command_with_many_options_has_a_short_help_in_any_case(many: bool, shown: list[str]) -> None:
    """Its own options and the usual ones, if it does not name the options itself."""
    options = [TyperOption(param_decls=["--own"]), TyperOption(param_decls=["--model"], rich_help_panel="Model")]
    rare = range(MANY if many else 1)
    options += [TyperOption(param_decls=[f"--rare-{number}"], rich_help_panel="Rare") for number in rare]
    command = Command("some", params=list(options), callback=lambda **_values: None)
    text = command.get_help(command.make_context("asr some", []))
    assert re.findall(r"^  (--(?!help)[a-z0-9-]+)", text, re.MULTILINE) == shown
    assert (f"Show the other {MANY} options too" in text) is many


@pytest.mark.parametrize(("command", "options"), PROMISED.items())
def test_every_option_is_in_the_help(command: str, options: str) -> None:
    """None hides."""
    text = helped(command)
    assert [option for option in options.split() if not re.search(rf"(?<![\w-]){option}\b", text)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_word_of_the_help_is_lost_or_cut(command: str) -> None:
    """What looks like markup stays, and each option is listed once."""
    text = helped(command)
    flowing = " ".join(text.split())
    assert "…" not in text
    for parameter in load_command(command).params:
        if parameter.help and not parameter.hidden:
            assert " ".join(parameter.help.split()).split(" Default: ")[0] in flowing
    listed = re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("command", COMMANDS)
def test_units_and_defaults_have_one_form(command: str) -> None:
    """A number names its unit in place of the value; its range and its default are sentences at the end."""
    for parameter in load_command(command).params:
        if parameter.type.name in {"integer", "float", "integer range", "float range"} and not parameter.hidden:
            assert getattr(parameter, "count", False) or parameter.metavar not in {None, "S"}, parameter.name
    text = " ".join(helped(command).split())
    assert not re.search(r"\[default|\bdefault: |\bin (milli)?seconds\b|[<>]=", text)
    for number in re.findall(r"Default: (\d+\.\d+)\.(?!\d)", text):
        assert not number.endswith(".0"), number


def test_words_in_brackets_stay_in_the_help() -> None:
    """A translation of the server is `[fr]` and the text; two names of one option have one entry."""
    assert "translation is [fr] and the text" in " ".join(helped("serve").split())
    assert not re.search(r"^  --noise-threshold", helped("file"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(command: str) -> None:
    """It is written down apart, so that no module is loaded for it."""
    text = " ".join(line.strip() for line in helped(command).splitlines())
    assert COMMANDS[command] in text
    assert PANELS.keys() == {"", *COMMANDS}


@pytest.mark.parametrize(
    ("command", "quality"),
    [("mic", "less accuracy"), ("file", "less accuracy"), ("serve", "% of words wrong")],
)
def test_the_help_is_honest_about_the_embedded_engine(command: str, quality: str) -> None:
    """Nobody expects Chinese or perfection of it."""
    text = " ".join(helped(command, everything=False).split())
    assert "English" in text
    assert quality in text
    assert "offline" in text


def test_no_command_shows_the_help_and_a_wrong_one_is_named() -> None:
    """Exit code 2 for both: nothing was done."""
    assert asr().returncode == 2
    wrong = asr("fiel")
    assert wrong.returncode == 2
    assert "No such command 'fiel'" in wrong.stderr


def test_short_names_of_options_are_the_long_ones() -> None:
    """-V, -m and -l; the full help needs no argument that the command needs."""
    assert asr("-V").stdout == asr("--version").stdout
    refused = asr("file", "talk.wav", "-m", "gummy-realtime-v1", "-l", "zh", "--no-vad").stderr
    assert "--no-vad" in refused
    assert "gummy-realtime-v1" in refused


@pytest.mark.parametrize("size", [{"COLUMNS": "0"}, {"COLUMNS": ""}, {"TERMINAL_WIDTH": "0"}, {"COLUMNS": "wide"}])
def test_a_terminal_that_reports_no_size_has_80_columns(size: dict[str, str]) -> None:
    """Zero columns, or no number, are no width."""
    lines = asr("file", "--help", stdin=None, **size).stdout.splitlines()
    assert 70 < max(map(cell_len, lines)) <= 80


def test_help_of_a_command_is_its_full_help() -> None:
    """`asr help file` and `asr file --help-all` are one text, except for how the program was called."""
    (_, first), (called, second) = (
        asr(*line).stdout.split(" file ", 1) for line in (["help", "file"], ["file", "--help-all"])
    )
    assert called.startswith("Usage: ")
    assert first == second


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("recovry", "did you mean asr help recovery?"),
        ("Modles", "did you mean asr help models?"),
        ("fiel", "did you mean asr help file?"),
        ("qqqq", "asr help lists the topics"),
        ("../topics/audio", "asr help lists the topics"),
    ],
)
def test_an_unknown_topic_gets_a_suggestion(asked: str, answer: str) -> None:
    """One line, exit code 2."""
    done = asr("help", asked)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("asr: no topic ")
    assert answer in done.stderr
    assert done.stderr.count("\n") == 1


def test_each_wire_of_other_servers_is_explained() -> None:
    """What it cannot do is said before anybody tries it."""
    entries = [block[0].removeprefix(ENTRY) for block in blocks("servers") if block[0].startswith(ENTRY)]
    explained = {entry.partition(":")[0] for entry in entries}
    assert explained == {row.name for row in WIRES.values() if row.elsewhere}
