"""One settings file: what is read from it, and each mistake with its place and what to do."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.config.document import Document, TableName, check_no_key, read_document
from asrcli.core.errors import AsrError, UsageError

KEY = "sk-0123456789abcdef0123"
ASK = "use the environment variable DASHSCOPE_API_KEY, or asr login"
NOT_HERE = "put it into your own file (asr config path), the environment or a flag"
MISTAKES = {
    'modle = "x"': "f:1: no option modle; did you mean model?",
    "\n[mci]\na = 1": "f:2: no table mci here; did you mean mic?",
    "[mic.deep]": "f:1: no table deep here",
    "[mic]\nport = 3": "f:2: no option port of asr mic; asr serve has it",
    "[serve]\njournal = 'x'": "f:2: no option journal of asr serve; asr mic and asr file and asr resume and "
    "asr sessions and asr verify have it",
    "quite_other_thing = 3": "f:1: no option quite-other-thing; asr config list names all",
    "no-reconnect = true": "f:1: no option no-reconnect; write reconnect = false",
    "mic = 3": "f:1: mic is a command: a table belongs here",
    "wait = 3": "f:1: wait differs from command to command; put it into the table [ws-raw] or [vocab]",
    "[mic]\nforce = true": "f:2: force confirms one run, so it can only be a flag",
    "retry-for = 3\nretry_for = 4": "f:2: retry-for is in this table twice",
    'api_key = "x"': f"f:1: api-key: a key does not belong in a settings file; {ASK}",
    'key = "x"': f"f:1: key: a key does not belong in a settings file; {ASK}",
    'profile.a.mic.API-KEY = "x"': f"f:1: API-KEY: a key does not belong in a settings file; {ASK}",
    f'[ws-raw]\nheader = ["A: 1", "K: {KEY}"]': f"f:2: header: a key does not belong in a settings file; {ASK}",
    "config-version = 2": "f:1: settings of version 2, written for a newer asr; this one reads 1; install a newer asr",
    "config-version = 2\nthings = 'of then'": "f:1: settings of version 2, written for a newer asr; this one reads 1; "
    "install a newer asr",
    "config-version = 'x'": "f:1: config-version is a number from 1",
    "config-version = true": "f:1: config-version is a number from 1",
    "config-version = 0": "f:1: config-version is a number from 1",
    "profile = 'x'": "f:1: profile is a table of profiles; write [profile.NAME], and choose one with ASR_PROFILE",
    "[profile]\nx = 'y'": "f:2: a profile is a table; write [profile.x]",
    "[profile.x]\n[profile.x.profile.y]": "f:2: no table profile here; did you mean file?",
    "format = csv": "f:1:10: Invalid value; text stands in quotes; asr config edit opens your file",
    "a = " + "[" * 9000: "f: nested too deeply to be a settings file",
}
BROKEN = {"model = ": "1:9", "a = 1\nmodel = 'x": "2:11", 'model = "é\na': "1:11", '[mic]\nmodel = """x': "2:13"}
STRANGE = {
    "url = 'wss://x'": "url",
    "[mic]\nexec = 'rm'": "exec",
    "[profile.a]\nlocal = false": "local",
    "[serve]\nport = 1": "port",
    "[vocab]\nmodel = 'x'": "model",
    "device = 'monitor'": "device",
    "budget = 99": "budget",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text[:30])
def test_a_mistake_is_named_with_its_place(text: str) -> None:
    """One line: file, line, what is wrong, what to do."""
    with pytest.raises(UsageError) as caught:
        read_document(text.encode(), "f")
    assert str(caught.value) == MISTAKES[text]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_not_toml_is_named_with_line_and_column(text: str) -> None:
    """In the words of the parser; for a file of the folder `asr config edit` would be the wrong advice."""
    with pytest.raises(UsageError) as caught:
        read_document(text.encode(), "f")
    assert str(caught.value).startswith(f"f:{BROKEN[text]}: ")
    assert str(caught.value).endswith("; asr config edit opens your file")
    with pytest.raises(UsageError) as caught:
        read_document(text.encode(), "asr.toml", is_folder=True)
    assert "asr config" not in str(caught.value)


def test_what_is_not_text_is_named_with_line_and_column() -> None:
    """A file in another encoding."""
    with pytest.raises(UsageError, match=r"^f:2:3: not text in UTF-8; save the file as UTF-8$"):
        read_document(b"# a\n# \xe4", "f")


@pytest.mark.parametrize("text", STRANGE)
def test_a_file_of_the_folder_sets_nothing_that_could_harm(text: str) -> None:
    """The same text in the user's own file is right."""
    assert read_document(text.encode(), "f").tables
    with pytest.raises(UsageError) as caught:
        read_document(text.encode(), "asr.toml", is_folder=True)
    line = text.count("\n") + 1
    problem = f"a file in the current folder may not set {STRANGE[text]}: it may be a stranger's; {NOT_HERE}"
    assert str(caught.value) == f"asr.toml:{line}: {problem}"


@pytest.mark.parametrize("value", ["'@/etc/passwd'", "['x', ' @secret']"])
def test_a_file_of_the_folder_names_no_other_file(value: str) -> None:
    """Hot words and context with @FILE would send that file to the service."""
    with pytest.raises(UsageError, match=r"^asr.toml:1: context: a file in the current folder may not name another"):
        read_document(f"context = {value}".encode(), "asr.toml", is_folder=True)


def test_a_file_of_the_folder_moves_no_cursor() -> None:
    """A template is printed as it is, but line ends and tabs are harmless."""
    read_document(rb'template = "{text}\t\n"', "asr.toml", is_folder=True)
    with pytest.raises(UsageError, match=r"asr.toml:1: template: control characters do not belong here"):
        read_document(rb'template = "\u001b[2J"', "asr.toml", is_folder=True)


def test_tables_profiles_and_spellings() -> None:
    """Underscores, aliases, dotted keys, a mark at the beginning, and line ends of Windows."""
    text = "\ufeffconfig-version = 1\nretry_for = 3\nbase-url = 'wss://x'\n[profile.a]\n[profile.b.mic]\nptt = true\n"
    document = read_document(text.replace("\n", "\r\n").encode(), "f")
    assert document.profiles == ("a", "b")
    general = document.tables[TableName()]
    assert {option: (entry.value, entry.place) for option, entry in general.items()} == {
        "retry-for": (3, "f:2"),
        "url": ("wss://x", "f:3"),
    }
    assert document.tables[TableName("b", "mic")]["ptt"].place == "f:6"
    assert "key" in read_document(b"[serve]\nkey = 'of the certificate.pem'", "f").tables[TableName(None, "serve")]
    assert read_document(b"", "f") == Document("f", {TableName(): {}})


def test_a_value_of_another_type_is_no_key() -> None:
    """Only text can hold one."""
    check_no_key("f", "gain", 3)
    with pytest.raises(UsageError) as caught:
        check_no_key("f", "header", [["x"], f"Authorization: Bearer {KEY}"])
    assert KEY not in str(caught.value)


@given(st.text() | st.from_regex(r"([a-z.\[\]\"'= 0-9{}#]{0,12}\n){0,5}"))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    """Nothing but errors of ours, and what the parser of Python takes is never called broken."""
    try:
        read_document(text.encode("utf-8", "replace"), "f")
    except AsrError as exc:
        assert "\n" not in str(exc)  # noqa: PT017
        with_column = str(exc).split(" ")[0].count(":") == 3
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return
        assert not with_column
