"""Which cameras stand out at their site while their baseline is being learned."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.baselines import LightMode
from domain.cameras import Camera
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import SampleCameras

PURPLE = {"purple_share": 0.5, "lean_blue": 0.1, "saturation": 0.4}
COUNT = 10


def put_site(stage: SampleCameras, site: str = "north", *, learned: bool = False) -> None:
    """Ten cameras in good order, the first of them purple."""
    for place in range(COUNT):
        camera = Camera(f"{site} {place}", f"rtsp://10.0.0.{place + 1}/", site=site)
        snapshot = stage.healthy(camera)
        usual = {"purple_share": 0.02 + place / 1000, "lean_blue": place / 1000, "saturation": 0.1 + place / 500}
        until = None if learned else stage.clock.now() + timedelta(hours=3)
        values = {**snapshot.values, **(PURPLE if place == 0 else usual)}
        stage.live.put(replace(snapshot, values=values, learning_until=until))


def change(stage: SampleCameras, name: str, **values: object) -> None:
    found = stage.live.get(name)
    assert found is not None
    stage.live.put(replace(found, **values))  # type: ignore[arg-type]


def test_the_camera_that_is_purple_alone_is_named_with_its_reason(api: Caller, stage: SampleCameras) -> None:
    put_site(stage)
    (found,) = api.get("/api/v1/site-comparison").json()
    assert (found["camera"], found["site"], found["faults"]) == ("north 0", "north", ["ir_cut"])
    assert "lean_blue 0.1, Saturation 0.4;" in found["reason"], "by the labels of the metrics that the API knows"
    assert f"compared with {COUNT - 1} others" in found["reason"]


def test_a_camera_whose_own_baseline_is_learned_is_left_to_it(api: Caller, stage: SampleCameras) -> None:
    put_site(stage, learned=True)
    assert api.get("/api/v1/site-comparison").json() == []


def test_cameras_that_have_learned_are_still_what_others_are_compared_with(api: Caller, stage: SampleCameras) -> None:
    put_site(stage, learned=True)
    change(stage, "north 0", learning_until=stage.clock.now() + timedelta(hours=3))
    assert [one["camera"] for one in api.get("/api/v1/site-comparison").json()] == ["north 0"]


def test_another_site_another_light_and_yesterday_are_not_compared(api: Caller, stage: SampleCameras) -> None:
    put_site(stage)
    put_site(stage, "south")
    for place in range(5):
        change(stage, f"south {place + 5}", mode=LightMode.NIGHT)
    assert [one["camera"] for one in api.get("/api/v1/site-comparison").json()] == ["north 0"]
    stage.clock.advance(120)
    assert api.get("/api/v1/site-comparison").json() == []


@pytest.mark.parametrize("settling", [True, False])
def test_a_picture_that_settles_after_a_change_of_light_is_not_compared(
    api: Caller, stage: SampleCameras, settling: bool
) -> None:
    put_site(stage)
    change(stage, "north 0", settling=settling)
    assert bool(api.get("/api/v1/site-comparison").json()) is not settling


def test_without_cameras_nothing_stands_out(api: Caller) -> None:
    assert api.get("/api/v1/site-comparison").json() == []
