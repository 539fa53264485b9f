"""Who sent a request: the peer, or whom a listed proxy names. Pure.

`X-Forwarded-For` and `Forwarded` (RFC 7239) can be written by any client. They are read from the right, from the
hop nearest to us, and only as far as each hop is a listed proxy.
"""

import ipaddress
from collections.abc import Collection, Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_HOPS = 16
"""More proxies than this in a row are not followed."""

_MAX_HOP_LENGTH = 128


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the addresses and networks of a list of proxies. Raises `ValueError` with a sentence for the operator."""
    return tuple(_parse_network(text) for text in texts)


def _parse_network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        raise ValueError(
            f"'{text[:60]}' is no address and no network; write the proxy's own, such as 10.0.0.5 or 10.0.0.0/28"
        ) from None
    if network.prefixlen == 0:
        raise ValueError(f"'{text}' holds every address; list the proxies alone, or anybody can name any address")
    return network


def normalise_address(text: str) -> Address | None:
    """Return an address as it is compared: IPv4 inside IPv6 is IPv4. None for what is no address."""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def address_group(address: str) -> str:
    """Return under which name an address is counted: an IPv6 host owns a whole /64."""
    parsed = normalise_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed) if parsed is not None else address


def is_trusted_proxy(address: Address, proxies: Collection[Network]) -> bool:
    return any(address in network for network in proxies)


def client_address(
    peer: str, forwarded_for: Sequence[str], forwarded: Sequence[str], proxies: Collection[Network]
) -> str:
    """Return the address of who asks.

    `peer` is the connection's other end; `forwarded_for` and `forwarded` are the values of those headers in order.
    `Forwarded` counts only without `X-Forwarded-For`. A hop that is no address ends the search at the proxy before it.
    """
    here = normalise_address(peer)
    if here is None:
        return peer
    if not is_trusted_proxy(here, proxies):
        return str(here)
    hops = (
        _hops_from_right(forwarded_for)
        if forwarded_for
        else (_forwarded_node(element) for element in _hops_from_right(forwarded))
    )
    for hop in hops:
        hop_address = normalise_address(_strip_port(hop))
        if hop_address is None:
            break
        here = hop_address
        if not is_trusted_proxy(here, proxies):
            break
    return str(here)


def is_forwarded_https(peer: str, forwarded_proto: str, proxies: Collection[Network]) -> bool:
    """Return whether a listed proxy says that it was asked by HTTPS."""
    here = normalise_address(peer)
    return here is not None and is_trusted_proxy(here, proxies) and forwarded_proto.strip().lower() == "https"


def _hops_from_right(values: Sequence[str]) -> Iterable[str]:
    """Yield the elements of a list header from the right, no more of it than needed."""
    left = MAX_HOPS
    for value in reversed(values):
        for hop in reversed(value.rsplit(",", left)[-left:]):
            yield hop.strip() if len(hop) <= _MAX_HOP_LENGTH else ""
            left -= 1
            if left == 0:
                return


def _forwarded_node(element: str) -> str:
    """Return the node of one element of `Forwarded`, "" where it names none."""
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value.strip().strip('"')
    return ""


def _strip_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
