"""Who takes gzip."""

import pytest

from api.content_coding import accepts_gzip


@pytest.mark.parametrize("header", ["gzip", "gzip, deflate, br", "br, GZIP;q=0.5", "deflate,gzip ; q=1.0"])
def test_gzip_is_taken(header: str) -> None:
    assert accepts_gzip(header)


@pytest.mark.parametrize("header", ["", "identity", "gzip;q=0", "br, gzip; q=0.000", "x-gzip", "*"])
def test_gzip_is_not_asked_for(header: str) -> None:
    assert not accepts_gzip(header)
