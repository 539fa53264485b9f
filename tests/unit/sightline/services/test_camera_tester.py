"""An address is tried out by a real reading process."""

import socket
from dataclasses import replace

import cv2
import numpy as np

from domain.cameras import Camera
from sightline.config.settings import Settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.logging_setup import Redactor
from sightline.services.camera_tester import ReaderCameraTester
from simulation.cameras.http_camera import repeat_at_rate, serve_jpeg_camera
from tests.cameras.films import draw_test_picture


def jpegs(count: int = 5) -> list[bytes]:
    pictures = (draw_test_picture(index, 320, 192) for index in range(count))
    return [bytes(cv2.imencode(".jpg", picture)[1]) for picture in pictures]


def make_tester(redactor: Redactor | None = None) -> ReaderCameraTester:
    return ReaderCameraTester(Settings(), SystemClock(), redactor)


def test_a_camera_that_works_says_what_it_sends_and_shows_its_picture() -> None:
    with serve_jpeg_camera(repeat_at_rate(jpegs(), 5.0)) as address:
        found = make_tester().test(Camera("trial", address))
    assert found.works, found.reason
    assert (found.width, found.height) == (320, 192)
    assert found.reason == "it sends pictures of 320 x 192"
    picture = cv2.imdecode(np.frombuffer(found.picture, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (192, 320, 3)


def test_an_address_where_nobody_answers_says_so_without_its_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    camera = Camera("trial", f"rtsp://guard:hunter2@127.0.0.1:{port}/main")
    redactor = Redactor()
    found = make_tester(redactor).test(camera)
    assert not found.works
    assert found.picture == b""
    assert "hunter2" not in found.reason
    assert len(found.reason) > 10
    assert redactor("it said hunter2") == "it said ***"
    assert found.seconds < 20
    assert replace(found, picture=b"") == found
