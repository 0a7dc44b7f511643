"""Says by the last fragment of a fragmented MP4 when it begins: such a file has no length, and no index. Pure."""

_FRAGMENT = b"moof"
_HEAD = 8  # bytes of the size and the name of a box


def last_fragment(tail: bytes, track: int) -> int | None:
    """Return when the last fragment of a track begins, in steps of its time; None if there is none in these bytes."""
    at = len(tail)
    while (at := tail.rfind(_FRAGMENT, 0, at)) >= 0:
        begin = _begin_of(_children(_box(tail, at - 4)), track)
        if begin is not None:
            return begin
    return None


def _box(data: bytes, at: int) -> bytes:
    """Return what is in the box that begins here; nothing if it is not all there."""
    size = int.from_bytes(data[max(0, at) : at + 4])
    if at < 0 or size < _HEAD or at + size > len(data):
        return b""
    return data[at + _HEAD : at + size]


def _children(data: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    at = 0
    while at + _HEAD <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if size < _HEAD:
            break
        found.append((data[at + 4 : at + 8], data[at + _HEAD : at + size]))
        at += size
    return found


def _begin_of(boxes: list[tuple[bytes, bytes]], track: int) -> int | None:
    for name, content in boxes:
        if name != b"traf":
            continue
        parts = dict(_children(content))
        header, time = parts.get(b"tfhd", b""), parts.get(b"tfdt", b"")
        if int.from_bytes(header[4:8]) == track and len(time) >= 8:
            end = 8
            if time[0]:  # the version with a longer time
                end = 12
            return int.from_bytes(time[4:end])
    return None
