"""What a camera's challenge may hold: several kinds at once, and bytes that are none."""

import pytest

from ingest.login import parse_challenges


@pytest.mark.parametrize(
    "header", ["", ",", "M-^N=32", '="', "digest", "Basic", "\x00\x0e: 32", "á realm=x", "=" * 500]
)
def test_a_header_that_holds_no_challenge_is_no_error(header: str) -> None:
    for challenge in parse_challenges([header]):
        assert challenge.name


def test_several_challenges_in_one_header_are_told_apart() -> None:
    found = parse_challenges(['Digest realm="a, b", nonce="1", algorithm=SHA-256, Basic realm="c"', 'Digest nonce="2"'])

    assert [challenge.name for challenge in found] == ["digest", "basic", "digest"]
    assert [challenge.parameters.get("nonce") for challenge in found] == ["1", None, "2"]
    assert found[0].parameters["realm"] == "a, b"
