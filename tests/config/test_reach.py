"""Who may set what: each option of each command has chosen."""

from asrcli.cli.app import COMMANDS, load_command
from asrcli.config.layers import variable
from asrcli.config.reach import (
    OPTIONS,
    Reach,
    can_be_general,
    commands_with,
    is_confirmation,
    is_for_folder,
    is_general,
    is_path,
)

NO_SETTINGS = {"config", "schema", "help"}  # about settings, without options, and for reading alone
# What could record, send, pay, run, read, write or lose something, if a stranger could set it.
HARMFUL = {
    "url", "region", "workspace", "proxy", "ca", "api-key-file", "temporary-key", "local", "engine", "header",
    "param", "exec", "output", "output-dir", "append", "save-audio", "journal", "no-journal", "log-file",
    "device", "backend", "budget", "passthrough", "reconnect", "retries", "script", "faults", "host", "port",
    "allow-origin", "force", "overwrite", "yes", "first", "last", "words", "heartbeat", "start", "end", "for",
    "until-silence", "debug", "quiet",
}  # fmt: skip


def real_options(command: str) -> set[str]:
    """The options of a command, as its parser knows them."""
    parameters = [each for each in load_command(command).params if each.param_type_name == "option"]
    return {each.opts[0].removeprefix("--") for each in parameters} - {"help", "help-all", "profile"}


def test_each_option_of_each_command_has_chosen_who_may_set_it() -> None:
    """A new option fails here until it has a row in asrcli/config/reach.py, and so does a row without an option."""
    expected = {name: real_options(name) for name in COMMANDS if name not in NO_SETTINGS and real_options(name)}
    assert {name: set(options) for name, options in OPTIONS.items()} == expected


def test_a_stranger_can_set_nothing_that_harms() -> None:
    """For no command: where audio and key go, what runs, what is read, written, recorded or paid."""
    for option in HARMFUL:
        assert commands_with(option), option
        assert not is_for_folder(option, None), option
    folder = {command for command, options in OPTIONS.items() if Reach.FOLDER in options.values()}
    assert folder == {"mic", "file", "batch"}
    assert is_for_folder("model", None)
    assert is_for_folder("model", "mic")
    assert not is_for_folder("model", "vocab")
    assert not is_for_folder("track", "mic")


def test_paths_and_confirmations_are_known() -> None:
    """A path may begin with ~; a confirmation is a flag."""
    assert is_path("log-file")
    assert not is_path("model")
    confirmations = {name for options in OPTIONS.values() for name in options if is_confirmation(name)}
    assert confirmations == {"yes", "force", "force-settings", "overwrite", "no-check", "all", "insecure-tls"}


def test_a_name_that_means_another_thing_elsewhere_holds_for_its_command_only() -> None:
    """The model of a hot-word list is not the model that is asked."""
    assert is_general("mic", "model")
    assert not is_general("vocab", "model")
    assert can_be_general("model")
    assert not can_be_general("wait")


def test_a_value_for_all_commands_is_valid_in_each_of_them() -> None:
    """A setting for one command must not make another one fail: --context is a text, and for asr search a number."""
    parameters = {
        (command, each.opts[0].removeprefix("--")): each for command in OPTIONS for each in load_command(command).params
    }
    for option in {option for options in OPTIONS.values() for option in options}:
        values = {
            (type(each.type), getattr(each.type, "choices", None), getattr(each.type, "min", None), each.multiple)
            for command in commands_with(option)
            if is_general(command, option)
            for each in [parameters[command, option]]
        }
        assert len(values) <= 1, option


def test_no_two_options_share_a_variable() -> None:
    """ASR_OPT_FILE_X could be x of asr file, or file-x of every command."""
    general = {variable(option) for options in OPTIONS.values() for option in options}
    own = {variable(option, command) for command, options in OPTIONS.items() for option in options}
    assert general & own == set()
