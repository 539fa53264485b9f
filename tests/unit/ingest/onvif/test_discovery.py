"""One probe, and what comes back from cameras and from others."""

from collections.abc import Callable

import pytest

from domain.errors import SourceUnavailable
from ingest.onvif.discovery import DiscoveredDevice, clean_reference, find_devices, read_answers
from simulation.cameras.onvif_device import SimulatedOnvif, answer_probes, match_probe


def discover(
    devices: list[SimulatedOnvif], content: Callable[[str], list[bytes]] | None = None
) -> list[DiscoveredDevice]:
    with answer_probes(devices, content=content) as port:
        return list(find_devices(1.0, target=("127.0.0.1", port)))


def test_one_probe_finds_cameras_with_their_name_and_the_identity_that_they_keep() -> None:
    first = SimulatedOnvif(port=8001, name="Gate%20north")
    second = SimulatedOnvif(port=8002, reference="urn:uuid:2419D68A-2DD2-21B2-A205-FFFFFFFFFFFF")
    found = discover([second, first])
    assert [each.endpoint.port for each in found] == [8001, 8002]
    assert [each.name for each in found] == ["Gate north", "Gate"]
    assert found[0].hardware == "Pretended"
    assert found[1].reference == "urn:uuid:2419d68a-2dd2-21b2-a205-ffffffffffff"
    assert first.record.probes == 1


def test_a_camera_that_answers_twice_is_one() -> None:
    device = SimulatedOnvif(port=8001)
    assert len(discover([device], lambda asked: [match_probe(device, asked)] * 50)) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        "http://192.0.2.77/onvif/device_service",
        "http://127.0.0.1.example/onvif",
        "http://localhost/onvif",
        "ftp://127.0.0.1/onvif",
        "http://127.0.0.1@192.0.2.77/onvif",
        "",
        "http://[::1]/onvif",
    ],
)
def test_an_answer_that_names_another_host_is_not_used(addresses: str) -> None:
    device = SimulatedOnvif(port=8001)
    assert discover([device], lambda asked: [match_probe(device, asked, addresses or " ")]) == []


def test_of_several_addresses_the_one_that_answered_is_used() -> None:
    device = SimulatedOnvif(port=8001)
    addresses = "http://169.254.7.7/onvif http://127.0.0.1:8001 http://192.0.2.77/onvif"
    (found,) = discover([device], lambda asked: [match_probe(device, asked, addresses)])
    assert found.endpoint.url == "http://127.0.0.1:8001/onvif/device_service"


def test_answers_to_another_probe_and_what_is_no_answer_are_left_out() -> None:
    device = SimulatedOnvif(port=8001)
    bomb = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><b>&b;</b>'

    def answers(asked: str) -> list[bytes]:
        return [b"", b"\xff" * 60_000, bomb, match_probe(device, "urn:uuid:another"), match_probe(device, "")]

    assert discover([device], answers) == []


def test_thousands_of_invented_cameras_are_bounded() -> None:
    device = SimulatedOnvif(port=8001)
    many = match_probe(device, "x")
    one = many[many.index(b"<d:ProbeMatch>") : many.index(b"</d:ProbeMatches>")]
    found = read_answers(many.replace(one, one * 3000), "127.0.0.1", "x")
    assert len(found) == 3000  # of one datagram all; over a whole probe they are one, and never more than MOST_DEVICES
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    "text", ["", "http://192.0.2.1/", "urn:uuid:a b", "urn:uuid:\u00e4", "urn:" + "a" * 300, "urn:\x1b[1m"]
)
def test_what_is_no_identity_is_none(text: str) -> None:
    assert clean_reference(text) == ""


def test_a_network_that_cannot_be_asked_is_a_sentence() -> None:
    with pytest.raises(SourceUnavailable, match="this machine's network"):
        find_devices(0.1, interface="192.0.2.1")
