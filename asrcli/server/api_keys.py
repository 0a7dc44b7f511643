"""The keys of clients: named ones with limits of their own, and temporary ones. Reads no file."""

import hmac
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import ServiceRefused, SettingError
from asrcli.core.settings import Secret
from asrcli.protocol.http.temporary_keys import TemporaryKey

MAX_TEMPORARY_KEYS = 1000  # valid at once
MAX_KEYS = 1000  # each is compared at each handshake
MAX_PLACES = 10**9  # what a limit has at most: nine digits
MINUTE_S = 60.0
LIMITS = ("connections", "reserved", "tasks_per_minute")
KEY_PREFIX = "sk-"  # keys of the service begin with it, and no name may
_EXAMPLE = "a line is: NAME KEY connections=4 reserved=2 tasks_per_minute=60"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, and what its clients may do together.

    Attributes:
        name: What the log calls it; empty if it is the only key.
        key: What clients send.
        connections: WebSocket connections at once; None for as many as the server takes.
        reserved: Places for connections that no other key can take; None for one, where there are enough.
        tasks_per_minute: Tasks that begin within a minute; None for no limit.
    """

    name: str
    key: Secret
    connections: int | None = None
    tasks_per_minute: int | None = None
    reserved: int | None = None


def parse_keys(lines: Iterable[str], where: str) -> list[ApiKey]:
    """Return the keys of a file: a name and a key on each line, followed by limits. `#` begins a comment.

    Args:
        lines: The lines of the file.
        where: The name of the file, for errors. No error shows anything that may be a key.

    Raises:
        SettingError: a line cannot be read, a name or a key stands twice, or there is no key at all.
    """
    found: list[ApiKey] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if words:
            found.append(_parse_key(words, f"line {number}", where))
            _check_unique(found, f"line {number}", where)
    if not found:
        raise SettingError("keys", "contains no key", _EXAMPLE, value=where)
    if len(found) > MAX_KEYS:
        raise SettingError("keys", f"holds more than {MAX_KEYS} keys", value=where)
    return found


def _parse_key(words: list[str], line: str, where: str) -> ApiKey:
    if len(words) < 2 or "=" in words[0]:
        raise SettingError("keys", f"{line}: has no name or no key", _EXAMPLE, value=where)
    if words[0].startswith(KEY_PREFIX):  # the log would show it
        raise SettingError("keys", f"{line}: begins with a key, and the name comes first", _EXAMPLE, value=where)
    limits: dict[str, int] = {}
    for word in words[2:]:
        name, _, number = word.partition("=")
        if name in limits:
            raise SettingError("keys", f"{line}: {name} stands twice", _EXAMPLE, value=where)
        if name not in LIMITS:
            raise SettingError(
                "keys",
                f"{line}: after the key only {', '.join(LIMITS[:-1])} and {LIMITS[-1]} are allowed",
                _EXAMPLE,
                value=where,
            )
        if not (number.isascii() and number.isdecimal() and 0 < len(number) < 10 and int(number)):
            raise SettingError("keys", f"{line}: {name} is not a whole number above 0", _EXAMPLE, value=where)
        limits[name] = int(number)
    if limits.get("reserved", 0) > limits.get("connections", MAX_PLACES):
        raise SettingError("keys", f"{line}: reserved is more than connections", _EXAMPLE, value=where)
    return ApiKey(words[0], Secret(words[1]), **limits)


def _check_unique(found: list[ApiKey], line: str, where: str) -> None:
    *others, last = found
    if any(other.name == last.name for other in others):
        raise SettingError("keys", f"{line}: the name {last.name!r} stands twice", value=where)
    if any(other.key.reveal() == last.key.reveal() for other in others):
        raise SettingError("keys", f"{line}: this key stands twice", value=where)


@dataclass(slots=True)
class _Usage:
    connections: int = 0
    began: deque[float] = field(default_factory=deque)  # when the tasks of the last minute began


class ApiKeys:
    """The keys of a server, and what their clients do now.

    Args:
        keys: The keys that are valid for as long as the server runs, or until they are replaced.
        clock: Seconds since the epoch.

    Attributes:
        on_replace: Called when there are other keys; None if nobody needs to know.
    """

    def __init__(self, keys: Iterable[ApiKey], clock: Callable[[], float] = time.time) -> None:
        self.on_replace: Callable[[], None] | None = None
        self._secret = secrets.token_bytes(32)
        self._keys: tuple[ApiKey, ...] = ()
        self._places: int | None = None  # for connections of all keys
        self._by_digest: dict[bytes, ApiKey] = {}
        self._take(keys)
        self._clock = clock
        self._usages: dict[str, _Usage] = {}
        # With the name of the key that made it.
        self._temporary: dict[bytes, tuple[TemporaryKey, str]] = {}

    @property
    def permanent(self) -> tuple[ApiKey, ...]:
        """All keys but temporary ones."""
        return self._keys

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Take other keys. What is open stays open; temporary keys of a key that is gone are no longer valid.

        Raises:
            SettingError: they reserve more than there is. Then the keys stay as they were.
        """
        keys = tuple(keys)
        if self._places is not None:
            _check_reserved(keys, self._places)
        self._take(keys)
        names = {key.name for key in self._keys}
        self._temporary = {digest: made for digest, made in self._temporary.items() if made[1] in names}
        if self.on_replace is not None:
            self.on_replace()

    def find(self, given: str, *, temporary: bool = True) -> ApiKey | None:
        """Return the key that a client has given, or that has made its temporary key; None if there is none.

        Digests are looked up that nobody can make without the secret of this process, so the time this takes says
        nothing about the keys, and is the same for one and for thousands.
        """
        digest = self._digest(given)
        made, owner = self._temporary.get(digest, (None, ""))
        if made is not None and temporary and self._clock() < made.expires_at:
            return next((key for key in self._keys if key.name == owner), None)
        return self._by_digest.get(digest)

    def has_room(self, key: ApiKey) -> bool:
        """Whether one more connection with this key may be opened."""
        return key.connections is None or self._usage(key).connections < key.connections

    def kept_for_others(self, key: ApiKey, places: int) -> int:
        """Return how many of `places` this key has to leave free; 0 while it has fewer than it has reserved."""
        size = len(self._keys)
        if self._usage(key).connections < _reserved(key, size, places):
            return 0
        others = (other for other in self._keys if other.name != key.name)
        return sum(max(0, _reserved(other, size, places) - self._usage(other).connections) for other in others)

    def check_reserved(self, places: int) -> None:
        """Check that there are as many places as all keys reserve together, now and whenever they are replaced.

        Raises:
            SettingError: there are fewer.
        """
        _check_reserved(self._keys, places)
        self._places = places

    def opened(self, key: ApiKey) -> None:
        """Count a connection."""
        self._usage(key).connections += 1

    def closed(self, key: ApiKey) -> None:
        """Count a connection that has ended."""
        self._usage(key).connections -= 1

    def begin_task(self, key: ApiKey) -> bool:
        """Count a task that begins now; False if there were too many within the last minute, then it is not counted."""
        began, now = self._usage(key).began, self._clock()
        while began and not 0 <= now - began[0] < MINUTE_S:
            began.popleft()
        limit = self._limit(key)
        if limit is not None and len(began) >= limit:
            return False
        if limit is not None:
            began.append(now)
        return True

    def is_temporary(self, given: str) -> bool:
        """Whether this is a temporary key that is valid."""
        made, _ = self._temporary.get(self._digest(given), (None, ""))
        return made is not None and self._clock() < made.expires_at

    def new_temporary_key(self, owner: ApiKey, expire_in_s: int, prefix: str = "st-") -> TemporaryKey:
        """Make a temporary key, which counts as the key of its owner and begins with `prefix`.

        Raises:
            ServiceRefused: too many temporary keys are still valid.
        """
        now = self._clock()
        self._temporary = {digest: made for digest, made in self._temporary.items() if now < made[0].expires_at}
        if len(self._temporary) >= MAX_TEMPORARY_KEYS:
            raise ServiceRefused("Throttling", "Too many temporary keys.")
        temporary_key = TemporaryKey(Secret(f"{prefix}{secrets.token_hex(16)}"), math.ceil(now + expire_in_s))
        self._temporary[self._digest(temporary_key.key.reveal())] = temporary_key, owner.name
        return temporary_key

    def _limit(self, key: ApiKey) -> int | None:
        """The limit that the key has now: it may have been replaced since its client connected."""
        return next((now.tasks_per_minute for now in self._keys if now.name == key.name), key.tasks_per_minute)

    def _usage(self, key: ApiKey) -> _Usage:
        return self._usages.setdefault(key.name, _Usage())

    def _take(self, keys: Iterable[ApiKey]) -> None:
        self._keys = tuple(keys)
        self._by_digest = {self._digest(key.key.reveal()): key for key in self._keys}

    def _digest(self, given: str) -> bytes:
        return hmac.digest(self._secret, given.strip().encode("utf-8", "replace"), "sha256")


def _reserved(key: ApiKey, size: int, places: int) -> int:
    """The places that are reserved for one of `size` keys, if there are `places` in all."""
    if key.reserved is not None:
        return key.reserved
    return int(2 * size <= places)


def _check_reserved(keys: tuple[ApiKey, ...], places: int) -> None:
    reserved = sum(_reserved(key, len(keys), places) for key in keys)
    if reserved > places:
        problem = f"the keys reserve {reserved} connections, which is more"
        raise SettingError("max_connections", problem, "raise it, or reserve fewer", value=str(places))
