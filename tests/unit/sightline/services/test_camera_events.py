"""A camera's own image events are evidence beside Sightline's: in the log of an incident, and never alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.alerts import Incident, IncidentState
from domain.cameras import Camera
from domain.errors import SourceUnavailable
from domain.faults import Fault
from domain.messages import BatchResult
from ingest.connect.authentication import Login
from ingest.connect.endpoints import Endpoint
from ingest.onvif.image_events import ImageEvent
from sightline.config.alert_settings import AlertSettings
from sightline.services.camera_events import AGAIN_AFTER, AT_ONCE, BY, CameraEvents
from simulation.cameras.onvif_device import SimulatedOnvif, serve_onvif
from tests.canary import WORD
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeScoreStore, FakeStreamStore

PORTS = AlertSettings(onvif_port=8000)
DARK = {ImageEvent.TOO_DARK: True, ImageEvent.TOO_BLURRY: False}


class Site:
    """Cameras and incidents, and what is asked of the cameras."""

    def __init__(self, answer: Mapping[ImageEvent, bool] | None = None) -> None:
        self.clock = FakeClock()
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.alerts = FakeAlertStore(self.scores, self.streams)
        self.answer = answer
        self.asked: list[tuple[Endpoint, Login]] = []
        self.events = self.make()

    def make(self) -> CameraEvents:
        return self.make_with(PORTS)

    def make_with(self, settings: AlertSettings, own: str = "") -> CameraEvents:
        return CameraEvents(
            self.streams,
            self.alerts,
            self.clock,
            port_of=settings.onvif_port_of,
            read=self.read,
            is_own=lambda host: host == own,
        )

    def read(self, endpoint: Endpoint, login: Login) -> Mapping[ImageEvent, bool]:
        self.asked.append((endpoint, login))
        if self.answer is None:
            raise SourceUnavailable("no answer")
        return self.answer

    def add(self, name: str, url: str = "") -> None:
        camera = Camera(name, url or f"rtsp://ann:{WORD}@{name}.test:554/1")
        self.streams.put_camera(camera, by="test", at=START)

    def fail(self, name: str, fault: Fault = Fault.TOO_DARK) -> Incident:
        found = Incident(f"{name}/{fault}", name, fault, IncidentState.OPEN, START, START)
        self.scores.add(BatchResult(incidents=(found,)))
        return found

    def log(self, incident: Incident) -> list[str]:
        return [f"{each.by}: {each.note}" for each in self.alerts.incident_log(incident.incident_id)]


def test_without_an_incident_no_camera_is_asked_whatever_it_would_say() -> None:
    site = Site(DARK)
    site.add("gate")
    site.fail("gate", Fault.SIGNAL_LOSS)
    site.events.run_once()
    assert site.asked == []


@pytest.mark.parametrize(
    ("fault", "states", "said"),
    [
        (Fault.TOO_DARK, DARK, "reports ImageTooDark, which agrees with this incident"),
        (Fault.CAMERA_MOVED, DARK, "reports ImageTooDark"),
        (Fault.BLUR, {ImageEvent.TOO_BLURRY: False}, "reports none of its image events (ImageTooBlurry)"),
    ],
)
def test_what_a_camera_says_goes_into_the_log_of_its_incident_once(
    fault: Fault, states: Mapping[ImageEvent, bool], said: str
) -> None:
    site = Site(states)
    site.add("gate")
    incident = site.fail("gate", fault)
    for _ in range(3):
        site.events.run_once()
        site.clock.advance(3600)
    site.events = site.make()  # a restart asks nobody who has answered
    site.events.run_once()
    assert site.log(incident) == [f"{BY}: {said}"]
    ((endpoint, login),) = site.asked
    assert (endpoint.host, endpoint.port, endpoint.scheme) == ("gate.test", 8000, "http")
    assert (login.user, login.password) == ("ann", WORD)
    assert site.alerts.incident(incident.incident_id) == incident, "no verdict changes"


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ({}, ("http", 80)),
        ({"onvif_port": 8000, "onvif_ports": {"yard": 9}}, ("http", 8000)),
        ({"onvif_tls": True, "onvif_port": 443, "onvif_ports": {"gate": 8899}}, ("http", 8899)),
        ({"onvif_tls": True, "onvif_port": 443, "onvif_tls_ports": {"yard": 8443}}, ("https", 443)),
        ({"onvif_tls_ports": {"yard": 9, "gate": 8443}}, ("https", 8443)),
    ],
)
def test_each_camera_is_asked_at_its_own_port_in_tls_where_that_is_said(
    ports: dict[str, Any], expected: tuple[str, int]
) -> None:
    site = Site(DARK)
    site.add("gate")
    site.fail("gate")
    site.make_with(AlertSettings(**ports)).run_once()
    ((endpoint, _),) = site.asked
    assert (endpoint.scheme, endpoint.port) == expected


def test_a_camera_that_does_not_answer_is_asked_once_more_and_not_again() -> None:
    site = Site()
    site.add("gate")
    incident = site.fail("gate")
    for _ in range(10):
        site.events.run_once()
        site.clock.advance(AGAIN_AFTER.total_seconds() / 3)
    assert len(site.asked) == 2
    assert site.log(incident) == []


def test_a_recorder_this_machine_and_a_file_are_not_asked() -> None:
    site = Site(DARK)
    for name, url in (
        ("a", "rtsp://nvr.test/1"), ("b", "rtsp://nvr.test/2"), ("film", "file:///x.mp4"), ("own", "rtsp://own.test/1"),
    ):  # fmt: skip
        site.add(name, url)
        site.fail(name)
    site.events = site.make_with(PORTS, own="own.test")
    site.events.run_once()
    assert site.asked == []


def test_an_outage_of_the_light_asks_a_few_cameras_at_a_time_and_each_once() -> None:
    site = Site(DARK)
    for number in range(3 * AT_ONCE):
        site.add(f"c{number}")
        site.fail(f"c{number}")
    for asked in (AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE, 3 * AT_ONCE):
        site.events.run_once()
        assert len({endpoint.host for endpoint, _ in site.asked}) == len(site.asked) == asked


def test_two_incidents_of_a_camera_are_one_conversation_at_a_time() -> None:
    site = Site(DARK)
    site.add("gate")
    incidents = [site.fail("gate"), site.fail("gate", Fault.BLUR)]
    site.events.run_once()
    assert len(site.asked) == 1
    site.events.run_once()
    assert all(site.log(incident) for incident in incidents)


def test_a_simulated_camera_is_asked_over_the_network_and_its_password_is_nowhere() -> None:
    device = SimulatedOnvif(user="ann", password=WORD, image_events={"ImageTooDark": True})
    site = Site()
    with serve_onvif(device):
        site.add("gate", f"rtsp://ann:{WORD}@{device.host}:554/1")
        incident = site.fail("gate")
        events = CameraEvents(
            site.streams, site.alerts, site.clock, port_of=lambda _: ("http", device.port), is_own=lambda _: False
        )
        events.run_once()
    assert site.log(incident) == [f"{BY}: reports ImageTooDark, which agrees with this incident"]
    assert (device.record.most_sessions, device.record.logins) == (1, 3)
    assert site.alerts.incident(incident.incident_id) == incident
