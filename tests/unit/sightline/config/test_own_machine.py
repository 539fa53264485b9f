import ipaddress

import pytest

from sightline.config import own_machine
from sightline.config.own_machine import is_this_machine, own_addresses

ADDRESSES = own_addresses()


def test_the_addresses_of_network_cards_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "127.0.0.1" in ADDRESSES
    assert all(str(ipaddress.ip_address(each)) == each for each in ADDRESSES)
    monkeypatch.setattr(own_machine, "own_addresses", lambda: frozenset({"198.51.100.7", "2001:db8::7"}))
    for host in ("198.51.100.7", "198.51.100.7.", "[2001:DB8:0::7]", "::ffff:198.51.100.7", "localhost", "0.0.0.0"):
        assert is_this_machine(host), host
    for host in ("198.51.100.8", "2001:db8::8", "camera.example"):
        assert not is_this_machine(host), host
