"""Ogg pages in any order: each link is read to its end, and bytes that are no page are passed on."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.sources.ogg import MAGIC, OggLinks


def page(flags: int, clock: int, body: bytes) -> bytes:
    """A page of one segment; no checksum, which nobody looks at here."""
    number = bytes(4) if flags & 2 else (1).to_bytes(4, "little")
    head = MAGIC + bytes([0, flags]) + clock.to_bytes(8, "little", signed=True) + b"same" + number + bytes(4)
    return head + bytes([1, len(body)]) + body


LINK = page(2, 0, b"begin") + page(0, 100, b"sound") + page(4, 200, b"end")
NOISE = st.binary(max_size=80).filter(lambda data: b"O" not in data)


def links(data: bytes, piece: int) -> list[bytes]:
    """Each link of a file that comes in pieces of a size."""
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        given_bytes = data[at : at + min(size, piece)]
        at += len(given_bytes)
        return given_bytes

    ogg, found = OggLinks(read), list[bytes]()
    while True:
        link = b""
        while part := ogg.read(7):
            link += part
        found.append(link)
        if ogg.ended or not ogg.next_link():
            return [link for link in found if link]


@given(st.lists(NOISE, min_size=1, max_size=4), st.integers(1, 200))
def test_no_byte_is_lost_whatever_stands_between_the_pages(noise: list[bytes], piece: int) -> None:
    """Also before the first page and after the last, and however the file comes."""
    data = b"".join(junk + LINK for junk in noise)
    assert b"".join(links(data, piece)) == data
    assert links(LINK * 3, piece) == [LINK] * 3


def test_what_a_decoder_left_unread_is_not_part_of_the_next_link() -> None:
    """It stops reading where it has seen enough."""
    pieces = [LINK + LINK]
    ogg = OggLinks(lambda _: pieces.pop() if pieces else b"")
    assert ogg.read(3) == MAGIC[:3]
    assert ogg.next_link()
    assert ogg.read(1 << 16)[:4] == MAGIC
