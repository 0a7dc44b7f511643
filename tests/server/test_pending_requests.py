"""Who connects and is slow to ask: bounded, and a network with many connections has them at its own expense."""

from collections import Counter
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from asrcli.server.pending_requests import Peer, PendingRequests


@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.booleans()), max_size=60),
)
def test_the_oldest_of_the_network_with_most_goes_first(limit: int, steps: list[tuple[str, int, bool]]) -> None:
    """There are never more than the limit, and a client with a network of its own outlasts those who share one."""
    pending = PendingRequests(limit)
    model: list[Peer] = []
    gone: list[Peer] = []
    for host, port, comes in steps:
        peer = (host, port)
        if not comes:
            pending.leave(peer)
            model = [each for each in model if each != peer]
            continue
        pending.enter(peer, partial(gone.append, peer))
        if peer not in model:
            model.append(peer)
        if len(model) > limit:
            most = max(Counter(host for host, _ in model).values())
            full = {host for host, number in Counter(host for host, _ in model).items() if number == most}
            (turned_away,) = gone
            assert turned_away[0] in full
            assert turned_away == next(each for each in model if each[0] == turned_away[0])
            model.remove(turned_away)
        else:
            assert not gone
        gone.clear()
        assert len(pending) == len(model)


def test_all_addresses_of_a_customer_are_one_network() -> None:
    """An IPv6 network of 64 bits counts as one address; where all are alike, the first network goes first."""
    pending, gone = PendingRequests(3), list[str]()
    for host in ("2001:db8::1%eth0", "2001:db8:0:1::1", "2001:db8::ffff", "10.0.0.1"):
        pending.enter((host, 1), partial(gone.append, host))
    assert gone == ["2001:db8::1%eth0"]
    while pending.turn_one_away():
        pass
    assert gone == ["2001:db8::1%eth0", "2001:db8::ffff", "2001:db8:0:1::1", "10.0.0.1"]


def test_a_client_that_is_known_keeps_its_age() -> None:
    """Also when it is turned away in another way from now on."""
    pending, gone = PendingRequests(2), list[str]()
    pending.enter(("a", 1), partial(gone.append, "before"))
    pending.enter(("a", 2), partial(gone.append, "second"))
    pending.enter(("a", 1), partial(gone.append, "now"))
    pending.enter(("a", 3), partial(gone.append, "third"))
    assert gone == ["now"]
