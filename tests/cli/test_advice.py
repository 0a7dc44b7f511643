"""The line that is printed for an error: what happened, and what to do with the options of the command line."""

import re
import string

import pytest

from asrcli.cli.advice import (
    BY_CAUSE,
    BY_SERVICE_CODE,
    FORCE,
    INSTEAD,
    KEY_IT_KNOWS,
    KEY_OF_THE_SERVER,
    NAME_A_KEY,
    UNKNOWN_CODE,
    advice_for,
    described,
)
from asrcli.cli.app import COMMANDS, load_command
from asrcli.core.causes import Cause
from asrcli.core.errors import (
    AsrError,
    ConnectFailed,
    JournalUnreadable,
    MissingKey,
    MultipleErrors,
    ServiceRefused,
    SettingError,
    SourceError,
    UsageError,
)
from asrcli.core.redaction import without_secrets
from asrcli.dashscope.setting_errors import SettingEmpty, SettingIgnored, SettingsConflict


def refused(code: str, *, region: str = "", keyless: bool = False, other_service: bool = False) -> ServiceRefused:
    """A refusal of the service with this code."""
    error = ServiceRefused(code, "m", "t")
    error.region, error.keyless, error.other_service = region, keyless, other_service
    return error


LINES: list[tuple[AsrError, str]] = [
    (UsageError("a with b", "drop b"), "a with b; drop b"),
    (MissingKey(local=False), f"no API key; {NAME_A_KEY}"),
    (MissingKey(), f"no API key; {NAME_A_KEY}, or try --local, which needs none"),
    (SettingError("save_audio", "no format", "use .wav"), "--save-audio: no format; use .wav"),
    (SettingError("ca", "no certificate", value="a.pem"), "--ca a.pem: no certificate"),
    (SettingError("prefix_ms", "must be from 0 to 6000", value="-1", cause=Cause.SERVICE_DECIDES),
     f"--prefix-padding-ms -1: must be from 0 to 6000; {FORCE}"),
    (SettingsConflict(["vad", "threshold"], "one of them"), "--no-vad with --threshold: one of them"),
    (SettingsConflict(["semantic", "silence_ms"], "one of them"), "--semantic with --silence-ms: one of them"),
    (SettingsConflict(["masked", "dropped"], "33 words", joined=" and ", cause=Cause.SERVICE_DECIDES),
     f"--filter-words and --drop-words: 33 words; {FORCE}"),
    (SettingIgnored(["itn"], "m", "a, b", cause=Cause.SERVICE_DECIDES),
     f"--itn/--no-itn has no effect on m; models that take it: a, b; choose one with --model, or {FORCE}"),
    (SettingIgnored(["hotwords"], "m", "a", "vocabulary_id", Cause.SERVICE_DECIDES),
     f"--hotwords has no effect on m; models that take it: a; {INSTEAD['vocabulary_id']}; choose one with --model, or "
     + FORCE),
    (SettingIgnored(["seed", "context_from_transcript"], "m"),
     "--seed and --context-from-transcript has no effect on m"),
    (SettingEmpty("model"), "--model is empty"),
    (SettingError("denoise", "works at 16000 Hz", cause=Cause.MODEL_RATE),
     "--denoise: works at 16000 Hz; name a --model for 16000 Hz, or leave --denoise out"),
    (SettingError("host", "accepts connections from other machines", value="0.0.0.0", cause=Cause.OPEN_HOST),  # noqa: S104
     "--host 0.0.0.0: accepts connections from other machines; name a key for them with --api-key-file"),
    (SourceError("a.pcm", "has the name of a file with raw PCM", cause=Cause.RAW_PCM),
     "a.pcm: has the name of a file with raw PCM; describe the format with --raw, --encoding, --rate, --channels"),
    (SourceError("a.bin", "is no recording", cause=Cause.NO_HEADER),
     "a.bin: is no recording; if it is raw PCM, describe the format with --raw, --encoding, --rate, --channels"),
    (SourceError("a.wav", "no such file"), "a.wav: no such file"),
    (JournalUnreadable("s", "no journal", "/s/0.pcm"),
     "s: no journal; its audio is kept; use: asr file /s/0.pcm --raw --rate 16000"),
    (ConnectFailed("ws://h", "silent"), "cannot connect to ws://h: silent; check the network and --url"),
    (ConnectFailed("ws://h", "refused", Cause.NOTHING_LISTENS),
     "cannot connect to ws://h: refused; nothing listens there: check --url, or start the server"),
    (refused("Odd"), f"refused by the service: Odd: m (task t); {UNKNOWN_CODE}"),
    (refused(""), "refused by the service: m (task t)"),
    (refused("InvalidApiKey", keyless=True),
     f"refused by the service: InvalidApiKey: m (task t); no key was sent; {NAME_A_KEY}"),
    (refused("InvalidApiKey", keyless=True, other_service=True),
     f"refused by the service: InvalidApiKey: m (task t); no key was sent; {KEY_OF_THE_SERVER}"),
    (refused("InvalidApiKey"), f"refused by the service: InvalidApiKey: m (task t); {KEY_IT_KNOWS}"),
    (refused("InvalidApiKey", region="r"),
     f"refused by the service: InvalidApiKey: m (task t); the key was tried in r; {BY_SERVICE_CODE['InvalidApiKey']}"),
    (refused("AccessDenied", region="r"),
     f"refused by the service: AccessDenied: m (task t); the key was tried in r; {BY_SERVICE_CODE['AccessDenied']}"),
    (refused("Throttling.RateQuota", region="cn-beijing"),
     "refused by the service: Throttling.RateQuota: m (task t); too many requests: wait a little, then try again"),
    (MultipleErrors([ConnectFailed("ws://h", "x", Cause.HOST_NAME), SourceError("b", "gone")]),
     "2 inputs failed: cannot connect to ws://h: x; check --url · b: gone"),
    (SourceError("a", "clash", cause=Cause.SAME_TRANSCRIPT), "a: clash; keep them apart: --name '{parent}/{stem}'"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "line"), LINES)
def test_an_error_is_printed_with_what_to_do(error: AsrError, line: str) -> None:
    """In one line, with the names of options; the error itself names none."""
    assert described(error) == line
    assert re.search(r"--[a-z]", str(error)) is None


def test_every_cause_has_its_advice() -> None:
    """A new one cannot be forgotten, and nothing is left to fill in but the option at fault."""
    assert set(BY_CAUSE) == set(Cause)
    for row in BY_CAUSE.values():
        assert {name for _, name, _, _ in string.Formatter().parse(row)} <= {None, "option"}


def test_nothing_is_taken_out_of_advice_when_it_is_printed() -> None:
    """What looks like a secret, even a pattern for one, is removed from all that is printed."""
    rows = [*BY_CAUSE.values(), *BY_SERVICE_CODE.values(), NAME_A_KEY, KEY_OF_THE_SERVER, KEY_IT_KNOWS, UNKNOWN_CODE]
    assert [without_secrets(row) for row in rows] == rows


def test_advice_names_options_that_exist() -> None:
    """A person who follows it gets no further error."""
    fields = [field for name in COMMANDS for field in load_command(name).params]
    options = {option for field in fields for option in (*field.opts, *field.secondary_opts)}
    rows = [
        *BY_CAUSE.values(),
        NAME_A_KEY,
        UNKNOWN_CODE,
        KEY_OF_THE_SERVER,
        KEY_IT_KNOWS,
        *BY_SERVICE_CODE.values(),
    ]
    assert {named for row in rows for named in re.findall(r"--[a-z-]+", row)} <= options


def test_the_closest_advice_wins() -> None:
    """Codes have families: the longest prefix that is known speaks."""
    assert "console" in advice_for(ServiceRefused("Model.AccessDenied", ""))
    assert "free quota" in advice_for(ServiceRefused("AllocationQuota.FreeTierOnly", ""))
    assert advice_for(ServiceRefused("Unheard.Of", "")) == UNKNOWN_CODE


def test_a_client_error_is_a_stop_of_the_input_only_if_the_message_says_so() -> None:
    """The service has one code for a task without audio, which no option prevents, and for a mistake in a message."""
    stopped = advice_for(ServiceRefused("CLIENT_ERROR", "request timeout after 23 seconds."))
    assert "the input stopped" in stopped
    assert "--heartbeat" not in stopped  # it needs audio that goes on
    assert "the input stopped" not in advice_for(ServiceRefused("CLIENT_ERROR", "task can not be null"))


# Every code the service's error pages name, and what its advice must speak of.
CODES = {
    "CLIENT_ERROR": "see the message",
    "NO_VALID_AUDIO_ERROR": "silent",
    "NO_INPUT_AUDIO_ERROR": "no speech",
    "EmptyAudio": "input",
    "InvalidParameter": "option",
    "ClientDisconnect": "try again",
    "Arrearage": "unpaid",
    "DataInspectionFailed": "does not allow",
    "InvalidApiKey": "region",
    "AccessDenied": "console",
    "Model.AccessDenied": "another model",
    "AllocationQuota.FreeTierOnly": "free quota",
    "ModelNotFound": "region",
    "Throttling": "wait",
    "Throttling.RateQuota": "wait",
    "Throttling.BurstRate": "wait",
    "Throttling.AllocationQuota": "a limit of the account",
    "RequestTimeOut": "--heartbeat",
    "InternalError": "try again",
    "invalid_value": "option",
    "invalid_request_error": "option",
    "SystemError": "try again",
    "ModelServiceFailed": "try again",
}


@pytest.mark.parametrize(("code", "advised"), CODES.items())
def test_every_code_of_the_service_comes_with_advice(code: str, advised: str) -> None:
    """What it means for the person, with the task id that the service's support asks for."""
    refusal = ServiceRefused(code, "Words of the service.", "task-1")
    refusal.region = "cn-beijing"
    told = described(refusal)
    assert told.startswith(f"refused by the service: {code}: Words of the service (task task-1); ")
    assert advised in told
