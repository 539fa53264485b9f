"""What a camera says of its own picture, by one session and three logins, and what a hostile one achieves."""

import time
from http.server import BaseHTTPRequestHandler
from itertools import count

import pytest

from domain.errors import LoginRefused, SourceUnavailable
from ingest.connect.authentication import Login
from ingest.connect.endpoints import parse_endpoint
from ingest.onvif.image_events import MOST_MESSAGES, ImageEvent, read_image_events
from simulation.cameras.onvif_device import Answer, SimulatedOnvif, serve_onvif, wrap_answer
from tests.canary import WORD
from tests.unit.ingest.onvif.hostile_answers import pour_endlessly, redirect_elsewhere
from tests.unit.ingest.onvif.test_device import BOMB

PASSWORD = f"{WORD}-onvif"
STATES = {"ImageTooDark": True, "ImageTooBlurry": False, "GlobalSceneChange": True, "ImpairedVisibility": False}


def read(device: SimulatedOnvif, password: str = PASSWORD, *, timeout_s: float = 60.0) -> dict[ImageEvent, bool]:
    with serve_onvif(device):
        login = Login("operator", password)
        return dict(read_image_events(parse_endpoint(device.url), login, timeout_s=timeout_s))


@pytest.mark.parametrize("kind", ["token", "digest", ""])
def test_the_states_are_read_by_one_session_and_three_logins_and_the_pull_point_is_ended(kind: str) -> None:
    device = SimulatedOnvif(password=PASSWORD, login_kind=kind, image_events=STATES)
    assert read(device) == {ImageEvent(name): state for name, state in STATES.items()}
    assert device.record.operations.count("CreatePullPointSubscription") <= 2
    assert device.record.operations[-1] == "Unsubscribe"
    assert (device.record.most_sessions, device.record.refused) == (1, 0)
    assert device.record.logins == (0 if kind == "" else 3)


def test_a_camera_without_image_events_says_nothing_and_others_of_its_events_are_no_image_events() -> None:
    assert read(SimulatedOnvif(password=PASSWORD)) == {}
    assert read(SimulatedOnvif(password=PASSWORD, image_events={"MotionAlarm": True, "GlobalSceneChangeX": True})) == {}


def test_a_pull_point_that_is_named_at_another_host_is_asked_at_the_camera() -> None:
    device = SimulatedOnvif(password=PASSWORD, image_events=STATES, pull_host="192.0.2.77:80")
    assert read(device)[ImageEvent.TOO_DARK] is True


def test_a_wrong_password_is_sent_once() -> None:
    device = SimulatedOnvif(password=PASSWORD, image_events=STATES)
    with pytest.raises(LoginRefused):
        read(device, "wrong")
    assert (device.record.logins, device.record.refused) == (1, 1)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in count():
        handler.wfile.write(b"<")
        time.sleep(0.05)


NESTED = b"<a>" * 50_000 + b"</a>" * 50_000
DEEP_REFERENCE = wrap_answer(
    "<r><SubscriptionReference><Address>http://h/p</Address><ReferenceParameters>"
    f"{NESTED.decode()}</ReferenceParameters></SubscriptionReference></r>"
)


@pytest.mark.parametrize(
    "answer", [BOMB, NESTED, b"", b"<html>no</html>", pour_endlessly, redirect_elsewhere], ids=range(6)
)
@pytest.mark.parametrize("operation", ["CreatePullPointSubscription", "PullMessages"])
def test_answers_that_are_no_onvif_are_an_error_in_words(operation: str, answer: Answer) -> None:
    device = SimulatedOnvif(password=PASSWORD, image_events=STATES, answers={operation: answer})
    with pytest.raises(SourceUnavailable):
        read(device)
    assert device.record.logins <= 3


def test_reference_parameters_without_end_are_not_echoed() -> None:
    device = SimulatedOnvif(
        password=PASSWORD, image_events=STATES, answers={"CreatePullPointSubscription": DEEP_REFERENCE}
    )
    assert read(device)[ImageEvent.TOO_DARK] is True


def test_a_camera_that_answers_ever_so_slowly_is_cut_off() -> None:
    device = SimulatedOnvif(password=PASSWORD, answers={"PullMessages": _drip})
    began_s = time.monotonic()
    with pytest.raises(SourceUnavailable):
        read(device, timeout_s=1.0)
    assert time.monotonic() - began_s < 60


def test_more_messages_than_were_asked_for_are_not_read() -> None:
    one = (
        "<NotificationMessage><Topic>tns1:VideoSource/{}/x</Topic><Message><Message><Data>"
        '<SimpleItem Name="State" Value="true"/></Data></Message></Message></NotificationMessage>'
    )
    many = one.format("ImageTooDark") * MOST_MESSAGES + one.format("ImageTooBlurry")
    device = SimulatedOnvif(password=PASSWORD, answers={"PullMessages": wrap_answer(f"<r>{many}</r>")})
    assert read(device) == {ImageEvent.TOO_DARK: True}
