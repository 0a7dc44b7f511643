"""The order of the places where a value can come from."""

import pytest

from asrcli.config.document import read_document
from asrcli.config.layers import check_environment, settings_of
from asrcli.core.errors import UsageError

USER = """gain = 1
[file]
gain = 2
[profile.p]
gain = 3
[profile.p.file]
gain = 4
"""
FOLDER = USER.replace("gain = ", "gain = 1")
# Each place, from the weakest to the strongest, and what it adds to the environment.
PLACES = [
    ("f:1", {}),
    ("f:3", {}),
    ("asr.toml:1", {}),
    ("asr.toml:3", {}),
    ("f:5 [profile.p]", {}),
    ("f:7 [profile.p]", {}),
    ("asr.toml:5 [profile.p]", {}),
    ("asr.toml:7 [profile.p]", {}),
    ("ASR_OPT_GAIN", {"ASR_OPT_GAIN": "5"}),
    ("ASR_OPT_FILE_GAIN", {"ASR_OPT_GAIN": "5", "ASR_OPT_FILE_GAIN": "6"}),
]


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_the_strongest_place_holds(number: int) -> None:
    """With all places up to this one set, the value is that of this one."""
    texts = {"f": USER.splitlines(), "asr.toml": FOLDER.splitlines()}
    kept = {origin.split(" ")[0] for origin, _ in PLACES[: number + 1]}
    for name, lines in texts.items():
        for line, text in enumerate(lines, 1):
            if text.startswith("gain") and f"{name}:{line}" not in kept:
                lines[line - 1] = ""
    folder = read_document("\n".join(texts["asr.toml"]).encode(), "asr.toml", is_folder=True)
    user = read_document("\n".join(texts["f"]).encode(), "f")
    origin, environment = PLACES[number]
    found = settings_of("file", ["gain", "model"], [folder, user], environment, "p")
    assert found["gain"].origin == origin
    assert found.keys() == {"gain"}


def test_variables_of_the_sdk_stand_between() -> None:
    """Above the files, below our own; and they do not concern a command that asks no service."""
    user = read_document(
        b"region = 'eu-central-1'\napi-key-file = 'f'\nurl = 'wss://x'\n[serve]\napi-key-file = 'g'", "f"
    )
    environment = {"DASHSCOPE_API_REGION": " cn-beijing ", "DASHSCOPE_API_KEY": "secret"}
    options = ["region", "api-key-file", "url"]
    found = settings_of("file", options, [user], environment, None)
    assert {option: setting.origin for option, setting in found.items()} == {
        "region": "DASHSCOPE_API_REGION", "api-key-file": "DASHSCOPE_API_KEY", "url": "f:3",
    }  # fmt: skip
    assert "secret" not in repr(found)
    assert (found["region"].value, found["region"].is_ours) == ("cn-beijing", False)
    found = settings_of("file", options, [user], environment | {"ASR_OPT_REGION": "us-east-1"}, None)
    assert (found["region"].origin, found["region"].is_ours) == ("ASR_OPT_REGION", True)
    serve = settings_of("serve", ["api-key-file"], [user], environment, None)
    assert (serve["api-key-file"].value, serve["api-key-file"].origin) == ("g", "f:5")


def test_what_means_another_thing_is_taken_from_the_table_of_the_command() -> None:
    """The model of all commands is not that of a hot-word list, but a variable is meant as it is typed."""
    user = read_document(b"model = 'a'\n[vocab]\nprefix = 'x'", "f")
    assert settings_of("vocab", ["model", "prefix"], [user], {}, None).keys() == {"prefix"}
    assert settings_of("mic", ["model"], [user], {}, None)["model"].value == "a"
    assert settings_of("vocab", ["model"], [user], {"ASR_OPT_MODEL": "b"}, None)["model"].value == "b"


VARIABLES = {
    "ASR_OPT_MODLE": "did you mean ASR_OPT_MODEL?",
    "ASR_OPT_MIC_MODLE": "did you mean ASR_OPT_MIC_MODEL?",
    "ASR_OPT_PROFILE": "a profile is chosen with ASR_PROFILE",
    "ASR_OPT_NO_RECONNECT": "write ASR_OPT_RECONNECT=false",
    "ASR_OPT_BASE_URL": "write ASR_OPT_URL",
    "ASR_OPT_qqqq": "asr config list names all options",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_an_unknown_variable_is_an_error_that_says_what_is_right(name: str) -> None:
    """A value that is never used must not go unnoticed."""
    with pytest.raises(UsageError) as caught:
        check_environment({"HOME": "x", name: "1"})
    assert str(caught.value) == f"{name}: no such option; {VARIABLES[name]}"


def test_variables_confirm_nothing_and_may_be_empty() -> None:
    """An empty variable counts as not set, as shells have it; an option beyond the table can have one."""
    check_environment({"ASR_OPT_MODLE": "", "ASR_OPT_LOUDNESS": "3"}, ["loudness"])
    with pytest.raises(UsageError, match=r"^ASR_OPT_YES: yes confirms one run, so it can only be a flag$"):
        check_environment({"ASR_OPT_YES": "1"})


def test_a_profile_that_is_not_there() -> None:
    """The error says which there are, and which variable has chosen it."""
    user = read_document(b"[profile.meeting]\n[profile.trip]", "f")
    for name, variables, expected in (
        ("meting", {}, "no profile meting; did you mean meeting?"),
        ("x", {"ASR_PROFILE": "x"}, "ASR_PROFILE: no profile x; there are meeting, trip"),
    ):
        with pytest.raises(UsageError) as caught:
            settings_of("mic", [], [user], variables, name)
        assert str(caught.value) == expected
    with pytest.raises(UsageError, match=r"^no profile x: no settings file has one; asr config edit: write "):
        settings_of("mic", [], [], {}, "x")
    assert settings_of("mic", ["gain"], [user], {}, "trip") == {}
