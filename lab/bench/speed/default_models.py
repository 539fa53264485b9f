"""What every model that judges by default costs a camera: processor time of one look, spread over the time between."""

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from detectors.models.pictures import Detector, Pictures
from sightline.models.configured_models import configure_detectors


def measure_default_set(rgb: torch.Tensor, *, turns: int) -> dict[str, Any]:
    """Return for each model the milliseconds of a look at RGB (1, 3, H, W), how often it looks, and the cost a second.

    Every look begins from a fresh picture, so that nothing another model derived is found; the whole set, which shares
    what it derives, costs less than the sum. Faces cost more where a picture has some: SFIQA looks at each.
    """
    detectors = configure_detectors()
    found: dict[str, Any] = {}
    for detector in detectors.models:
        spent = [_seconds(partial(_look, detector, rgb)) for _ in range(turns + 1)][1:]
        every_s = detectors.every_s[detector.name]
        ms = 1e3 * statistics.median(spent)
        found[detector.name] = {
            "ms_a_look": round(ms, 1),
            "every_s": every_s,
            "ms_a_camera_second": round(ms / every_s, 2),
        }
    return found | {"ms_a_camera_second": total(found)}


def total(found: Mapping[str, Mapping[str, Any]]) -> float:
    """The sum over the models, in milliseconds a camera-second."""
    return round(sum(float(one["ms_a_camera_second"]) for one in found.values()), 2)


def _look(detector: Detector, rgb: torch.Tensor) -> None:
    detector.score(Pictures.from_rgb(rgb))


def _seconds(look: Callable[[], object]) -> float:
    began = time.process_time()
    look()
    return time.process_time() - began
