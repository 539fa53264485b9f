"""Is a night scene that is merely dark distinguished from a daylight scene that is out of focus? Real clips, one
planted.

Both look poor to a model of opinion; what is reported of them must differ: of the night nothing about focus, of the day
that its focus is gone and nothing about light.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from detectors.models.model_status import check_models
from detectors.registry import build_detectors
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.faults import Fault
from domain.metrics import FrameScores
from evaluation.policy import Policy
from lab.bench.evidence.clips import find_clips
from lab.bench.evidence.fault_films import FaultFilm
from lab.bench.evidence.playback import Observation, evaluate_playback, play_clip
from simulation.fault_injection import Strength
from workers.frame_scoring.frame_scorer import FrameScorer

NIGHTS = ("ir-night-road.mp4", "night-highway-headlights.mp4")
DAYS = ("one-by-one-person.mp4", "tud-campus.mp4", "tud-stadtmitte.mp4", "pets09-s2l1.mp4")
MODELS = ("saliency_iqa", "detectability")
SHOWN = ("luma_mean", "luma_p95", "sharpness", "edge_width", "noise_floor", "image_quality", "detectability")
"""The numbers that are shown of each: light, focus, noise, and what the models that judge by default say."""


@dataclass(frozen=True, slots=True)
class SceneFindings:
    """What was reported of one scene, and the medians of `SHOWN` over its frames."""

    scene: str
    told: tuple[Fault, ...]
    headline: Fault | None
    medians: dict[str, float]


def run(data: Path, *, nights: Sequence[str] = NIGHTS, days: Sequence[str] = DAYS) -> dict[str, Any]:
    """Return what is seen of each night as it is, and of each day severely defocused after five healthy seconds.

    Raises ConfigError where `data` lacks one of the clips.
    """
    by = FrameScorer(build_detectors(models=check_models({}, None, names=MODELS)), torch.device("cpu"))
    with tempfile.TemporaryDirectory(prefix="sightline-defocused-") as folder:
        return {
            "dark": [asdict(play_night(_require_file(data / "conditions" / name), by)) for name in nights],
            "defocused": [
                asdict(play_defocused(_require_file(data / "clips" / name), Path(folder), by)) for name in days
            ],
        }


def play_night(clip: Path, by: FrameScorer) -> SceneFindings:
    """A night as it was recorded, under the default plan."""
    camera = Camera(clip.stem, str(clip))
    return _scene_findings(clip.stem, camera, play_clip(camera, by), since_s=0.0)


def play_defocused(clip: Path, folder: Path, by: FrameScorer) -> SceneFindings:
    """A day whose focus goes after five seconds; the medians are those of the defocused part."""
    planted = FaultFilm(find_clips(clip)[0], Fault.BLUR, Strength.SEVERE)
    camera = planted.camera(planted.film(folder))
    return _scene_findings(f"{clip.stem}, defocused", camera, play_clip(camera, by), since_s=planted.warm_up_s)


def _scene_findings(
    scene: str, camera: Camera, observations: Sequence[Observation], *, since_s: float
) -> SceneFindings:
    answer = evaluate_playback(observations, camera, Policy.for_clips())
    values = list(_values(observations, since_s))
    known = {key: [one[key] for one in values if key in one] for key in SHOWN}
    medians = {key: float(f"{median(numbers):.3g}") for key, numbers in known.items() if numbers}
    return SceneFindings(scene, tuple(answer.fired), answer.headline, medians)


def _values(observations: Sequence[Observation], since_s: float) -> Iterator[dict[str, float]]:
    frames = [one for one in observations if isinstance(one, FrameScores)]
    first = frames[0].ref.received_at
    for one in frames:
        if (one.ref.received_at - first).total_seconds() >= since_s:
            yield dict(one.values)


def _require_file(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(f"{path} is missing: the folder must hold clips and conditions, see docs/evidence.md")
    return path
