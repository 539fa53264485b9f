"""Is a night scene that is merely dark told apart from a daylight scene that is out of focus? Real clips, one planted.

Both look poor to a model of opinion; what is told of them must differ: of the night nothing about focus, of the day
that its focus is gone and nothing about light.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from alerts.policy import Policy
from bench.evidence.footage import clips_in
from bench.evidence.planting import Planted
from bench.evidence.watching import Observation, observed, told
from detectors.registry import build
from detectors.standing import standings
from domain.errors import ConfigError
from domain.quality import Fault, FrameScores
from domain.streams import Camera
from simulation.plants import Strength
from workers.scorer import FrameScorer

NIGHTS = ("ir-night-road.mp4", "night-highway-headlights.mp4")
DAYS = ("one-by-one-person.mp4", "tud-campus.mp4", "tud-stadtmitte.mp4", "pets09-s2l1.mp4")
MODELS = ("saliency_iqa", "detectability")
SHOWN = ("luma_mean", "luma_p95", "sharpness", "edge_width", "noise_floor", "image_quality", "detectability")
"""The numbers that are shown of each: light, focus, noise, and what the models that judge by default say."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was told of one scene, and the medians of `SHOWN` over its frames."""

    scene: str
    told: tuple[Fault, ...]
    headline: Fault | None
    medians: dict[str, float]


def run(data: Path, *, nights: Sequence[str] = NIGHTS, days: Sequence[str] = DAYS) -> dict[str, Any]:
    """Return what is seen of each night as it is, and of each day severely defocused after five healthy seconds.

    Raises ConfigError where `data` lacks one of the clips.
    """
    by = FrameScorer(build(models=standings({}, None, names=MODELS)), torch.device("cpu"))
    with tempfile.TemporaryDirectory(prefix="sightline-defocused-") as folder:
        return {
            "dark": [asdict(night(_there(data / "conditions" / name), by)) for name in nights],
            "defocused": [asdict(defocused(_there(data / "clips" / name), Path(folder), by)) for name in days],
        }


def night(clip: Path, by: FrameScorer) -> Seen:
    """A night as it was recorded, under the default plan."""
    camera = Camera(clip.stem, str(clip))
    return _seen(clip.stem, camera, observed(camera, by), since_s=0.0)


def defocused(clip: Path, folder: Path, by: FrameScorer) -> Seen:
    """A day whose focus goes after five seconds; the medians are those of the defocused part."""
    planted = Planted(clips_in(clip)[0], Fault.BLUR, Strength.SEVERE)
    camera = planted.camera(planted.film(folder))
    return _seen(f"{clip.stem}, defocused", camera, observed(camera, by), since_s=planted.warm_up_s)


def _seen(scene: str, camera: Camera, observations: Sequence[Observation], *, since_s: float) -> Seen:
    answer = told(observations, camera, Policy.for_clips())
    values = list(_values(observations, since_s))
    known = {key: [one[key] for one in values if key in one] for key in SHOWN}
    medians = {key: float(f"{median(numbers):.3g}") for key, numbers in known.items() if numbers}
    return Seen(scene, tuple(answer.fired), answer.headline, medians)


def _values(observations: Sequence[Observation], since_s: float) -> Iterator[dict[str, float]]:
    frames = [one for one in observations if isinstance(one, FrameScores)]
    first = frames[0].ref.received_at
    for one in frames:
        if (one.ref.received_at - first).total_seconds() >= since_s:
            yield dict(one.values)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(f"{path} is missing: the folder must hold clips and conditions, see docs/evidence.md")
    return path
