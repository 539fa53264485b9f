"""Finds ONVIF cameras by one WS-Discovery probe (OASIS WS-Discovery 1.0 of April 2005, ONVIF Core 7.3).

Whoever hears the probe may answer anything. So a camera counts at the address that its answer came from: what it says
of other hosts is not used.
"""

import ipaddress
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote
from uuid import uuid4
from xml.etree.ElementTree import Element

from domain.errors import SourceUnavailable
from ingest.connect.endpoints import Endpoint, parse_endpoint
from ingest.onvif.session import DEVICE_PATH
from ingest.onvif.soap import ENVELOPE, LONGEST_TEXT, find_all, find_text, parse_xml

GROUP = ("239.255.255.250", 3702)
"""The multicast group and port of WS-Discovery."""
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_SCOPE = "onvif://www.onvif.org/"
LARGEST_DATAGRAM = 65535
MOST_DEVICES = 2000
MOST_ANSWERS = 20_000
"""More answers to one probe than this are a flood; reading them ends."""


@dataclass(frozen=True, slots=True)
class DiscoveredDevice:
    """One answer to a probe: `endpoint` is its device service, `reference` the identity that it keeps, or ""."""

    endpoint: Endpoint
    reference: str = ""
    name: str = ""
    hardware: str = ""
    location: str = ""


def find_devices(
    wait_s: float = 3.0, *, target: tuple[str, int] = GROUP, interface: str = ""
) -> Sequence[DiscoveredDevice]:
    """Send one probe and return who answers within `wait_s`, by address.

    `interface` is the address of the network card to ask by, else the one of the default route. Raises
    `SourceUnavailable` where nothing can be sent.
    """
    message_id = f"urn:uuid:{uuid4()}"
    found: dict[tuple[str, str], DiscoveredDevice] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            if interface:
                probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            probe.sendto(build_probe(message_id), target)
        except OSError:
            raise SourceUnavailable(
                "the network cannot be asked for cameras: check this machine's network, or name its own address there"
            ) from None
        for sender, content in _receive(probe, time.monotonic() + wait_s):
            for device in read_answers(content, sender, message_id):
                if len(found) < MOST_DEVICES:
                    found.setdefault((device.endpoint.authority, device.reference), device)
    return sorted(found.values(), key=lambda each: (ipaddress.ip_address(each.endpoint.host), each.endpoint.port))


def _receive(probe: socket.socket, until_s: float) -> Iterator[tuple[str, bytes]]:
    for _ in range(MOST_ANSWERS):
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return
        probe.settimeout(left_s)
        try:
            content, sender = probe.recvfrom(LARGEST_DATAGRAM)
        except TimeoutError:
            return
        except OSError:
            continue  # a port of one host is closed, which says nothing of the others
        yield str(sender[0]), content


def build_probe(message_id: str) -> bytes:
    """Return the probe for devices that send video."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{ENVELOPE}" xmlns:a="{_ADDRESSING}">'
        f"<s:Header><a:MessageID>{message_id}</a:MessageID>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        f"<a:Action>{_DISCOVERY}/Probe</a:Action></s:Header>"
        f'<s:Body><d:Probe xmlns:d="{_DISCOVERY}" xmlns:n="http://www.onvif.org/ver10/network/wsdl">'
        "<d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def read_answers(content: bytes, sender: str, message_id: str) -> Sequence[DiscoveredDevice]:
    """Return the devices of one datagram that answers this probe; nothing for any other."""
    try:
        root = parse_xml(content)
    except SourceUnavailable:
        return ()
    relates = next((find_text(each) for each in find_all(root, "RelatesTo")), "")
    if relates != message_id:
        return ()
    devices = (_read_match(match, sender) for match in find_all(root, "ProbeMatch"))
    return tuple(device for device in devices if device is not None)


def _read_match(match: Element, sender: str) -> DiscoveredDevice | None:
    endpoint = _choose_address(find_text(match, "XAddrs").split(), sender)
    if endpoint is None:
        return None
    scopes = dict(_read_scopes(find_text(match, "Scopes").split()))
    return DiscoveredDevice(
        endpoint=endpoint,
        reference=clean_reference(find_text(match, "EndpointReference", "Address")),
        name=scopes.get("name", ""),
        hardware=scopes.get("hardware", ""),
        location=scopes.get("location", ""),
    )


def _choose_address(addresses: Sequence[str], sender: str) -> Endpoint | None:
    """Return the device service at the address that the answer came from, None where it names none there."""
    for each in addresses[:16]:
        with suppress(SourceUnavailable):
            endpoint = parse_endpoint(each)
            if endpoint.scheme in ("http", "https") and endpoint.host == sender:
                return endpoint if endpoint.target else Endpoint(*_parts(endpoint), DEVICE_PATH)
    return None


def _parts(endpoint: Endpoint) -> tuple[str, str, int]:
    return endpoint.scheme, endpoint.host, endpoint.port


def _read_scopes(scopes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what a device says of itself by key, the last of several places first: they go from country to room."""
    for scope in reversed(scopes[:64]):
        key, slash, value = scope.removeprefix(_SCOPE).partition("/")
        if scope.startswith(_SCOPE) and slash:
            yield key.lower(), unquote(value)[:LONGEST_TEXT]


def clean_reference(text: str) -> str:
    """Return an endpoint reference in one form, "" for what is none (WS-Addressing: a URI that the device keeps)."""
    kept = text.strip().lower()
    plain = kept.isascii() and kept.isprintable() and " " not in kept
    return kept if plain and kept.startswith(("urn:", "uuid:")) and len(kept) <= 120 else ""
