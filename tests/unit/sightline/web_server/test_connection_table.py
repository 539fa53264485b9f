from dataclasses import dataclass, field

import pytest

from api.security.client_address import address_group, parse_networks
from sightline.web_server.connection_table import (
    DEADLINE_S,
    MOST_COMPARED,
    ConnectionLimits,
    ConnectionTable,
    PeerWait,
)


@dataclass(eq=False)
class Peer:
    address: str = "198.51.100.1"
    wait: tuple[PeerWait, float] | None = None
    gave_up: list[PeerWait] = field(default_factory=list)
    dropped: bool = False
    asked: int = 0

    def current_wait(self) -> tuple[PeerWait, float] | None:
        self.asked += 1
        return self.wait

    def give_up(self, wait: PeerWait) -> None:
        self.gave_up.append(wait)

    def drop(self) -> None:
        self.dropped = True


def table(most: int = 4, most_each: int = 2, proxies: tuple[str, ...] = ()) -> ConnectionTable:
    return ConnectionTable(ConnectionLimits(most, most_each, parse_networks(proxies)), name="test")


def test_the_connection_that_waited_longest_makes_room() -> None:
    full = table()
    old, young = Peer(wait=(PeerWait.HEAD, 1.0)), Peer(wait=(PeerWait.BODY, 2.0))
    for each in (young, old, Peer()):
        assert full.admit(each)
    assert (old.dropped, young.dropped) == (True, False)
    assert len(full) == 2


def test_a_flood_compares_no_more_than_a_few_connections_for_each_new_one() -> None:
    full = table(most=10_000, most_each=1_000)
    crowd = [Peer(wait=(PeerWait.HEAD, float(i))) for i in range(2_000)]
    assert all(full.admit(each) for each in crowd)
    assert [each.dropped for each in crowd] == [True] * 1_000 + [False] * 1_000
    assert sum(each.asked for each in crowd) <= MOST_COMPARED * 1_000


def test_room_is_found_behind_any_number_of_connections_that_are_being_served() -> None:
    full = table(most=10_000, most_each=200)
    waiting = Peer(wait=(PeerWait.HEAD, 5.0))
    assert all(full.admit(each) for each in [*(Peer() for _ in range(199)), waiting])
    assert full.admit(Peer())
    assert waiting.dropped


def test_a_connection_that_is_being_served_is_never_closed_for_another() -> None:
    full = table()
    busy = [Peer(), Peer()]
    assert all(full.admit(each) for each in busy)
    assert not full.admit(Peer())
    assert full.admit(Peer("198.51.100.2"))
    assert not any(each.dropped for each in busy)


def test_the_crowd_makes_room_and_not_the_single_guest() -> None:
    full = table(most=4, most_each=3)
    guest = Peer("198.51.100.2", wait=(PeerWait.HEAD, 0.0))
    crowd = [Peer(wait=(PeerWait.HEAD, float(i))) for i in range(1, 4)]
    assert all(full.admit(each) for each in (guest, *crowd))
    assert full.admit(Peer("198.51.100.3"))
    assert not guest.dropped
    assert crowd[0].dropped


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.5", "::ffff:10.0.0.5"])
def test_a_proxy_and_this_machine_have_no_limit_of_their_own(address: str) -> None:
    full = table(proxies=("10.0.0.0/28",))
    assert all(full.admit(Peer(address)) for _ in range(4))
    assert not full.admit(Peer(address))


def test_a_host_is_counted_by_the_network_it_owns() -> None:
    assert address_group("2001:db8::1") == address_group("2001:db8::ffff:2") != address_group("2001:db8:0:1::1")
    assert address_group("::ffff:198.51.100.1") == address_group("198.51.100.1") != address_group("198.51.100.2")


@pytest.mark.parametrize("wait", PeerWait)
def test_a_peer_that_lets_its_deadline_pass_is_given_up(wait: PeerWait) -> None:
    open_now, late, busy = table(), Peer(wait=(wait, 0.0)), Peer()
    assert all(open_now.admit(each) for each in (late, busy))
    open_now.sweep(DEADLINE_S[wait])
    assert late.gave_up == []
    open_now.sweep(DEADLINE_S[wait] + 0.1)
    assert (late.gave_up, busy.gave_up) == ([wait], [])


def test_the_log_says_seldom_how_many_made_room_and_who_crowds(caplog: pytest.LogCaptureFixture) -> None:
    full = table()
    for i in range(1000):
        full.admit(Peer(wait=(PeerWait.HEAD, float(i))))
        full.sweep(i / 100)
    assert len(caplog.records) == 1
    full.sweep(1000.0)
    assert len(caplog.records) == 2
    assert "from 198.51.100.1" in caplog.text


def test_what_is_forgotten_leaves_nothing_behind() -> None:
    full = table()
    peers = [Peer(), Peer("2001:db8::1")]
    for each in peers:
        full.admit(each)
    for each in (*peers, *peers, Peer()):
        full.forget(each)
    assert len(full) == 0
    assert full._open == {}
