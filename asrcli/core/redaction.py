"""Removes secrets from text: keys, and the parts of an address that may be secret. No file and no clock."""

import re
from functools import partial
from operator import gt

from asrcli.core.lazy_pattern import lazy_pattern

_ADDRESS = lazy_pattern(r"([A-Za-z][A-Za-z0-9+.:-]*)://(.*)", re.DOTALL)
_ADDRESSES = lazy_pattern(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
# Text before such an @ may be a login. It is examined by code: a pattern for user:password would be tried again at each
# place, and a megabyte of "a:a:a:" from the other end would keep it busy for hours.
_BEFORE_AT = lazy_pattern(r"(?<![^\s@'\"])[^\s@'\"]+@(?=[\w\[])")
_BEHIND = ").,:;]"  # punctuation that may follow an address in a sentence
_PREFIX = lazy_pattern("s[kt]-")
_KEYS = lazy_pattern(r"\b(sk|st)-[\w-]{16,}|\b(?i:bearer)\s+[^\s'\"]+")
SHORTEST = 6  # characters of a key that is hidden; a shorter one would be found in ordinary words
SHORTEST_PART = 8  # characters of a part of a key that is hidden
SHOWN = 4  # this many characters of a key may be shown, as by `asr whoami`
MOST_REMEMBERED = 64  # keys; the service makes new temporary keys again and again
MOST_IN_PARTS = 3  # keys whose parts are hidden; those of temporary keys are not, which expire within minutes
MOST_PARTS = 1000  # of one key in a text; with more of them each block of the key is hidden, which takes no loop
_BLOCK, _STEP = 4, 5  # each part of SHORTEST_PART has the whole of a block that begins at a multiple of the step
_MASKED = lazy_pattern(r"(?<![\w-])([\w-]++)([*•]+|…+|\.{2,})([\w-]*+)")
_known: dict[str, None] = {}
_blocks: dict[str, tuple[str, ...]] = {}  # by key; without the sk- that all keys have


def remember_key(key: str) -> None:
    """Hide this key in all texts from now on, whatever it looks like: the other end may send it back to us."""
    if len(key) < SHORTEST:
        return
    _known.pop(key, None)
    _known[key] = None
    while len(_known) > MOST_REMEMBERED:
        _known.pop(next(iter(_known)), None)
    if key.startswith("st-"):
        return
    body = key.removeprefix("sk-")
    _blocks.pop(key, None)
    _blocks[key] = tuple(body[start : start + _BLOCK] for start in range(0, len(body) - _BLOCK + 1, _STEP))
    while len(_blocks) > MOST_IN_PARTS:
        _blocks.pop(next(iter(_blocks)), None)


def holds_key(text: str) -> bool:
    """Whether something in the text looks like a key, or is a known one."""
    return _KEYS.search(text) is not None or any(key in text for key in list(_known))


def bare_url(url: str) -> str:
    """A URL without user, password, parameters, query and fragment, which may be secret. Returns non-URLs unchanged.

    A password may contain a slash that was not escaped, so text before the last @ is never shown.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return url
    authority = re.match(r"[^/?#]*", found[2])[0]  # type: ignore[index]
    if not authority:
        return url
    rest = found[2]
    port = re.search(r":([^:\]]*)\Z", authority)
    if port is not None and port[1] and not port[1].isdecimal() and "@" not in authority:
        rest = rest.rpartition("@")[2] if "@" in rest else authority[: port.start()]
    before = re.match(r"[^?#]*", rest)[0]  # type: ignore[index]
    if "@" in authority:
        before = before.rpartition("@")[2]
    return f"{found[1]}://{before.partition(';')[0]}"


def without_secrets(text: str) -> str:
    """The text with each URL reduced by `bare_url`, and without known keys and what looks like a key."""
    # Most texts hold nothing of the kind. To look for one character costs a hundredth of what looking for several
    # costs, and one simple pattern less than looking for two texts.
    if ("-" in text and _PREFIX.search(text)) or "bearer" in text.lower():
        text = _KEYS.sub(lambda found: f"{found[1]}-…" if found[1] else "Bearer …", text)
    for key in list(_known):  # last: a known key that is the beginning of a longer one would leave the end of that
        kind = ""
        if key.startswith(("sk-", "st-")):
            kind = key[:3]
        text = text.replace(key, f"{kind}…")
    if _blocks:
        text = _without_parts(text)
    if "/" in text and "://" in text:
        text = _ADDRESSES.sub(lambda found: _bare_in_text(found[0]), text)
    if "@" in text:
        text = _BEFORE_AT.sub(_without_login, text)
    return text


def _without_parts(text: str) -> str:
    """The text without parts of known keys: a server may quote one cut off, or masked as sk-abcd***wxyz.

    A part that could be a word, a number or a date stays.
    """
    known = list(_blocks.items())
    if "*" in text or "…" in text or ".." in text or "•" in text:
        for key, _ in known:
            text = _MASKED.sub(partial(_without_masked, key), text)
    for key, blocks in known:
        for number, block in enumerate(blocks):
            if block in text:
                text = _without_part(text, key.removeprefix("sk-"), number * _STEP)
    return text


def _without_masked(key: str, found: re.Match[str]) -> str:
    """What stands for a key whose middle is masked; unchanged if it is another word, or shows little of the key."""
    head, _, tail = found.groups()
    body = key.removeprefix("sk-")
    kind, head = head[: len(head) - len(head.removeprefix("sk-"))], head.removeprefix("sk-")
    if len(head) + len(tail) > SHOWN and body.startswith(head) and body.endswith(tail):
        return f"{kind}…"
    return found[0]


def _without_part(text: str, body: str, start: int) -> str:
    """The text without the parts of a key that contain its block at `start`."""
    block = body[start : start + _BLOCK]
    if text.count(block) > MOST_PARTS:
        return text.replace(block, "…")
    pieces: list[str] = []
    kept = 0
    at = text.find(block)
    while at >= 0:
        begin, end, stop = at, at + _BLOCK, start + _BLOCK
        while begin > kept and at - begin < start and text[begin - 1] == body[start - (at - begin) - 1]:
            begin -= 1
        while end < len(text) and stop < len(body) and text[end] == body[stop]:
            end, stop = end + 1, stop + 1
        if end - begin >= SHORTEST_PART and _is_random(text[begin:end]):
            pieces += text[kept:begin], "…"
            kept = end
        at = text.find(block, end)
    return "".join(pieces) + text[kept:]


def _is_random(part: str) -> bool:
    """Whether a part of a key is no word, number or date: it mixes letters with digits, or small and capital ones."""
    letters = [char.isupper() for char in part if char.isalpha()]
    digits = sum(map(str.isdecimal, part))
    # A date has eight digits, and a name such as DashScope one capital letter inside.
    return (bool(letters) and digits > 0) or digits > SHORTEST_PART or sum(map(gt, letters[1:], letters)) > 1


def _without_login(found: re.Match[str]) -> str:
    """The text before an @ without the user and password at its end, for an address without a scheme."""
    whole = found[0]
    begin = 0
    at_start = not found.start() or found.string[found.start() - 1] != "@"
    while 0 < (colon := whole.find(":", begin)) + 1 < len(whole) - 1:
        slash = whole.rfind("/", begin, colon) + 1 or begin
        user = whole[slash:colon]
        if not whole.startswith("//", colon + 1):
            if user and (slash or at_start):
                return f"{whole[:slash]}…@"
            ends = [end for end in (user.find("="), user.find("(")) if 0 <= end < len(user) - 1]
            if ends:
                return f"{whole[: slash + min(ends) + 1]}…@"
        begin = colon + 1
    return whole


def _bare_in_text(address: str) -> str:
    alone = address.rstrip(_BEHIND)
    return bare_url(alone) + address[len(alone) :]
