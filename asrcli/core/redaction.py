"""What is never shown: keys, and what may be secret in an address. No file and no clock."""

import re

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://(.*)", re.DOTALL)
_ADDRESSES = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
# What may be a login stands before such an @. It is looked into by hand: a pattern for user:password is tried again at
# each place of a text without an end, and a megabyte of "a:a:a:" from another end would keep it busy for hours.
_BEFORE_AT = re.compile(r"(?<![^\s@'\"])[^\s@'\"]+@(?=[\w\[])")
_BEHIND = ").,:;]"  # what follows an address in a sentence
_KEYS = re.compile(r"\b(sk|st)-[\w-]{16,}|\b(?i:bearer)\s+[^\s'\"]+")
SHORTEST = 6  # of a key that is looked for: what is shorter would be found in ordinary words
REMEMBERED = 64  # keys; the service makes temporary ones, one after the other
_known: dict[str, None] = {}


def remember_key(key: str) -> None:
    """Let this key be hidden from now on, whatever it looks like: another end may say it back to us."""
    if len(key) < SHORTEST:
        return
    _known.pop(key, None)
    _known[key] = None
    while len(_known) > REMEMBERED:
        _known.pop(next(iter(_known)), None)


def bare_url(url: str) -> str:
    """An address without what may be secret in it: user, password, parameters, query and fragment.

    What is no address is returned as it is.
    A password may hold a slash that nobody escaped: what stands before the last @ is never shown.
    """
    found = _ADDRESS.fullmatch(url)
    authority = re.match(r"[^/?#]*", found[2])[0] if found else ""  # type: ignore[index]
    if found is None or not authority:
        return url
    rest, port = found[2], re.search(r":([^:\]]*)\Z", authority)
    if port is not None and port[1] and not port[1].isdecimal() and "@" not in authority:
        rest = rest.rpartition("@")[2] if "@" in rest else authority[: port.start()]
    before = re.match(r"[^?#]*", rest)[0]  # type: ignore[index]
    before = before.rpartition("@")[2] if "@" in authority else before
    return f"{found[1]}://{before.partition(';')[0]}"


def without_secrets(text: str) -> str:
    """The text with each address in it as `bare` has it, without keys that are known, and what looks like one."""
    text = _KEYS.sub(lambda found: f"{found[1]}-…" if found[1] else "Bearer …", text)
    for key in list(_known):  # behind what looks like one: a key that begins another would leave its end
        text = text.replace(key, f"{key[:3] if key.startswith(('sk-', 'st-')) else ''}…")
    text = _ADDRESSES.sub(lambda found: _bare_in_text(found[0]), text)
    return _BEFORE_AT.sub(_without_login, text)


def _without_login(found: re.Match[str]) -> str:
    """What stands before an @, without the user and the password that it ends with, in an address that is not whole."""
    whole, begin = found[0], 0
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
