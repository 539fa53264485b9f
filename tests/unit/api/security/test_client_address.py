import pytest

from api.security.client_address import MAX_HOPS, client_address, is_forwarded_https, parse_networks

PROXIES = parse_networks(["127.0.0.1", "10.0.0.0/28", "2001:db8::/64"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("::ffff:127.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.1"], "203.0.113.1"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.1, 10.0.0.5"], "203.0.113.1"),
        ("2001:db8::5", ["203.0.113.1:4711"], "203.0.113.1"),
        ("127.0.0.1", ["[2001:db8:1::9]:443"], "2001:db8:1::9"),
        ("127.0.0.1", ["10.0.0.3, 10.0.0.4"], "10.0.0.3"),
        ("127.0.0.1", ["203.0.113.1, garbage"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.1, "], "127.0.0.1"),
        ("127.0.0.1", [", ".join(["203.0.113.1"] + ["10.0.0.5"] * MAX_HOPS)], "10.0.0.5"),
        ("127.0.0.1", ["x" * 100_000], "127.0.0.1"),
        ("127.0.0.1", ["," * 100_000], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.1,10.0.0.5" + " " * 100_000], "127.0.0.1"),
        ("", ["203.0.113.1"], ""),
        ("unix", ["203.0.113.1"], "unix"),
    ],
)
def test_only_listed_proxies_are_believed_and_no_further_than_they_reach(
    peer: str, forwarded_for: list[str], client: str
) -> None:
    assert client_address(peer, forwarded_for, [], PROXIES) == client


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (["for=203.0.113.1;proto=https"], "203.0.113.1"),
        (['for=198.51.100.1, proto=http; For="[2001:db8:1::9]:80"'], "2001:db8:1::9"),
        (["for=_hidden"], "127.0.0.1"),
        (["by=203.0.113.1"], "127.0.0.1"),
        ([";" * 10_000], "127.0.0.1"),
    ],
)
def test_the_standard_header_is_read_where_the_usual_one_is_absent(forwarded: list[str], client: str) -> None:
    assert client_address("127.0.0.1", [], forwarded, PROXIES) == client
    assert client_address("127.0.0.1", ["192.0.2.1"], forwarded, PROXIES) == "192.0.2.1"


def test_https_is_believed_from_a_listed_proxy_alone() -> None:
    assert is_forwarded_https("10.0.0.5", "https", PROXIES)
    assert not is_forwarded_https("10.0.0.5", "http", PROXIES)
    assert not is_forwarded_https("198.51.100.7", "https", PROXIES)


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "proxy.example", "10.0.0.1/8", "", "x" * 10_000])
def test_a_list_of_proxies_that_lets_anybody_lie_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"proxies|proxy"):
        parse_networks([text])
