import pytest

from sightline.config import own_machine


@pytest.fixture(autouse=True)
def no_network_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of documentation that tests use may be those of the machine that runs them."""
    monkeypatch.setattr(own_machine, "own_addresses", frozenset)
