"""The keys that are kept: where, for which service, and readable by nobody else."""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.config.key_store import KeyStore, _parsed, keys_file
from asrcli.config.keyring_access import KeyringAnswer, KeyringUnusable
from asrcli.core.errors import OutputError, UsageError
from asrcli.core.settings import Secret
from asrcli.dashscope.endpoints import EndpointRequest, service_name

KEY, OTHER = Secret("sk-0123456789abcdef0123"), Secret("sk-zyxwvutsrqponmlkjihg")
SINGAPORE = EndpointRequest(region="ap-southeast-1", workspace="ws-1")


class MadeUpKeyring:
    """A keyring in memory. `trouble`: it cannot be used; `forgetful`: it keeps nothing, without an error."""

    def __init__(self, trouble: str = "", *, forgetful: bool = False) -> None:
        self.keys: dict[str, Secret] = {}
        self.trouble = trouble
        self.forgetful = forgetful

    def read(self, account: str) -> KeyringAnswer:
        """The key."""
        self._check()
        return KeyringAnswer(self.keys.get(account), "made up")

    def keep(self, account: str, key: Secret) -> KeyringAnswer:
        """Keep it, or not."""
        self._check()
        if not self.forgetful:
            self.keys[account] = key
        return self.read(account)

    def forget(self, account: str) -> None:
        """Remove it."""
        self._check()
        self.keys.pop(account, None)

    def _check(self) -> None:
        if self.trouble:
            raise KeyringUnusable(self.trouble)


def test_the_keyring_keeps_the_key_and_the_file_says_so(tmp_path: Path) -> None:
    """No key is in the file; region and workspace of the last login are those of runs that name none."""
    keyring = MadeUpKeyring()
    store = KeyStore(tmp_path / "new" / "keys.json", keyring)
    assert (store.services(), store.read("ap-southeast-1"), store.usual_endpoint()) == ([], None, EndpointRequest())
    assert store.keep("ap-southeast-1", KEY, SINGAPORE).reason == ""
    assert store.keep("host:1", OTHER, EndpointRequest()).kept_in == "the keyring (made up)"
    assert store.read("ap-southeast-1") == (KEY, "the keyring (made up)")
    assert "sk-" not in store.path.read_text()
    assert store.usual_endpoint() == SINGAPORE
    assert (store.forget("cn-beijing"), store.forget("ap-southeast-1")) == (False, True)
    assert (list(keyring.keys), store.services(), store.usual_endpoint()) == (["host:1"], ["host:1"], EndpointRequest())
    assert store.forget("host:1")
    assert not store.path.exists()


@pytest.mark.parametrize("keyring", [MadeUpKeyring("locked"), MadeUpKeyring(forgetful=True)])
def test_without_a_keyring_a_file_that_only_its_user_can_read_keeps_it(tmp_path: Path, keyring: MadeUpKeyring) -> None:
    """With the reason; a later key replaces it, and nothing else is left in the folder."""
    store = KeyStore(tmp_path / "keys.json", keyring)
    os.umask(before := os.umask(0))
    try:
        os.umask(0)
        assert store.keep("here", OTHER, EndpointRequest()).reason in {"locked", "the keyring (made up) keeps nothing"}
        store.keep("here", KEY, EndpointRequest())
    finally:
        os.umask(before)
    assert store.read("here") == (KEY, str(store.path))
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    if os.name == "posix":
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert KEY.reveal() not in repr(store._load())
    keyring.trouble = "locked"
    assert store.forget("here")  # it asks no keyring


def test_a_key_that_a_killed_login_left_beside_the_file_goes(tmp_path: Path) -> None:
    """With the next login, and with a logout that finds no key in the file."""
    store = KeyStore(tmp_path / "keys.json", MadeUpKeyring())
    left = tmp_path / ".keys-a1b2c3d4"
    left.write_text(KEY.reveal())
    assert not store.forget("here")
    assert not left.exists()
    left.write_text(KEY.reveal())
    store.keep("here", OTHER, EndpointRequest())
    assert not left.exists()


def test_a_key_that_a_killed_login_left_in_the_keyring_goes(tmp_path: Path) -> None:
    """The keyring had it before the list did. A keyring that cannot be used is no reason to fail."""
    keyring = MadeUpKeyring()
    keyring.keep("ap-southeast-1", KEY)
    keyring.keep("cn-beijing", OTHER)
    assert KeyStore(tmp_path / "keys.json", keyring).forget("ap-southeast-1") is False
    assert list(keyring.keys) == ["cn-beijing"]
    assert KeyStore(tmp_path / "keys.json", MadeUpKeyring("locked")).forget("ap-southeast-1") is False


def test_a_login_that_is_interrupted_leaves_no_key_in_the_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after the keyring has it and before the list does."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    keyring = MadeUpKeyring()
    monkeypatch.setattr(KeyStore, "_save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        KeyStore(tmp_path / "keys.json", keyring).keep("ap-southeast-1", KEY, SINGAPORE)
    assert keyring.keys == {}


def test_a_home_that_is_no_folder_holds_no_keys(tmp_path: Path) -> None:
    """As HOME=/dev/null: a run without a key of this user goes on."""
    (tmp_path / "home").touch()
    assert KeyStore(tmp_path / "home" / "asrcli" / "keys.json", MadeUpKeyring()).services() == []


def test_a_keyring_that_fails_later_is_one_line(tmp_path: Path) -> None:
    """To read and to forget; the key stays listed. A key that is gone from the keyring is told too."""
    keyring = MadeUpKeyring()
    store = KeyStore(tmp_path / "keys.json", keyring)
    store.keep("here", KEY, EndpointRequest())
    keyring.trouble = "the keyring is locked"
    with pytest.raises(
        UsageError, match="the key for here is in the keyring: the keyring is locked; unlock it, or set"
    ):
        store.read("here")
    with pytest.raises(UsageError, match="stays in the keyring: the keyring is locked"):
        store.forget("here")
    keyring.trouble = ""
    keyring.keys.clear()
    with pytest.raises(UsageError, match="no longer has the key for here; asr login"):
        store.read("here")


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """As ssh does: it was made for its user alone, so something has changed it."""
    store = KeyStore(tmp_path / "keys.json", MadeUpKeyring("none"))
    store.keep("here", KEY, EndpointRequest())
    store.path.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        store.read("here")
    assert store.usual_endpoint() == EndpointRequest()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"version": 1,\n "keys": {"here": "sk-0123456789abcdef0123"', "damaged at line 2, column"),
        ('{"version": 2, "secrets": "sk-0123456789abcdef0123"}', "written by a newer version of asr; use that one"),
        ("\xff\xff", "not a text file"),
        ("[]", "not a list of keys"),
        ('{"version": 1, "region": 1, "workspace": "", "keys": {}}', "not a list of keys"),
        ('{"version": 0}', "not a list of keys"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_stays(tmp_path: Path, text: str, problem: str) -> None:
    """It names the place, quotes nothing, and is not written over by a login."""
    path = tmp_path / "keys.json"
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    for use in (KeyStore(path).services, lambda: KeyStore(path, MadeUpKeyring()).keep("here", KEY, EndpointRequest())):
        with pytest.raises(UsageError, match=problem) as caught:
            use()
        assert "sk-" not in str(caught.value)
    assert path.read_text(encoding="latin-1") == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["version", "region", "workspace", "keys", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_any_json_is_keys_or_one_error(value: object, alike: bool) -> None:
    """Never a traceback."""
    if alike and isinstance(value, dict):
        value = {"region": "", "workspace": ""} | value | {"version": 1}
    with suppress(UsageError):
        assert all(isinstance(name, str) for name in _parsed(json.dumps(value).encode(), Path("keys.json")).keys)


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    """Not in the keyring either, because no run would look there; the error says what to do instead."""
    tmp_path.joinpath("file").write_text("")
    keyring = MadeUpKeyring()
    store = KeyStore(tmp_path / "file" / "keys.json", keyring)
    with pytest.raises(OutputError, match="set DASHSCOPE_API_KEY instead"):
        store.keep("here", KEY, EndpointRequest())
    store = KeyStore(tmp_path / "folder" / "keys.json", keyring)
    tmp_path.joinpath("folder").symlink_to(tmp_path / "gone" / "deeper")
    with pytest.raises(OutputError, match="set DASHSCOPE_API_KEY instead"):
        store.keep("here", KEY, EndpointRequest())
    assert keyring.keys == {}


def test_a_key_is_for_a_region_or_a_host() -> None:
    """However the address is written."""
    assert service_name("wss://dashscope.aliyuncs.com") == "cn-beijing"
    assert service_name("wss://ws-1.ap-northeast-1.maas.aliyuncs.com/x") == "ap-northeast-1"
    assert service_name("wss://user:secret@My.Host:8443/api") == "my.host:8443"
    assert service_name("wss://[::1") == ""


def test_the_file_is_in_the_folder_for_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without a home has none, and can keep nothing; the file of another user is refused."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert keys_file() == tmp_path / "asrcli" / "keys.json"
    store = KeyStore(keyring=MadeUpKeyring("none"))
    store.keep("here", KEY, EndpointRequest())
    monkeypatch.setattr("os.geteuid", lambda: 4242)
    monkeypatch.setattr("os.fstat", lambda _: os.stat_result((0o100600, 1, 1, 1, 77, 0, 0, 0, 0, 0)))
    with pytest.raises(UsageError, match="belongs to another user"):
        store.services()

    def homeless(*_: object, **__: object) -> Path:
        raise RuntimeError

    monkeypatch.setattr("asrcli.config.key_store.user_config_path", homeless)
    assert keys_file().parts[-2:] == ("asrcli", "keys.json")


def test_a_key_that_was_replaced_in_the_keyring_stays_when_the_file_cannot_be_written(tmp_path: Path) -> None:
    """The list of keys still names it."""
    keyring = MadeUpKeyring()
    store = KeyStore(tmp_path / "keys.json", keyring)
    store.keep("here", KEY, EndpointRequest())

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("os.fsync", full)
        with pytest.raises(OutputError, match="No space left on device"):
            store.keep("here", OTHER, EndpointRequest())
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    assert store.read("here") == (OTHER, "the keyring (made up)")


def test_what_another_login_keeps_meanwhile_stays(tmp_path: Path) -> None:
    """A keyring may ask its user for a password, and another login may end before that."""

    class Slow(MadeUpKeyring):
        """A keyring in which another login happens while it is asked."""

        def keep(self, account: str, key: Secret) -> KeyringAnswer:
            """Keep a key, after the other login."""
            KeyStore(tmp_path / "keys.json", MadeUpKeyring("locked")).keep("other", OTHER, EndpointRequest())
            return super().keep(account, key)

    store = KeyStore(tmp_path / "keys.json", Slow())
    store.keep("here", KEY, EndpointRequest())
    assert store.services() == ["other", "here"]
