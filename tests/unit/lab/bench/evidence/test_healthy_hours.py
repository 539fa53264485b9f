"""Stills run by their own clock through production's policy, and a stalled feed is found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from lab.bench.evidence.healthy_hours import read_stills, run_webcam_days
from simulation.films.scenes import SCENES

BEGIN = datetime(2026, 6, 15, 6, tzinfo=UTC)


def write_stills(folder: Path, seeds: list[int]) -> None:
    """Write a still every quarter of an hour; equal seeds make equal files."""
    view = cv2.resize(SCENES["gallery"].view(), (256, 144), interpolation=cv2.INTER_AREA)
    for number, seed in enumerate(seeds):
        noise = np.random.default_rng(seed).normal(0, 3, view.shape)
        picture = np.clip(np.asarray(view) + noise, 0, 255).astype(np.uint8)
        at = BEGIN + number * timedelta(minutes=15)
        assert cv2.imwrite(str(folder / f"{at:%Y-%m-%dT%H_%M_%S}.jpg"), picture[..., ::-1])


def test_equal_stills_are_a_stall_that_is_reported_and_not_hours(tmp_path: Path) -> None:
    write_stills(tmp_path, [*range(12), *[12] * 8, *range(20, 26)])
    assert [still.repeats for still in read_stills(tmp_path)][12:20] == [*range(8)]
    found = run_webcam_days(tmp_path)
    assert found["stills"] == 26
    assert found["stalls"] == [(BEGIN + 15 * timedelta(minutes=15)).isoformat()]
    assert (found["stalls_told"], found["false_alarms"]) == (1, [])
    assert found["hours"] == (25 - 7) * 0.25
    assert found["today_stalls"]["no frame difference"] == 1
    assert found["today"] == {}


def test_days_end_the_run_early(tmp_path: Path) -> None:
    write_stills(tmp_path, [*range(12)])
    assert run_webcam_days(tmp_path, days=1.5 / 24)["stills"] == 7
