"""Which addresses mean this machine itself: what comes from elsewhere may not make Sightline call them."""

import ipaddress
import socket

import psutil


def is_this_machine(host: str) -> bool:
    """Return whether a host as it is written means this machine, or no single other one: loopback, its network cards,
    link-local addresses, multicast.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        # What resolvers read as IPv4 besides four decimal parts: 127.1, 2130706433, 0x7f000001.
        return all(part[:2] == "0x" or part.isdigit() for part in name.split("."))
    found = getattr(found, "ipv4_mapped", None) or found
    special = found.is_loopback or found.is_unspecified or found.is_link_local or found.is_multicast
    return special or str(found) in own_addresses()


def own_addresses() -> frozenset[str]:
    """Return the IP addresses of this machine's network cards, each in its shortest form."""
    cards = psutil.net_if_addrs().values()
    families = (socket.AF_INET, socket.AF_INET6)
    texts = (each.address.partition("%")[0] for card in cards for each in card if each.family in families)
    return frozenset(str(ipaddress.ip_address(text)) for text in texts)
