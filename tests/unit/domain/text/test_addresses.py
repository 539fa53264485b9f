"""Which hosts are this machine itself."""

import pytest

from domain.text.addresses import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST"])
def test_the_names_of_this_machine_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "", "cameras.example", "127.0.0.1.example"])
def test_any_other_address_is_reached_by_others(host: str) -> None:
    assert not is_loopback(host)
