from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from domain.cameras import Camera
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

PATH = "/api/v1/cameras/gate/picture"


@pytest.fixture(autouse=True)
def gate(stage: SampleCameras) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    stage.show("gate", np.full((90, 160, 3), (200, 40, 10), np.uint8))


def decode_jpeg(data: bytes) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None, "not a picture"
    return decoded


def test_the_picture_of_now_is_a_jpeg_that_no_cache_keeps(api: Caller, stage: SampleCameras) -> None:
    answer = api.get(PATH)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert datetime.fromisoformat(answer.headers["x-received-at"]) == stage.clock.now()
    decoded = decode_jpeg(answer.content)
    assert decoded.shape == (90, 160, 3)
    assert np.allclose(decoded[45, 80], (10, 40, 200), atol=6)


def test_a_smaller_picture_can_be_asked_for(api: Caller) -> None:
    assert decode_jpeg(api.get(f"{PATH}?width=80").content).shape == (45, 80, 3)
    assert api.get(f"{PATH}?width=9999").status_code == 422


def test_without_a_picture_of_now_the_last_one_is_not_shown(api: Caller, stage: SampleCameras) -> None:
    stage.live.expire()
    answer = api.get(PATH)
    assert (answer.status_code, answer.json()["error"]) == (
        404,
        "there is no picture of now yet; it comes with the next frame of this camera",
    )


def test_pictures_never_means_never(stage: SampleCameras) -> None:
    answer = Caller(make_app(stage, pictures=False)).get(PATH)
    assert (answer.status_code, answer.json()["error"]) == (404, "pictures are switched off (pictures: never)")


def test_no_picture_touches_the_disk(api: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: Any, **options: Any) -> Any:
        if str(args[0]).startswith("/proc/"):
            return real_open(*args, **options)  # the canary's thread looks at processes meanwhile
        raise AssertionError(f"opened {args[0]!r}")

    real_open = open

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    api.get(PATH)
    monkeypatch.setattr("builtins.open", refused)
    monkeypatch.setattr("os.open", refused)
    assert api.get(PATH).status_code == 200
    assert list(tmp_path.iterdir()) == []
