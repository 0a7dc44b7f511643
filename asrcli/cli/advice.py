"""What a person can do about an error, in the options of the command line: one table, and the line that is printed."""

import sys
from typing import TYPE_CHECKING

from asrcli.core.causes import Cause
from asrcli.core.errors import (
    NOT_LOADED,
    AsrError,
    JournalUnreadable,
    MissingKey,
    MultipleErrors,
    ServiceRefused,
    SettingError,
    SourceError,
)
from asrcli.core.lazy_module import LazyModule
from asrcli.dashscope.parameters import BY_NAME
from asrcli.dashscope.setting_errors import SettingEmpty, SettingIgnored, SettingsConflict

if TYPE_CHECKING:
    from asrcli.cli.render import meant_files
else:
    meant_files = LazyModule("asrcli.cli.render.meant_files")

KEY_OF_THE_SERVER = "other servers get only the key that --api-key-file names: name one"
KEY_IT_KNOWS = "check the key: the server at this address does not accept it"
NAME_A_KEY = "run asr login, set DASHSCOPE_API_KEY, or name a file with --api-key-file"
FORCE = "--force sends it anyway"
_NETWORK = "check the network and --url"
_SAMPLES = "with --raw, --encoding, --rate, --channels"
_TRY_AGAIN = "an error of the service: try again"
_WAIT = "too many requests: wait a little, then try again"
_ACCESS = "ask for access to this model in the console, or use another model"
_MESSAGE = "an option does not suit this model: see the message"
UNKNOWN_CODE = "look the code up in the documentation of the service; its support asks for the task ID"

# `{option}` is the option at fault, of a SettingError.
BY_CAUSE = {
    Cause.NETWORK: _NETWORK,
    Cause.NOTHING_LISTENS: "nothing listens there: check --url, or start the server",
    Cause.HOST_NAME: "check --url",
    Cause.NO_SERVICE: "is this a speech service? check --url",
    Cause.WEB_PAGE: f"a firewall, a proxy or a login page answers there: {_NETWORK}",
    Cause.PROXY: "check --proxy and variables such as HTTPS_PROXY",
    # Not as an address: printing would remove the login from that.
    Cause.PROXY_LOGIN: "put user and password before the host in HTTPS_PROXY: a colon between them, an @ after them",
    Cause.TLS: "check --url: wss:// needs a TLS server, ws:// a plain one",
    Cause.CERTIFICATE_HOST: "the certificate is for another host: check --url",
    Cause.CERTIFICATE_TIME: "check the clock of this machine; otherwise the service must renew it",
    Cause.CERTIFICATE_UNKNOWN: "if you know its owner, trust it with --ca FILE",
    Cause.SERVICE_TROUBLE: "the service has a problem: try again",
    Cause.HANDSHAKE: "the handshake was refused",
    Cause.PROXY_KIND: "name one with --proxy",
    Cause.NO_SOCKS: "or name another with --proxy",
    Cause.OPEN_HOST: "name a key for them with --api-key-file",
    Cause.ADDRESS_TAKEN: "choose another --port",
    Cause.NO_SUCH_ADDRESS: "choose another --host, an address of this machine",
    Cause.NO_LOOPBACK: "switch on the loopback network, as with ip link set lo up",
    Cause.CAPTION_PORT: "choose another port, or let --captions 0 find one",
    Cause.MODEL_RATE: "name a --model for 16000 Hz, or leave {option} out",
    Cause.NOT_DECODED: "leave {option} out",
    Cause.SERVICE_DECIDES: FORCE,
    Cause.OTHER_ENGINE: "choose it with --engine NAME",
    Cause.OTHER_LANGUAGE: "asr engines lists others, and asr engines pull models that can be added",
    Cause.EMBEDDED: "leave it out, or ask the service, without --local",
    Cause.UNKNOWN_MODEL: "leave it out, or see asr models",
    Cause.WORKSPACE_HOST: "name yours: --workspace",
    Cause.ONE_SENTENCE: f"it is for asr mic --ptt; {FORCE}",
    Cause.NO_RETRIES: "leave out --no-reconnect or --retries 0",
    Cause.LANGUAGE_NEEDED: "name it: --language en",
    Cause.TOO_EARLY: "or add --wait",
    Cause.OTHER_WORDS: "name another --prefix, or add --yes to replace them",
    Cause.NO_SUCH_FILE: "",  # meant_files.py looks for similar names
    Cause.RAW_PCM: f"describe the format {_SAMPLES}",
    Cause.NO_HEADER: f"if it is raw PCM, describe the format {_SAMPLES}",
    Cause.DEVICE: f"describe the format {_SAMPLES}",
    Cause.BEGINS_AFTER_END: "choose an earlier --start",
    Cause.DEVICE_HANGS: "run asr doctor, or choose another --backend",
    Cause.DOWNLOAD: "try another network or --proxy, or fetch it elsewhere: asr engines add FILE takes the archive",
    Cause.RECORDING_ADDRESS: "check the address and the network",
    Cause.ARCHIVE: "unpack it, and name the files in it",
    Cause.PAGE_FOR_AUDIO: "name the address of the recording, or save the recording and name the file",
    Cause.LFS_POINTER: "git lfs pull fetches the file",
    Cause.NO_RECORDING: "name an audio or video file",
    Cause.RECORDINGS_FOLDER: "name the files in it, or give the folder to asr batch",
    Cause.INCOMPLETE: "copy or download it again; a tool that repairs it needs a whole file of the same recorder",
    Cause.SAME_TRANSCRIPT: "keep them apart: --name '{{parent}}/{{stem}}'",
}

# By the parameter that serves the same purpose as one without effect.
INSTEAD = {
    "semantic": "use --semantic to end sentences by meaning",
    "vocabulary_id": "asr vocab create makes a list of them for --vocabulary-id",
    "prompt": "put it into --prompt",
}

# By the beginning of code and message of the service, as in "CODE: message"; the longest one that matches wins.
BY_SERVICE_CODE = {
    "AccessDenied": _ACCESS,
    "AllocationQuota": "the free quota is used up: switch on paid use in the console",
    "Arrearage": "the account has unpaid bills: pay them in the console",
    "CLIENT_ERROR": "the service objects to what it was sent: see the message",
    "CLIENT_ERROR: request timeout": "the input stopped for too long: it has to go on, in silence too",
    "BadRequest.ResourceNotExist": "there is no such hot-word list here: asr vocab list has them",
    "ClientDisconnect": "the connection was lost before the task ended: try again",
    "DataInspectionFailed": "the service does not allow what the audio or an option such as --context says",
    "EmptyAudio": "the service received no usable audio: check the input",
    "InternalError": _TRY_AGAIN,
    NOT_LOADED: "asr engines lists others, which --engine chooses",
    "InvalidApiKey": "check the key; it works only in the region that issued it (--region)",
    "InvalidParameter": _MESSAGE,
    "Model.AccessDenied": _ACCESS,
    "ModelNotFound": "check --model; not every region offers every model",
    "ModelServiceFailed": _TRY_AGAIN,
    "NO_INPUT_AUDIO_ERROR": "the service detected no speech: check the input",
    "NO_VALID_AUDIO_ERROR": "the service could not use the audio: check that it is not silent",
    "insufficient_quota": "a limit of the account is reached: see its quota in the console",
    "invalid_request_error": _MESSAGE,
    "invalid_value": _MESSAGE,
    "limit_requests": _WAIT,
    "limit_burst_rate": _WAIT,
    "rate_limit": _WAIT,
    "RequestTimeOut": "the service got no speech for too long: check the input, and leave --heartbeat on",
    "SystemError": _TRY_AGAIN,
    "Throttling.AllocationQuota": "a limit of the account is reached; of hot-word lists there may be ten",
    "Throttling": _WAIT,
}


def described(error: AsrError) -> str:
    """The error as one line for a person: what happened, where, and what to do next."""
    if isinstance(error, MultipleErrors):
        return error.summary(described)
    sentence = str(error)
    if isinstance(error, SettingError):
        sentence = error.sentence(option_name(error.setting))
    elif isinstance(error, SettingsConflict | SettingEmpty):
        sentence = error.sentence(option_name)
    elif isinstance(error, SettingIgnored):
        sentence = error.sentence(option_spelling)
    return "; ".join(filter(None, (sentence, advice_for(error))))


def advice_for(error: AsrError) -> str:
    """What a person can do about this error; empty if its own sentence says all."""
    if isinstance(error, MissingKey) and error.local:
        return f"{NAME_A_KEY}, or try --local, which needs none"
    if isinstance(error, ServiceRefused) and error.sent_no_key and error.other_service:
        return KEY_OF_THE_SERVER
    if isinstance(error, MissingKey) or (isinstance(error, ServiceRefused) and error.sent_no_key):
        return NAME_A_KEY
    if isinstance(error, JournalUnreadable):
        return f"use: asr file {error.audio} --raw --rate 16000"
    if isinstance(error, ServiceRefused):
        # Only hosts of the service itself have a region.
        if error.code == "InvalidApiKey" and not error.region:
            return KEY_IT_KNOWS
        return _advice_for(f"{error.code}: {error.message}")
    if error.cause is None:
        return ""
    return _advice_by_cause(error, error.cause)


def _advice_by_cause(error: AsrError, cause: Cause) -> str:
    if isinstance(error, SourceError) and cause is Cause.NO_SUCH_FILE:
        return meant_files.meant_file(error.path, sys.argv[1:])
    advice = BY_CAUSE[cause]
    if isinstance(error, SettingIgnored):
        return _advice_for_ignored(error, advice)
    option = ""
    if isinstance(error, SettingError):
        option = option_name(error.setting)
    return advice.format(option=option)


def _advice_for_ignored(error: SettingIgnored, advice: str) -> str:
    if error.takers:
        advice = f"choose one with --model, or {advice}"
    if error.instead:
        return f"{INSTEAD[error.instead]}; {advice}"
    return advice


def option_name(setting: str) -> str:
    """The option that sets a setting, as a user gives it: --semantic."""
    if setting in BY_NAME:
        return BY_NAME[setting].name_in_errors or BY_NAME[setting].option.split("/")[0]
    return f"--{setting.replace('_', '-')}"


def option_spelling(setting: str) -> str:
    """The option that sets a setting, in both its forms: --semantic/--no-semantic."""
    if setting in BY_NAME:
        return BY_NAME[setting].spelling
    return option_name(setting)


def _advice_for(told: str) -> str:
    closest = max((prefix for prefix in BY_SERVICE_CODE if told.startswith(prefix)), key=len, default="")
    if not closest and not told.startswith(":"):  # it has a code
        return UNKNOWN_CODE
    return BY_SERVICE_CODE.get(closest, "")
