"""Which cameras stand out at their site while their baseline is being learned."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.routes.site_comparison import site_comparison
from api.scoped_backend import scope_backend
from domain.access import AccessScope
from domain.baselines import LightMode
from evaluation.fleet import LEAST_CAMERAS
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SITE_SIZE, SampleCameras, put_site


def change(stage: SampleCameras, name: str, **values: object) -> None:
    found = stage.live.get(name)
    assert found is not None
    stage.live.put(replace(found, **values))  # type: ignore[arg-type]


def test_the_camera_that_is_purple_alone_is_named_with_its_reason(api: Caller, stage: SampleCameras) -> None:
    put_site(stage)
    (found,) = api.get("/api/v1/site-comparison").json()
    assert (found["camera"], found["site"], found["faults"]) == ("north 0", "north", ["ir_cut"])
    assert "lean_blue 0.1, Saturation 0.4;" in found["reason"], "by the labels of the metrics that the API knows"
    assert f"compared with {SITE_SIZE - 1} others" in found["reason"]


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


@pytest.mark.parametrize("number", range(SITE_SIZE + 1))
def test_cameras_that_may_not_be_seen_are_not_compared_and_change_no_number(stage: SampleCameras, number: int) -> None:
    put_site(stage)
    put_site(stage, "vault")
    whole = make_app(stage).state.backend
    names = [f"north {place}" for place in range(number)]
    scoped = scope_backend(whole, AccessScope(cameras=frozenset(names or ["no such"])))
    before = site_comparison(scoped)
    assert [one.camera for one in before] == (["north 0"] if number >= LEAST_CAMERAS else [])
    assert all(f"compared with {number - 1} others" in one.reason for one in before)
    for place in range(number, SITE_SIZE):
        change(stage, f"north {place}", values={"purple_share": 0.9, "lean_blue": 0.9, "saturation": 0.9})
    assert site_comparison(scoped) == before
    assert {one.site for one in site_comparison(whole)} >= {"vault"}
